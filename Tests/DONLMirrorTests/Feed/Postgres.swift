import Foundation
import Testing

@testable import DONLMirror

/// A PostgreSQL of its own, in a folder of its own, for as long as a test needs it.
final class Postgres: Sendable {
  static let programs: String? = {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return versions.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
      .map { "\(root)/\($0)/bin" }
      .first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
  }()

  static var isPresent: Bool { programs != nil }

  private let bench: Workbench
  let folder: String

  init(_ bench: Workbench) async throws {
    self.bench = bench
    // A socket's path is at most 107 bytes long.
    folder = "/tmp/donl-pg-\(UUID().uuidString.prefix(8))"
    let programs = try #require(Self.programs)
    // PostgreSQL refuses to run as root.
    // What stays must hold nothing of ours open, or Foundation waits for it too.
    let script = """
      set -e
      for fd in $(ls /proc/$$/fd); do [ $fd -le 2 ] || eval "exec $fd>&-"; done
      mkdir -p \(folder)
      run() { "$@"; }
      if [ "$(id -u)" = 0 ]; then
        chown postgres \(folder)
        run() { /usr/sbin/runuser -u postgres -- "$@"; }
      fi
      cd \(folder)
      run \(programs)/initdb -D \(folder)/data -A trust -U mirror -E UTF8 --no-sync >/dev/null
      run \(programs)/pg_ctl -D \(folder)/data -w -l \(folder)/log \
        -o "-k \(folder) -c listen_addresses= -c fsync=off" start >/dev/null
      """
    let started = try await bench.start(["-c", script], of: "/bin/bash").ended
    try #require(started.code == 0, "\(started.errors)")
  }

  func stop() async {
    _ = try? await bench.shell(
      """
      run() { "$@"; }
      if [ "$(id -u)" = 0 ]; then run() { /usr/sbin/runuser -u postgres -- "$@"; }; fi
      cd /; run \(Self.programs ?? "")/pg_ctl -D \(folder)/data -m immediate stop >/dev/null; rm -rf \(folder)
      """)
  }

  /// Ways to reach it, for `psql` and others that go by libpq.
  var environment: [String: String] {
    ["PGHOST": folder, "PGUSER": "mirror", "PGDATABASE": "postgres", "PGCLIENTENCODING": "UTF8"]
  }

  func shell(_ script: String) async throws -> Ended {
    try await bench.shell(script, environment: environment)
  }

  /// Runs a script that lies in the folder of the bench.
  func load(_ file: String) async throws -> Ended {
    try await shell("psql -X -q -v ON_ERROR_STOP=1 -f \(file)")
  }

  /// The lines that a query answers, fields with tabs between them.
  func lines(_ query: String) async throws -> [String] {
    try await lines([query])[0]
  }

  /// The same of several queries at once.
  func lines(_ queries: [String]) async throws -> [[String]] {
    let script = queries.map { "COPY (\($0)) TO STDOUT;\n\\echo \u{1}" }.joined(separator: "\n")
    let ended = try await shell("psql -X -q -v ON_ERROR_STOP=1 <<'END'\n\(script)\nEND\n")
    try #require(ended.code == 0, "\(ended.errors)")
    return ended.output.utf8.split(separator: 0x01, omittingEmptySubsequences: false).dropLast().map
    {
      $0.split(separator: 0x0A).map { line in
        // What COPY escapes and need not.
        String(Substring(line)).replacing("\\b", with: "\u{8}").replacing("\\f", with: "\u{C}")
          .replacing("\\v", with: "\u{B}")
      }
    }
  }

  /// Runs the body beside a server.
  static func run(
    _ body: nonisolated(nonsending) (Workbench, Postgres) async throws -> Void
  ) async throws {
    let bench = try Workbench()
    let postgres = try await Postgres(bench)
    do {
      try await body(bench, postgres)
    } catch {
      await postgres.stop()
      throw error
    }
    await postgres.stop()
  }

