import GRDB

/// A live dataset that a walk did not see.
struct Unseen: Sendable, Equatable {
  var key: Int64
  var id: String
  var name: String?
}

extension Store {
  func unseen(by walk: WalkRecord) throws -> [Unseen] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT d.key, d.id, d.name FROM all_datasets d
          LEFT JOIN sightings s ON s.dataset = d.key
          WHERE d.deleted_at IS NULL AND s.walk IS NOT ? ORDER BY d.id
          """, arguments: [walk.id]
      ).map { Unseen(key: $0["key"], id: $0["id"], name: $0["name"]) }
    }
  }

  func namesSeen(by walk: WalkRecord) throws -> Set<String> {
    try read { db in
      try Set(
        String.fetchAll(
          db,
          sql: """
            SELECT d.name FROM all_datasets d JOIN sightings s ON s.dataset = d.key
            WHERE s.walk = ? AND d.deleted_at IS NULL AND d.name IS NOT NULL
            """, arguments: [walk.id]))
    }
  }

  /// Turns datasets into tombstones and tells the feed, in one transaction.
  func bury(_ gone: [Unseen], reason: String, run: RunRecord, at now: String) throws {
    try write { db in
      for dataset in gone { try writer.bury(dataset.key, reason: reason, at: now) }
      // After all are buried: a name may have moved between two of them.
      for dataset in gone {
        let row = try Row.fetchOne(
          db,
          sql: """
            SELECT d.metadata_modified, d.content_hash, t.replaced_by
            FROM all_datasets d JOIN deleted_datasets t ON t.id = d.id WHERE d.key = ?
            """, arguments: [dataset.key])
        try writer.append(
          Change(
            kind: .delete, datasetID: dataset.id, name: dataset.name, run: run.id,
            recordedAt: now, metadataModified: row?["metadata_modified"],
            contentHash: row?["content_hash"], replacedBy: row?["replaced_by"]))
      }
      try db.execute(
        sql: "UPDATE runs SET deleted = deleted + ? WHERE id = ?", arguments: [gone.count, run.id])
    }
  }

  /// Lets go of quarantined records that a complete walk did not meet again: they are gone, or they
  /// did not say their id and can be read now.
  func forgetRejections(notSeenBy walk: WalkRecord) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM rejections WHERE walk <> ?", arguments: [walk.id])
    }
  }

  /// How many records are in quarantine.
  func rejections() throws -> Int {
    try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM rejections") ?? 0 }
  }
}
