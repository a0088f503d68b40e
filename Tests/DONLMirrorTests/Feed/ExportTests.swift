import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// The command as others use it, in a folder of its own with the sample of two days.
@Suite("An export", .serialized)
struct ExportTests {
  private static func sample(
    _ body: nonisolated(nonsending) (Workbench) async throws -> Void
  ) async throws {
    let bench = try Workbench()
    for day in [1, 2] {
      let run = try await bench.run(
        "harvest", "--sample", "--sample-day", "\(day)", "--db", "mirror.db")
      try #require(run.code == 0, "\(run.errors)")
    }
    try await body(bench)
  }

  @Test("of NDJSON is a dataset a line, now and as it was, and says where the feed goes on")
  func lines() async throws {
    try await Self.sample { bench in
      let whole = try await bench.run("export", "ndjson", "--db", "mirror.db")
      #expect(whole.code == 0)
      #expect(whole.errors.contains("exported 304 datasets as ndjson"))
      #expect(whole.errors.contains("the feed goes on after seq 318 of epoch "))
      let hashes = try bench.rows("SELECT id, content_hash FROM datasets ORDER BY id")
      #expect(try Self.hashes(whole) == hashes)

      let past = try await bench.run("export", "ndjson", "--at", "303", "--db", "mirror.db")
      let first = try bench.rows(
        "SELECT dataset_id, content_hash FROM changes WHERE seq <= 303 ORDER BY 1")
      #expect(try Self.hashes(past) == first)

      let news = try await bench.run("export", "ndjson", "--since", "303", "--db", "mirror.db")
      #expect(news.outputLines.count == 15)
      #expect(
        news.outputLines.filter { $0.contains(#""is_deleted":true,"record":null"#) }.count == 4)
      #expect(
        try await bench.run("export", "ndjson", "--since", "318", "--db", "mirror.db").output == "")
      let beyond = try await bench.run("export", "ndjson", "--since", "319", "--db", "mirror.db")
      #expect(beyond.code == 3)
      #expect(beyond.errorLines.count == 1)
    }
  }

  private static func object(_ bench: Workbench, _ file: String) throws -> [String: Any] {
    try object(#require(bench.bytes(file)))
  }

  private static func object(_ data: Data) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: data)
    return try #require(object as? [String: Any])
  }

  private static func hashes(_ ended: Ended) throws -> [String] {
    // Foundation's reader has no 1e999.
    try ended.outputLines.map { line in
      let members = try RecordMembers(Array(line.utf8), by: .everything)
      let record = try #require(members[Array("record".utf8)])
      let id = try #require(members[Array("dataset_id".utf8)])
      #expect(try RecordMembers(record, by: .everything)[Array("id".utf8)] == id)
      return "\(String(decoding: id, as: UTF8.self)) \"\(try ContentHash.hash(of: record))\""
    }
  }