  /// The tables that differ from those of the mirror, with an example; `records` by their hashes.
  func differences(from mirror: String, schema: String) async throws -> [String] {
    var differences: [String] = []
    let tables = try Self.rows(of: mirror)
    let queries = tables.map { table, _ in
      let columns = table.columns.map { column in
        let name = "\"\(column.name)\""
        return switch column.kind {
        case .stamp: "to_char(\(name) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        case .json: "\(name)::text"
        default: name
        }
      }
      return "SELECT \(columns.joined(separator: ", ")) FROM \(schema).\"\(table.name)\""
    }
    for ((table, ours), found) in zip(tables, try await lines(queries)) {
      var theirs = found
      var mine = ours
      if table.name == "records" {
        // jsonb writes 1e3 as 1000: of these records only that they are there.
        let exponents = try Regex(#"[:,\[]\s*-?\d+(\.\d+)?[eE]"#)
        let respelt = Set(mine.filter { $0.contains(exponents) }.map { $0.prefix { $0 != "\t" } })
        #expect(respelt.count < 5)
        func comparable(_ line: String) throws -> String {
          let id = line.prefix { $0 != "\t" }
          return respelt.contains(id) ? String(id) : try Self.hashed(line)
        }
        theirs = try theirs.map(comparable)
        mine = try mine.map(comparable)
      }
      if table.name == "changes" {
        // jsonb has spaces between its members.
        theirs = try theirs.map(Self.respelt)
        mine = try mine.map(Self.respelt)
      }
      let (extra, missing) = (Set(theirs).subtracting(mine), Set(mine).subtracting(theirs))
      if theirs.count != mine.count || !extra.isEmpty || !missing.isEmpty {
        differences.append(
          "\(table.name): \(theirs.count) for \(mine.count), extra \(extra.first ?? "-"), "
            + "missing \(missing.first ?? "-")")
      }
    }
    return differences
  }

  func expectSame(as mirror: String, schema: String, _ note: String = "") async throws {
    let found = try await differences(from: mirror, schema: schema)
    #expect(found == [], "\(note)")
  }

  private static func rows(of mirror: String) throws -> [(MirrorTable, [String])] {
    try MirrorReader(path: mirror).snapshot { snapshot in
      try snapshot.tables().map { table in
        var rows: [String] = []
        try snapshot.eachRow(of: table) { row in
          rows.append(row.cells().map(copied).joined(separator: "\t"))
        }
        return (table, rows)
      }
    }
  }

  /// As COPY tells it.
  private static func copied(_ cell: Cell) -> String {
    switch cell {
    case .null: "\\N"
    case .integer(let number): "\(number)"
    case .text(let text):
      text.withView { text in
        let out = ByteWriter()
        PostgresText.write(text, into: out)
        return out.view.string
      }
    }
  }

  private static func original(_ text: Substring) -> String {
    var out = ""
    var isEscape = false
    for scalar in text.unicodeScalars {
      guard isEscape || scalar != "\\" else {
        isEscape = true
        continue
      }
      let plain: Unicode.Scalar =
        isEscape
        ? ["t": "\t", "n": "\n", "r": "\r", "b": "\u{8}", "f": "\u{C}", "v": "\u{B}"][scalar]
          ?? scalar : scalar
      out.unicodeScalars.append(plain)
      isEscape = false
    }
    return out
  }

  /// `dataset_id json fetched_at` with the hash of the content instead of the JSON.
  private static func hashed(_ line: String) throws -> String {
    let parts = line.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map {
      Substring($0)
    }
    let json = PostgresText.fit(try PastRecord.line(of: Array(original(parts[1]).utf8)))
    return "\(parts[0]) \(try ContentHash.hash(of: json)) \(parts[2])"
  }

  private static func respelt(_ line: String) throws -> String {
    try line.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map { Substring($0) }.map
    { part in
      guard part.hasPrefix("{") || part.hasPrefix("[") else { return String(part) }
      let json = PostgresText.fit(try PastRecord.line(of: Array(original(part).utf8)))
      return String(decoding: json, as: UTF8.self)
    }.joined(separator: "\t")
  }
}
