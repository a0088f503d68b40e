import Foundation
import GRDB

/// A live dataset that a walk did not see.
struct Unseen: Sendable, Equatable {
  var key: Int64
  var id: String
  var name: String?
}

/// What was decided about the datasets that the portal no longer lists.
struct Verdicts: Sendable, Equatable {
  var deleted: [Unseen] = []
  /// Why each deleted dataset is known to be gone, by key.
  var reasons: [Int64: String] = [:]
  var absences: [Absence] = []

  /// A live dataset that is absent and stays.
  struct Absence: Sendable, Equatable {
    enum State: String, Sendable { case held, active, unclear }
    var dataset: Unseen
    var state: State
    var detail: String
  }
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
  /// transaction.
  ///
  /// - Parameter isWhole: the verdicts are about all that is absent: absences that are not named
  ///   again are over.
  func bury(
    _ verdicts: Verdicts, isWhole: Bool, run: RunRecord, at now: String
  ) throws {
    let gone = verdicts.deleted
    try write { db in
      for dataset in gone {
        try writer.bury(dataset.key, reason: verdicts.reasons[dataset.key] ?? "absent", at: now)
        try db.execute(sql: "DELETE FROM absences WHERE dataset = ?", arguments: [dataset.key])
      }
      // After all are buried: a name may have moved between two of them.
      for dataset in gone { try append(deletionOf: dataset, run: run, at: now, in: db) }
      try note(verdicts.absences, run: run, at: now, in: db)
      if isWhole {
        try db.execute(sql: "DELETE FROM absences WHERE run_id <> ?", arguments: [run.id])
      }
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
  }

  /// Live datasets that are absent and not held by the guard: the portal may show them again, or
  /// say at last what became of them. Those that were looked at longest ago come first.
  func openAbsences(limit: Int) throws -> [Unseen] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT d.key, d.id, d.name FROM absences CROSS JOIN all_datasets d ON d.key = dataset
          WHERE absences.state <> 'held' ORDER BY noted_at, d.id LIMIT ?
          """, arguments: [limit]
      ).map { Unseen(key: $0[0], id: $0[1], name: $0[2]) }
    }
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
      back.unserved = try unservedCount(in: db)
      return back
    }
  }

  /// Remembers the difference between the portal's count and ours that a census has explained by
  /// name, so that it asks for no new census until it changes; and lists what is counted and not
  /// served, by its id where the portal says so much.
  ///
  /// - Parameters:
  ///   - repeated: how many of the count are ids that it counted before.
  ///   - unserved: ids that the portal lists and did not serve; they are tried again.
  ///   - names: what the portal names and does not show.
  ///   - gaps: where in its list records are counted and not served.
  func explainDifference(
    count: Int, repeated: Int, unserved: [String], names: [String], gaps: [Walk.Gap],
    at now: String
  ) throws {
    try write { db in
      let difference = count - (try Inventory(db).ownCount)
      try setMeta("explained_difference", "\(difference)", in: db)
      try setMeta("census_at", now, in: db)
      let known = try unserved.filter { id in
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM all_datasets WHERE id = ?1 AND deleted_at IS NULL)
              OR EXISTS (SELECT 1 FROM rejections WHERE dataset_id = ?1)
            """, arguments: [id]) ?? false
      }
      // What the ids do not explain is known by its place at most.
      let nameless = max(
        0, difference - repeated - (unserved.count - known.count) - names.count)
      for name in names {
        let detail = "the portal names \(name) and does not show it"
        try noteUnserved("name:" + name, id: nil, detail, now, in: db)
      }
      for id in unserved {
        try noteUnserved(id, id: id, "the portal lists this id and does not serve it", now, in: db)
      }
      for number in 0..<min(nameless, Self.unservedRowsMax) {
        let detail = Self.place(of: number, in: gaps)
        try noteUnserved("#\(number)", id: nil, detail, now, in: db)
      }
      try db.execute(sql: "DELETE FROM unserved_rows WHERE noted_at <> ?", arguments: [now])
      try setMeta("unserved", "\(unserved.count + names.count + nameless)", in: db)
    }
  }

  /// Records without an id that get a row each.
  private static let unservedRowsMax = 1000

  private static func place(of number: Int, in gaps: [Walk.Gap]) -> String {
    var number = number
    for gap in gaps {
      if number < gap.missing {
        return "the portal counts this record at offsets \(gap.start)..<\(gap.end) of its list by "
          + "id and does not serve it"
      }
      number -= gap.missing
    }
    return "the portal counts one record more than it lists"
  }

  private func noteUnserved(
    _ key: String, id: String?, _ detail: String, _ now: String, in db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO unserved_rows (key, dataset_id, first_noted_at, noted_at, detail)
        VALUES (?1, ?2, ?3, ?3, ?4)
        ON CONFLICT (key) DO UPDATE SET noted_at = excluded.noted_at, detail = excluded.detail
        """, arguments: [key, id, now, detail])
  }

  /// What the last census listed and the portal did not serve.
  func unservedIDs() throws -> Set<String> {
    try read { db in
      try String.fetchSet(
        db, sql: "SELECT dataset_id FROM unserved_rows WHERE dataset_id IS NOT NULL")
    }
  }

  /// How many records the portal counts and does not serve.
  func unservedCount() throws -> Int { try read { try unservedCount(in: $0) } }

  private func unservedCount(in db: Database) throws -> Int {
    try Int(meta("unserved", in: db) ?? "") ?? 0
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
    if held > 0 { parts.append(held == 1 ? "1 deletion is held" : "\(held) deletions are held") }
    if rejected > 0 {
      parts.append(
        rejected == 1 ? "1 record is in quarantine" : "\(rejected) records are in quarantine")
    }
    if unserved > 0 {
      parts.append(
        unserved == 1
          ? "1 record is counted by the portal and not served"
          : "\(unserved) records are counted by the portal and not served")
    }
    return parts.joined(separator: ", ") + "; donl-mirror status lists them."
  }
}