  @Test("of CSV is a folder that describes itself, and replaces what an earlier one left")
  func tables() async throws {
    try await Self.sample { bench in
      for _ in 1...2 {
        let export = try await bench.run("export", "csv", "--output", "tables", "--db", "mirror.db")
        #expect(export.code == 0, "\(export.errors)")
      }
      let folder = bench.path("tables")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.contains("datapackage.json"))
      #expect(!names.contains("records.csv"))
      #expect(
        bench.files == [
          "mirror.db", "mirror.db-shm", "mirror.db-wal", "mirror.db.lock", "mirror.db.mark",
          "tables",
        ])
      let package = try Self.object(bench, "tables/datapackage.json")
      let resources = try #require(package["resources"] as? [[String: Any]])
      for resource in resources {
        let name = try #require(resource["name"] as? String)
        // The reader of RFC 4180 that reads our own tables.
        let text = String(decoding: try #require(bench.bytes("tables/\(name).csv")), as: UTF8.self)
        let rows = try CSVReader.rows(of: text)
        #expect(rows.count - 1 == resource["rows"] as? Int, "\(name)")
        let table = name == "groups" ? "\"groups\"" : name
        #expect(
          rows.count - 1 == Int(try bench.rows("SELECT count(*) FROM \(table)")[0]), "\(name)")
      }
      let stored = try bench.query("mirror.db") { db in
        try Row.fetchAll(db, sql: "SELECT notes FROM datasets").map { ($0[0] as String?) ?? "" }
      }
      let rows = try CSVReader.rows(
        of: String(decoding: #require(bench.bytes("tables/datasets.csv")), as: UTF8.self))
      #expect(rows.dropFirst().map { $0.cells[3] } == stored)

      try bench.write("x", to: "tables/notes.txt")
      let mixed = try await bench.run("export", "csv", "--output", "tables", "--db", "mirror.db")
      #expect(mixed.code == 73)
      #expect(bench.bytes("tables/notes.txt") == Data("x".utf8))
      for name in ["mirror.db", "other.db"] {
        let itself = try await bench.shell(
          "[ -e other.db ] || sqlite3 other.db 'CREATE TABLE x (y)'; $donl_mirror export ndjson --output \(name) --db mirror.db"
        )
        #expect(itself.code == 73)
        #expect(itself.errors.contains("is a database; it was left as it is"))
      }
      try bench.write("x", to: "mine")
      let foreign = try await bench.run("export", "csv", "--output", "mine", "--db", "mirror.db")
      #expect(foreign.code == 73)
      #expect(bench.bytes("mine") == Data("x".utf8))
      let one = try await bench.run("export", "csv", "--table", "tags", "--db", "mirror.db")
      #expect(one.output.hasPrefix("dataset_id,name\r\n"))
      #expect(try await bench.run("export", "csv", "--db", "mirror.db").code == 64)
      #expect(
        try await bench.run("export", "csv", "--table", "nope", "--db", "mirror.db").code == 64)
    }
  }

  @Test("for spreadsheets holds no formula")
  func formulas() throws {
    let out = ByteWriter()
    let cells = ["=1+1", "+1", "-1", "@x", "\tx", "plain", "", "a\"b,c\n"]
    let connection = try DatabaseQueue()
    try connection.read { db in
      let statement = try Statement(
        "SELECT ?, ?, ?, ?, ?, ?, ?, ?, NULL, 7", on: #require(db.sqliteConnection))
      try statement.bind(cells.map { Cell.text($0) })
      try statement.eachRow {
        CSVWriter(isForSpreadsheets: true).write($0, columns: 10, into: out)
        CSVWriter().write($0, columns: 10, into: out)
      }
    }
    #expect(
      out.view.string
        == "\"'=1+1\",\"'+1\",\"'-1\",\"'@x\",\"'\tx\",plain,\"\",\"a\"\"b,c\n\",,7\r\n"
        + "=1+1,+1,-1,@x,\tx,plain,\"\",\"a\"\"b,c\n\",,7\r\n")
  }

  @Test(
    "of RDF is read without a word by serdi and rapper, and has the datasets, distributions and themes of SQL",
    .enabled(
      if: ["serdi", "rapper"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
      },
      "needs serdi and rapper (apt-get install serdi raptor2-utils)"))
  func graph() async throws {
    try await Self.sample { bench in
      for format in ["ntriples", "turtle", "jsonld"] {
        let export = try await bench.run(
          "export", format, "--output", "out.\(format)", "--db", "mirror.db", "--base",
          "https://data.example.org")
        #expect(export.code == 0, "\(export.errors)")
      }
      for format in ["ntriples", "turtle"] {
        let script = """
          serdi -e -i \(format) -o ntriples out.\(format) | LC_ALL=C sort -u > serdi.\(format)
          rapper -q -i \(format) -o ntriples file:$PWD/out.\(format) | LC_ALL=C sort -u > rapper.\(format)
          """
        let read = try await bench.shell(script)
        #expect(read.errors == "", "\(format)")
        for reader in ["serdi", "rapper"] {
          let triples = try await bench.shell("wc -l < \(reader).\(format)")
          #expect(Int(triples.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 > 20_000)
        }
      }
      #expect(try await bench.shell("cmp serdi.ntriples serdi.turtle").code == 0)
      let triples = String(decoding: try #require(bench.bytes("serdi.ntriples")), as: UTF8.self)
        .split(separator: "\n")
      func count(_ part: String) -> Int { triples.count { $0.contains(part) } }
      #expect(count("> a <") == 0)
      #expect(count("#type> <http://www.w3.org/ns/dcat#Dataset>") == 304)
      #expect(
        count("#type> <http://www.w3.org/ns/dcat#Distribution>")
          == Int(try bench.rows("SELECT count(*) FROM resources")[0]))
      let themes =
        "SELECT count(DISTINCT dataset_id || uri) FROM uri_values WHERE field = 'theme' AND uri IS NOT NULL"
      #expect(count("<http://www.w3.org/ns/dcat#theme>") == Int(try bench.rows(themes)[0]))
      #expect(count("_:") == 0)
      #expect(count(#""Verkeer"@nl"#) > 0)
      let document = try Self.object(bench, "out.jsonld")
      let graph = try #require(document["@graph"] as? [[String: Any]])
      #expect(graph.count { $0["@type"] as? String == "dcat:Dataset" } == 304)
    }
  }

  @Test(
    "of RDF has IRIs that every reader takes",
    arguments: [
      ("http://example.org/a b", "http://example.org/a%20b"),
      ("http://example.org/{x}|y^`\\\"<>", "http://example.org/%7Bx%7D%7Cy%5E%60%5C%22%3C%3E"),
      ("http://example.org/é#a#b", "http://example.org/é#a%23b"),
      ("http://example.org/100%", "http://example.org/100%25"),
      ("http://example.org/a%20b", "http://example.org/a%20b"),
      ("http://example.org/\u{202E}x\u{7F}", "http://example.org/%E2%80%AEx%7F"),
      ("http://example.org/[1]", "http://example.org/%5B1%5D"),
      ("http://example.org/\u{FFFD}", "http://example.org/%EF%BF%BD"),
      ("urn:x", "urn:x"), ("no scheme", nil), ("http:", nil), (":x", nil), ("1a:x", nil),
      ("dct:title", nil), ("", nil), ("a b:c", nil),
    ] as [(String, String?)])
  func iris(text: String, escaped: String?) {
    #expect(RDFVocabulary.escapedIRI(text) == escaped)
  }

  @Test("leaves no half file where the disk is full or nobody reads, and says so with its code")
  func halves() async throws {
    try await Self.sample { bench in
      for format in ["ndjson", "ntriples", "turtle", "jsonld", "postgres"] {
        let full = try await bench.shell("$donl_mirror export \(format) --db mirror.db > /dev/full")
        #expect(full.code == 74, "\(format): \(full.errors)")
        let gone = try await bench.shell(
          "($donl_mirror export \(format) --db mirror.db; echo $? >&2) | head -c 100 >/dev/null")
        #expect(gone.errors.contains("74"), "\(format): \(gone.errors)")
        let limited = try await bench.shell(
          "trap '' XFSZ; ulimit -f 100; $donl_mirror export \(format) --db mirror.db --output half.\(format)"
        )
        #expect([73, 74].contains(limited.code ?? 0), "\(format): \(limited.errors)")
      }
      let folder = try await bench.shell(
        "trap '' XFSZ; ulimit -f 100; $donl_mirror export csv --db mirror.db --output half")
      #expect([73, 74].contains(folder.code ?? 0))
      let left = try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
      #expect(left.filter { $0.contains("half") } == [])
    }
  }

  @Test("that is stopped leaves nothing, or all of it")
  func stopped() async throws {
    try await Self.sample { bench in
      for (format, signal) in [("turtle", SIGTERM), ("csv", SIGINT), ("postgres", SIGTERM)] {
        let export = try bench.start([
          "export", format, "--output", "out.\(format)", "--db", "mirror.db",
        ])
        let temporary = bench.path(".out.\(format).tmp")
        while !FileManager.default.fileExists(atPath: temporary),
          !FileManager.default.fileExists(atPath: bench.path("out.\(format)"))
        {
          await Task.yield()
        }
        export.signal(signal)
        let ended = try await export.ended
        let isThere = FileManager.default.fileExists(atPath: bench.path("out.\(format)"))
        #expect(
          ended.code == (isThere ? 0 : signal == SIGTERM ? 143 : 130), "\(format): \(ended.errors)")
        #expect(!FileManager.default.fileExists(atPath: temporary), "\(format)")
      }
    }
  }

  @Test("reads one state, whatever is written meanwhile")
  func snapshot() async throws {
    try await story(Entry.row(30)) { mirror, portal in
      try await mirror.harvest(portal)
      let reader = try MirrorReader(path: mirror.path)
      let store = try Store(path: mirror.path)
      let counts = try reader.snapshot { snapshot in
        let before = try snapshot.liveCount()
        try store.write { try $0.execute(sql: "UPDATE all_datasets SET deleted_at = first_seen") }
        return (before, try snapshot.liveCount())
      }
      try store.close()
      #expect(counts == (30, 30))
      #expect(try reader.snapshot { snapshot in try snapshot.liveCount() } == 0)
    }
  }
}
