import GRDB

extension Store {
  /// Lets go what was before the changes that are older than a moment, and raises the floor of the feed
  /// to the last of them.
  ///
  /// - Returns: how many let it go.
  func forgetHistory(before moment: String) throws -> Int {
    try write { db in
      let floor = try Int.fetchOne(db, sql: FeedPlace.floor) ?? 0
      // In the order of the feed, up to the first that is younger: a clock that was put back does not cut deeper.
      let kept = try Int.fetchOne(
        db,
        sql: "SELECT seq FROM changes WHERE seq > ?1 AND recorded_at >= ?2 ORDER BY seq LIMIT 1",
        arguments: [floor, moment])
      let last = try Int.fetchOne(
        db, sql: "SELECT max(seq) FROM changes WHERE ?1 IS NULL OR seq < ?1", arguments: [kept])
      guard let last, last > floor else { return 0 }
      try db.execute(sql: "DELETE FROM revivals WHERE seq <= ?", arguments: [last])
      try db.execute(
        sql: "UPDATE changes SET before = NULL WHERE seq <= ? AND before IS NOT NULL",
        arguments: [last])
      let forgotten = db.changesCount
      try setMeta(FeedPlace.floorKey, "\(last)", in: db)
      return forgotten
    }
  }
}

/// Where the feed of a database stands.
struct FeedPlace: Sendable, Equatable {
  var source: String
  var epoch: String
  /// Up to here it has let go what was before.
  var floor: Int
  /// The newest entry; 0 where there is none.
  var last: Int

  static let floorKey = "floor_seq"
  static let floor = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = '\(floorKey)'"
}

extension FeedPlace {
  init(_ db: Database) throws {
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    source = try meta("source") ?? ""
    epoch = try meta("epoch") ?? ""
    floor = try Int.fetchOne(db, sql: Self.floor) ?? 0
    // Also where the newest rows are gone, as no number is given twice.
    last = try Int.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'changes'") ?? 0
  }
}
