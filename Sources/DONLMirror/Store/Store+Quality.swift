import Foundation
import GRDB

extension Store {
  /// Notes the quality of each data owner, once a day, where it is another than before.
  ///
  /// It costs more than a run that finds nothing new, so the day of the first harvest goes without.
  ///
  /// - Parameter day: `YYYY-MM-DD`, UTC.
  func noteQuality(on day: String) throws {
    let isDue = try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT (SELECT value FROM meta WHERE key = 'quality_day') IS NOT ?
            AND (SELECT min(substr(finished_at, 1, 10)) FROM runs WHERE outcome = 'complete') < ?
          """, arguments: [day, day]) ?? false
    }
    guard isDue else { return }
    try write { db in
      let found = try OwnerQuality.all(db)
      var last = try OwnerQuality.last(db)
      for (owner, quality) in found where last.removeValue(forKey: owner) != quality {
        try quality.write(owner: owner, day: day, in: db)
      }
      // Owners that have no dataset any more.
      for (owner, quality) in last where quality.datasets > 0 {
        try OwnerQuality(datasets: 0, points: 0, counts: "{}").write(owner: owner, day: day, in: db)
      }
      try setMeta("quality_day", day, in: db)
    }
  }
}

/// What `quality_over_time` has of an owner on a day.
private struct OwnerQuality: Equatable {
  var datasets: Int
  var points: Double
  /// JSON: checks and how many datasets fail them.
  var counts: String

  static func all(_ db: Database) throws -> [String: OwnerQuality] {
    let checks = try String.fetchAll(db, sql: #"SELECT "check" FROM checks"#)
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM quality_by_owner")
    var all: [String: OwnerQuality] = [:]
    while let row = try rows.next() {
      let counts = checks.compactMap { check -> String? in
        let count: Int = row[check]
        return count > 0 ? "\"\(check)\":\(count)" : nil
      }
      let points: Double = row["points"]
      all[row["owner"] ?? ""] = OwnerQuality(
        datasets: row["datasets"], points: (points * 10).rounded() / 10,
        counts: "{\(counts.joined(separator: ","))}")
    }
    return all
  }

  static func last(_ db: Database) throws -> [String: OwnerQuality] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT owner, datasets, points, counts FROM quality_over_time q
        WHERE day = (SELECT max(day) FROM quality_over_time l WHERE l.owner = q.owner)
        """)
    return Dictionary(
      uniqueKeysWithValues: rows.map {
        ($0[0], OwnerQuality(datasets: $0[1], points: $0[2], counts: $0[3]))
      })
  }

  func write(owner: String, day: String, in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO quality_over_time (owner, day, datasets, points, counts) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (owner, day) DO UPDATE SET
          datasets = excluded.datasets, points = excluded.points, counts = excluded.counts
        """, arguments: [owner, day, datasets, points, counts])
  }
}
