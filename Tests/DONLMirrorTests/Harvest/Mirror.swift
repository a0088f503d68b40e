import Foundation
import GRDB
import Logging
import SamplePortal
import Synchronization

@testable import DONLMirror

/// A database in a folder of its own, and the harvests that fill it: the front door of the tests.
final class Mirror: Sendable {
  let folder: URL
  let path: String
  private let clock = Mutex(Date(timeIntervalSince1970: 1_780_000_000))
  let log = LogRecorder()

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("donl-mirror-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appendingPathComponent("mirror.db").path
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  var now: Date { clock.withLock { $0 } }

  /// Moves our clock, and the portal's in a `story`.
  func advance(by duration: Duration) {
    clock.withLock { $0 += duration / .seconds(1) }
  }

  func job(_ url: String, _ change: (inout HarvestJob) -> Void = { _ in }) -> HarvestJob {
    var settings = Settings()
    settings.portal.url = url
    settings.database.path = path
    var job = HarvestJob(settings: settings, logger: log.logger)
    job.clock.sleep = { _ in try Task.checkCancellation() }
    job.clock.now = { [self] in now }
    change(&job)
    return job
  }

  @discardableResult
  func harvest(
    _ portal: SamplePortal, _ change: (inout HarvestJob) -> Void = { _ in }
  ) async throws -> RunSummary {
    try await job(portal.url, change).run()
  }

  /// Changes the database behind our back.
  func tamper(_ sql: String) throws {
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  func query<T: Sendable>(_ read: (Database) throws -> T) throws -> T {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: path, configuration: configuration).read(read)
  }

  func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
    try query { try Int.fetchOne($0, sql: sql, arguments: arguments) ?? 0 }
  }

  func strings(_ sql: String, _ arguments: StatementArguments = []) throws -> [String?] {
    try query { try Optional<String>.fetchAll($0, sql: sql, arguments: arguments) }
  }

  func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [[DatabaseValue]] {
    try query { db in
      try Row.fetchAll(db, sql: sql, arguments: arguments).map { Array($0.databaseValues) }
    }
  }
}
