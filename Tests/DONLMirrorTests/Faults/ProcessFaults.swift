import Foundation
import GRDB
import SamplePortal
import Synchronization
import Testing

/// Section C of the fault table: the process, the disk and the file. The number is the row's.
///
/// A power cut is what is left of the WAL after one (61).
@Suite("A fault of process, disk or file")
enum ProcessFaults {
  static let harvest = #""$donl_mirror" harvest --sample --db mirror.db --rows 20"#
  /// Mounting needs a namespace of our own.
  static let canMount = succeeds("unshare -m mount -t tmpfs tmpfs /mnt")
  static let canBeSomeoneElse = geteuid() == 0 && succeeds("setpriv --version")
  static let canFakeTime = succeeds("faketime -f +1y true")
  static let canInject = succeeds("strace -o /dev/null -e trace=none true")

  private static func succeeds(_ command: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

extension Workbench {
  /// What readers see of the portal, without the times of our own runs. URI values without what their
  /// lists say of them: only `--sample` brings lists along.
  func content(_ name: String = "mirror.db") throws -> [String: [String]] {
    let tables = [
      "datasets": "id, name, title, notes, metadata_modified, content_hash",
      "resources": "dataset_id, position, id, name, url",
      // What is torn, and joined where the list is there.
      "uri_values WHERE field <> 'spatial_value'":
        "dataset_id, resource_position, field, position, value, portal_label",
      "tags": "dataset_id, name", "records": "dataset_id, json",
      "extras": "dataset_id, resource_position, key, value",
      "deleted_datasets": "id, name, reason, replaced_by",
      "changes": "seq, kind, dataset_id, name, content_hash",
    ]
    return try query(name) { db in
      try tables.reduce(into: [:]) { content, table in
        content[table.key] = try String.fetchAll(
          db, sql: "SELECT json_array(\(table.value)) FROM \(table.key) ORDER BY 1")
      }
    }
  }

  private static let references = Mutex<[Int: Task<[String: [String]], any Error>]>([:])

  /// The mirror of the sample that nobody disturbed; made once for a day.
  static func undisturbed(day: Int = 1) async throws -> [String: [String]] {
    let reference = references.withLock { known in
      let reference = known[day] ?? Task { try await harvestUndisturbed(day: day) }
      known[day] = reference
      return reference
    }
    return try await reference.value
  }

  private static func harvestUndisturbed(day: Int) async throws -> [String: [String]] {
    let bench = try Workbench()
    for day in 1...day {
      let ended = try await bench.run(
        "harvest", "--sample", "--sample-day", "\(day)", "--full", "--db", "mirror.db")
      #expect(ended.code == 0)
    }
    return try bench.content()
  }

  /// Harvests once more: the end must be whole, and that of a mirror nobody disturbed.
  func expectRecovery(
    _ comment: Comment? = nil, by harvest: String = ProcessFaults.harvest
  ) async throws {
    let next = try await shell(harvest)
    #expect(next.code == 0, comment)
    try await expectUndisturbed(comment)
  }

  func expectUndisturbed(_ comment: Comment? = nil) async throws {
    let reference = try await Self.undisturbed()
    #expect(try content() == reference, comment)
    let check = try await run("check", "--db", "mirror.db")
    #expect(check.code == 0, "\(check.output)\(check.errors)")
  }

  func copy(_ name: String, to other: String) throws {
    let (from, to) = (path(name), path(other))
    try? FileManager.default.removeItem(atPath: to)
    try FileManager.default.copyItem(atPath: from, toPath: to)
  }

  func write(_ bytes: Data, to name: String) throws {
    try bytes.write(to: URL(filePath: path(name)))
  }

  /// Tells of a first harvest that was killed when it asked for its sixth page: the WAL holds pages
  /// that the file lacks. `harvest` is the command that goes on.
  static func withKilled(
    _ body: nonisolated(nonsending) (_ dead: Workbench, _ harvest: String) async throws -> Void
  ) async throws {
    let bench = try Workbench()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let (victims, victim) = AsyncStream.makeStream(of: Started.self)
      portal.intercept { request, _ in
        guard request["start"] == "95" else { return nil }
        return .delay {
          guard let process = await victims.first(where: { _ in true }) else { return }
          process.signal(SIGKILL)
          _ = try? await process.ended
        }
      }
      let arguments = ["harvest", "--db", "mirror.db", "--rows", "20", "--portal", portal.url]
      let process = try bench.start(arguments)
      victim.yield(process)
      #expect(try await process.ended.code == nil)
      #expect(bench.bytes("mirror.db-wal")?.isEmpty == false)
      portal.intercept(nil)
      try await body(bench, "\"$donl_mirror\" " + arguments.joined(separator: " "))
    }
  }
}
