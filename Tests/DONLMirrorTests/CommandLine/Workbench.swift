import Foundation
import GRDB
import SamplePortal
import Synchronization
import Testing

/// The built `donl-mirror`, run as a process of its own.
///
/// One test after the other in each suite of these, and of `ProcessFaults`: a process is a whole
/// Swift runtime, and a machine has few cores.
@Suite("The command line", .serialized)
enum CommandLineTests {}

@Suite("The command line in the field", .serialized)
enum FieldCommandTests {}

/// A folder of its own, in which commands are run as a person would run them.
final class Workbench: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "donl-mirror-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // An empty configuration keeps that of this machine out.
    try write("", to: "empty.yaml")
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// With a mirror of the sample in `mirror.db`: harvested once, and copied for whoever wants one.
  static func withMirror() async throws -> Workbench {
    let bench = try Workbench()
    for (name, bytes) in try await harvested.value {
      try bytes.write(to: bench.folder.appending(path: name))
    }
    return bench
  }

  private static let harvested = Task {
    let bench = try Workbench()
    try await bench.run("harvest", "--sample", "--db", "mirror.db").expect(0)
    return try bench.files.map { (name: $0, bytes: try #require(bench.bytes($0))) }
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: path(name)) }

  var files: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).filter { $0 != "empty.yaml" && !$0.hasPrefix("output-") }.sorted()
  }

  /// Runs `donl-mirror` to its end.
  func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Ended {
    try await start(arguments, environment: environment).ended
  }

  /// Runs a script of `sh` to its end; `$donl_mirror` is the binary.
  func shell(_ script: String, environment: [String: String] = [:]) async throws -> Ended {
    try await start(["-c", script], of: "/bin/sh", environment: environment).ended
  }

  func start(
    _ arguments: [String], of program: String? = nil, environment: [String: String] = [:]
  ) throws -> Started {
    let binary = try Self.binary()
    let clean = [
      "PATH": "/usr/bin:/bin", "HOME": folder.path, "LANG": "C.UTF-8",
      "DONL_MIRROR_CONFIG": path("empty.yaml"), "donl_mirror": binary,
    ]
    return try Started(
      program ?? binary, arguments, in: folder, environment: clean.merging(environment) { $1 })
  }

  func query<T: Sendable>(_ name: String, _ read: (Database) throws -> T) throws -> T {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: path(name), configuration: configuration).read(read)
  }

  /// The rows of a query as text, one string a row.
  func rows(_ sql: String, of name: String = "mirror.db") throws -> [String] {
    try query(name) { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.map { "\($0.1)" }.joined(separator: " ")
      }
    }
  }

  /// The product stands beside the bundle of the tests.
  private static func binary() throws -> String {
    let folders =
      [Bundle.main.executableURL] + Bundle.allBundles.map { Optional($0.bundleURL) }
    let candidates = folders.compactMap { $0?.deletingLastPathComponent() }
      .map { $0.appending(path: "donl-mirror").path }
    return try #require(
      candidates.first(where: FileManager.default.isExecutableFile),
      "donl-mirror is not built beside the tests; swift build builds it")
  }
}

/// How a command ended.
struct Ended: Sendable {
  /// The exit code; nil when a signal ended it.
  var code: Int32?
  var output: String
  var errors: String

  var outputLines: [String] { Self.lines(output) }
  var errorLines: [String] { Self.lines(errors) }

  /// The last line of stdout as a JSON object.
  func json() throws -> [String: Any] {
    let line = try #require(outputLines.last)
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init)
  }
}

/// A command that runs. Its output goes to files, so that it never waits for us.
final class Started: Sendable {
  let pid: pid_t
  private let outcome: Task<Ended, any Error>

  init(
    _ program: String, _ arguments: [String], in folder: URL, environment: [String: String]
  ) throws {
    let mark = UUID().uuidString
    let files = ["out", "err"].map { folder.appending(path: "output-\(mark).\($0)") }
    let handles = try files.map { file in
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    let (codes, end) = AsyncStream.makeStream(of: Int32?.self)
    process.terminationHandler = { process in
      end.yield(process.terminationReason == .exit ? process.terminationStatus : nil)
      end.finish()
    }
    try process.run()
    pid = process.processIdentifier
    outcome = Task {
      let code = await codes.first { _ in true } ?? nil
      for handle in handles { try handle.close() }
      let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
      return Ended(code: code, output: texts[0], errors: texts[1])
    }
  }

  var ended: Ended { get async throws { try await outcome.value } }

  func signal(_ number: Int32) { kill(pid, number) }
}

extension Catalogue {
  /// The sample of day 1, and a record that belongs in quarantine: 304 in all.
  static func withUnreadable() throws -> Catalogue {
    var catalogue = Catalogue.sample(day: 1)
    try catalogue.put(
      #"{"id": "00000000-dead-4000-8000-000000000000", "name": "unreadable", "cost": 1e}"#)
    return catalogue
  }
}
