import Foundation
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

  /// Turns datasets into tombstones, tells the feed, and lists what is absent and stays, in one
  /// transaction. Absences that are not named again are over.
  ///
  /// - Parameter reasons: why each of `gone` is known to be gone, by key.
  func bury(
    _ gone: [Unseen], reasons: [Int64: String], absences: [Verdicts.Absence], run: RunRecord,
    at now: String
  ) throws {
    try write { db in
      for dataset in gone {
        try writer.bury(dataset.key, reason: reasons[dataset.key] ?? "absent", at: now)
      }
      // After all are buried: a name may have moved between two of them.
      for dataset in gone { try append(deletionOf: dataset, run: run, at: now, in: db) }
      try note(absences, run: run, at: now, in: db)
      try db.execute(
        sql: "UPDATE runs SET deleted = deleted + ? WHERE id = ?", arguments: [gone.count, run.id])
    }
  }

  private func append(
    deletionOf dataset: Unseen, run: RunRecord, at now: String, in db: Database
  ) throws {
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

  private func note(
    _ absences: [Verdicts.Absence], run: RunRecord, at now: String, in db: Database
  ) throws {
    for absence in absences {
      try db.execute(
        sql: """
          INSERT INTO absences (dataset, state, detail, first_noted_at, noted_at, run_id)
          VALUES (?1, ?2, ?3, ?4, ?4, ?5)
          ON CONFLICT (dataset) DO UPDATE SET
            state = excluded.state, detail = excluded.detail, noted_at = excluded.noted_at,
            run_id = excluded.run_id
          """,
        arguments: [absence.dataset.key, absence.state.rawValue, absence.detail, now, run.id])
    }
    try db.execute(sql: "DELETE FROM absences WHERE run_id <> ?", arguments: [run.id])
  }

  /// When each held dataset was first missed, by key.
  func heldDeletions() throws -> [Int64: String] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT dataset, first_noted_at FROM absences WHERE state <> 'active'")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
    }
  }

  /// How many datasets were deleted since then.
  func deletions(since moment: String) throws -> Int {
    try read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM changes WHERE kind = 'delete' AND recorded_at > ?",
        arguments: [moment]) ?? 0
    }
  }

  /// What a complete run still holds back.
  func heldBack() throws -> HeldBack {
    try read { db in
      var back = HeldBack()
      back.held =
        try Int.fetchOne(db, sql: "SELECT count(*) FROM absences WHERE state <> 'active'") ?? 0
      back.rejected = try Int.fetchOne(db, sql: "SELECT count(*) FROM rejections") ?? 0
      back.unserved = try Int(meta("unserved", in: db) ?? "") ?? 0
      return back
    }
  }

  /// Remembers the difference between the portal's count and ours that a census has explained by
  /// name, so that it asks for no new census until it changes.
  ///
  /// - Parameters:
  ///   - repeated: how many of the count are ids that it counted before.
  ///   - unserved: ids that the portal lists and did not serve; they are tried again.
  func explainDifference(
    count: Int, repeated: Int, unserved: [String], at now: String
  ) throws {
    try write { db in
      let difference = count - (try Inventory(db).ownCount)
      try setMeta("explained_difference", "\(difference)", in: db)
      let missing = max(0, difference - repeated, unserved.count)
      try setMeta("unserved", "\(missing)", in: db)
      try setMeta("unserved_ids", jsonArray(unserved), in: db)
      try setMeta("census_at", now, in: db)
    }
  }

  /// What the last census listed and the portal did not serve.
  func unservedIDs() throws -> [String] {
    guard let json = try meta("unserved_ids") else { return [] }
    return try JSONDecoder().decode([String].self, from: Data(json.utf8))
  }
}

/// What a run can hold back and still be complete.
struct HeldBack: Sendable, Equatable {
  /// Deletions without evidence, or stopped by the guard.
  var held = 0
  /// Records in quarantine.
  var rejected = 0
  /// Records that the portal counts and does not serve.
  var unserved = 0

  var reason: String? {
    if held > 0 { return "held_deletions" }
    if rejected > 0 { return "quarantine" }
    return unserved > 0 ? "unserved" : nil
  }

  var message: String {
    var parts: [String] = []
    if held > 0 { parts.append("\(held) deletions are held") }
    if rejected > 0 { parts.append("\(rejected) records are in quarantine") }
    if unserved > 0 { parts.append("\(unserved) records are counted by the portal and not served") }
    return parts.joined(separator: ", ") + "; donl-mirror status lists them."
  }
}
