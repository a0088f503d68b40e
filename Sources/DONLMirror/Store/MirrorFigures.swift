import Foundation
import GRDB

/// What the metrics tell of a database: its contents, its last run, and the sums of all runs.
struct MirrorFigures: Sendable {
  var schemaVersion = 0
  var live = 0
  var deleted = 0
  var quarantined = 0
  /// Deletions that are held.
  var held = 0
  /// Records that the portal counts and does not serve.
  var unserved = 0
  /// What the portal counted last.
  var portalCount: Int?
  /// When the last run ended that answered 0 or 3.
  var lastSuccess: String?
  var lastChange: String?
  var completeAsOf: String?
  /// Of the last run: created, updated …
  var lastRun: [(name: String, count: Int)] = []
  /// Entries of the feed, by kind.
  var changes: [(name: String, count: Int)] = []
  /// HTTP requests of all runs, by the class of their answer.
  var requests: [String: Int] = [:]
  var retries = 0
}

extension MirrorReader {
  func figures() throws -> MirrorFigures { try read(MirrorFigures.init) }

  /// The size of the database and of its WAL, in bytes; 0 where there is none.
  static func sizes(of path: String) -> (database: Int, wal: Int) {
    func size(_ path: String) -> Int {
      let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      return (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    }
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return (size(path), size(real + "-wal"))
  }
}

extension MirrorFigures {
  init(_ db: Database) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    func text(_ sql: String) throws -> String? { try String.fetchOne(db, sql: sql) }
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    schemaVersion = try count("PRAGMA user_version")
    live = try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL")
    deleted = try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NOT NULL")
    quarantined = try count("SELECT count(*) FROM rejections")
    held = try count("SELECT count(*) FROM held_deletions")
    unserved = Int(try meta("unserved") ?? "") ?? 0
    portalCount = try Int.fetchOne(
      db, sql: "SELECT portal_count FROM runs WHERE portal_count IS NOT NULL ORDER BY id DESC")
    lastSuccess = try text("SELECT max(finished_at) FROM runs WHERE exit_code IN (0, 3)")
    lastChange = try text("SELECT recorded_at FROM changes ORDER BY seq DESC LIMIT 1")
    completeAsOf = try meta("complete_as_of")
    if let row = try Row.fetchOne(
      db,
      sql: """
        SELECT created, updated, touched, unchanged, deleted, rejected
        FROM runs ORDER BY id DESC LIMIT 1
        """)
    {
      lastRun = row.map { ($0.0, Int.fromDatabaseValue($0.1) ?? 0) }
    }
    changes = try ["create", "update", "delete"].map { kind in
      let number = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM changes WHERE kind = ?", arguments: [kind])
      return (kind, number ?? 0)
    }
    requests = try HTTPTotals(meta(HTTPTotals.key)).requests
    retries = try count("SELECT sum(retries) FROM runs")
  }
}
