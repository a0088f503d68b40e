import Foundation
import GRDB

extension Store {
  /// Opens a census. The list of the one before stays beside it, to compare.
  func beginCensus(
    _ query: WalkRecord.Query, portalDate: String, at now: String
  ) throws -> Int64 {
    try write { db in
      try db.execute(
        sql: """
          DROP TABLE IF EXISTS temp.last_census;
          CREATE TEMP TABLE IF NOT EXISTS census (id TEXT PRIMARY KEY, stamp TEXT);
          ALTER TABLE temp.census RENAME TO last_census;
          CREATE TEMP TABLE census (id TEXT PRIMARY KEY, stamp TEXT);
          """)
      try db.execute(
        sql: """
          INSERT INTO walks
            (mode, state, filter, page_order, rows, portal_date, facts, moved_at)
          VALUES ('census', 'open', '', ?, ?, ?, '{}', ?)
          """, arguments: [query.order, query.rows, portalDate, now])
      return db.lastInsertedRowID
    }
  }

  func note(_ rows: [CensusRow]) throws {
    try write { db in
      let insertion = try db.cachedStatement(
        sql: """
          INSERT INTO temp.census (id, stamp) VALUES (?, ?)
          ON CONFLICT (id) DO UPDATE SET stamp = max(coalesce(stamp, ''), excluded.stamp)
          WHERE excluded.stamp IS NOT NULL
          """)
      for row in rows { try insertion.execute(arguments: [row.id, row.metadataModified]) }
    }
  }

  /// How many ids the census lists, each counted once.
  func censusSize() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM temp.census") ?? 0 }
  }

  /// Whether this census lists the same ids as the one before.
  func censusEqualsLast() throws -> Bool {
    try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT (SELECT count(*) FROM temp.census) = (SELECT count(*) FROM temp.last_census)
            AND NOT EXISTS (SELECT id FROM temp.census EXCEPT SELECT id FROM temp.last_census)
          """) ?? false
    }
  }

  func endCensus(_ census: Int64, isProven: Bool, at now: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE walks SET state = ?, finished_at = ? WHERE id = ?",
        arguments: [isProven ? "complete" : "partial", now, census])
      // A dead run's census is worth nothing to anyone.
      try db.execute(
        sql: """
          UPDATE walks SET state = 'dropped', finished_at = ?
          WHERE mode = 'census' AND state = 'open'
          """, arguments: [now])
    }
  }

  /// Ids of the census that the store does not know, or knows with another stamp. Compared in
  /// milliseconds, in either direction; ids in quarantine are asked for apart.
  func differingFromCensus() throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT c.id FROM temp.census c
          LEFT JOIN all_datasets d ON d.id = c.id AND d.deleted_at IS NULL
          WHERE (d.id IS NULL OR substr(d.metadata_modified, 1, 23) IS NOT substr(c.stamp, 1, 23))
            AND NOT EXISTS (SELECT 1 FROM rejections r WHERE r.dataset_id = c.id)
          ORDER BY c.id
          """)
    }
  }

  /// Live datasets that the census does not list.
  func unlisted() throws -> [Unseen] {
    try unseen(
      """
      SELECT d.key, d.id, d.name FROM all_datasets d
      WHERE d.deleted_at IS NULL AND d.id NOT IN (SELECT id FROM temp.census) ORDER BY d.id
      """)
  }

  /// Live datasets whose name is not among these.
  func unlisted(in names: Set<String>) throws -> [Unseen] {
    try unseen(
      "SELECT key, id, name FROM all_datasets WHERE deleted_at IS NULL ORDER BY id"
    ).filter { dataset in dataset.name.map { !names.contains($0) } ?? false }
  }

  private func unseen(_ sql: String) throws -> [Unseen] {
    try read { db in
      try Row.fetchAll(db, sql: sql).map { Unseen(key: $0[0], id: $0[1], name: $0[2]) }
    }
  }

  /// Every dataset on the list has been seen by this census.
  func confirmSeen(by census: Int64) throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE sightings SET complete_walk = ?
          WHERE dataset IN (
            SELECT d.key FROM all_datasets d JOIN temp.census c ON c.id = d.id)
          """, arguments: [census])
    }
  }

  func liveNames() throws -> Set<String> {
    try read { db in
      try Set(
        String.fetchAll(
          db,
          sql: "SELECT name FROM all_datasets WHERE deleted_at IS NULL AND name IS NOT NULL"))
    }
  }

  /// A live dataset that the portal has just shown, to hold the evidence against; not one of these.
  func control(besides candidates: [Unseen]) throws -> String? {
    let excluded = Set(candidates.map(\.id))
    return try read { db in
      let cursor = try String.fetchCursor(
        db,
        sql: """
          SELECT d.id FROM all_datasets d JOIN sightings s ON s.dataset = d.key
          WHERE d.deleted_at IS NULL ORDER BY s.walk DESC, d.metadata_modified DESC
          """)
      while let id = try cursor.next() {
        if !excluded.contains(id) { return id }
      }
      return nil
    }
  }

  /// The datasets whose record is in quarantine and says which one it is; not those that this run
  /// has read already.
  func quarantinedIDs(notReadBy run: RunRecord) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT dataset_id FROM rejections
          WHERE dataset_id IS NOT NULL AND run_id <> ? ORDER BY 1
          """, arguments: [run.id])
    }
  }

  /// What the portal no longer lists needs no quarantine.
  func forgetQuarantineAbsentFromCensus() throws {
    try write { db in
      try db.execute(
        sql: """
          DELETE FROM rejections
          WHERE dataset_id IS NOT NULL AND dataset_id NOT IN (SELECT id FROM temp.census)
          """)
    }
  }

  /// Records without an id are known by their bytes. Where a proven census shows no such record,
  /// those are over that this run has not met.
  func forgetNameless(notSeenBy run: RunRecord) throws {
    try write { db in
      try db.execute(
        sql: "DELETE FROM rejections WHERE dataset_id IS NULL AND run_id <> ?",
        arguments: [run.id])
    }
  }
}
