import Foundation
import GRDB

/// What `health` tells of a database, as the last run noted it: to count and to hash costs more the
/// larger the catalogue is, and monitoring asks every minute.
struct NotedFigures: Sendable, Equatable, Codable {
  var epoch: String?
  var seq: Int
  /// Of the `Edition`.
  var digest: String
  var datasets: Int
  /// Deletions that are held.
  var held: Int
  var quarantined: Int
  /// Records that the portal counts and does not serve.
  var unserved: Int

  static let key = "figures"

  func holdsTheSame(as other: NotedFigures) -> Bool {
    epoch == other.epoch && seq == other.seq && digest == other.digest
  }
}

extension NotedFigures {
  /// Counts and hashes.
  init(counting db: Database) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    let edition = try Edition(db)
    self.init(
      epoch: edition.epoch, seq: edition.seq, digest: edition.digest,
      datasets: try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL"),
      held: try count("SELECT count(*) FROM held_deletions"),
      quarantined: try count("SELECT count(*) FROM rejections"),
      unserved: try count("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'unserved'"))
  }
}

extension Store {
  /// Leaves the figures of now in the database. A run does so at its end, before it publishes.
  func noteFigures() throws {
    try write { db in
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let figures = try encoder.encode(NotedFigures(counting: db))
      try setMeta(NotedFigures.key, String(decoding: figures, as: UTF8.self), in: db)
    }
  }
}

extension MirrorReader {
  /// What the last run noted; counted now in a file of an earlier version, where none did.
  func notedFigures() throws -> NotedFigures {
    try read { db in
      let json = try String.fetchOne(
        db, sql: "SELECT value FROM meta WHERE key = ?",
        arguments: [NotedFigures.key])
      if let json,
        let noted = try? JSONDecoder().decode(NotedFigures.self, from: Data(json.utf8))
      {
        return noted
      }
      return try NotedFigures(counting: db)
    }
  }

  func completeAsOf() throws -> String? {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT value FROM meta WHERE key = 'complete_as_of'")
    }
  }
}
