import Foundation
import GRDB

/// A run that is under way.
struct RunRecord: Sendable, Equatable {
  var id: Int64
  var startedAt: String
  /// When the run before it began; nil for the first.
  var lastStartedAt: String?
}

/// What a run has learnt about a portal: so many records a page, or ids a question, are too many for it.
struct PageLesson: Sendable, Equatable, Codable {
  var rows: Int
  var failed: Int
  /// When the size failed.
  var at: String
}

extension Store {
  /// Opens a row in the ledger. Rows of runs that died are closed as `interrupted`.
  func beginRun(at now: String) throws -> RunRecord {
    try write { db in
      try db.execute(
        sql: """
          UPDATE runs SET outcome = 'interrupted', reason = 'died', finished_at = ?,
            message = 'The process ended without a word; the next run went on from its last page.'
          WHERE outcome = 'running'
          """, arguments: [now])
      let last = try String.fetchOne(
        db, sql: "SELECT started_at FROM runs ORDER BY id DESC LIMIT 1")
      try db.execute(
        sql: "INSERT INTO runs (mode, outcome, started_at) VALUES ('full', 'running', ?)",
        arguments: [now])
      return RunRecord(id: db.lastInsertedRowID, startedAt: now, lastStartedAt: last)
    }
  }

  func setMode(_ mode: HarvestMode, of run: RunRecord) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE runs SET mode = ? WHERE id = ?", arguments: [mode.rawValue, run.id])
    }
  }

  /// Closes the row of a run, and with a complete run moves the checkpoint and `complete_as_of`.
  ///
  /// Durable before it returns: what was reported must survive a power cut.
  func finish(
    _ summary: RunSummary, walk: WalkRecord?, completeAsOf: String?,
    lessons: [String: PageLesson] = [:]
  ) throws {
    try read { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try write { db in
      try end(summary, in: db)
      try setLessons(lessons, in: db)
      // One that was read to its end and only lacks its proof is proven by the next run.
      let isOver = summary.outcome == .complete || summary.outcome == .partial
      if let walk, walk.walk.isFinished, isOver || !walk.walk.isWhole {
        let state = summary.outcome == .complete ? "complete" : "partial"
        try db.execute(
          sql: "UPDATE walks SET state = ?, finished_at = ? WHERE id = ?",
          arguments: [state, summary.finishedAt, walk.id])
        if summary.outcome == .complete, walk.mode == .full {
          try db.execute(
            sql: "UPDATE sightings SET complete_walk = walk WHERE walk = ?", arguments: [walk.id])
        }
      }
      try count(summary, in: db)
      guard summary.outcome == .complete else { return }
      if let checkpoint = summary.checkpoint { try setMeta("checkpoint", checkpoint, in: db) }
      if let completeAsOf { try setMeta("complete_as_of", completeAsOf, in: db) }
    }
    try read { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
  }

  /// Closes the row of a run and nothing else, where more cannot be written.
  func end(_ summary: RunSummary) throws { try write { try end(summary, in: $0) } }

  /// The row says what the summary says, every counter included.
  private func end(_ summary: RunSummary, in db: Database) throws {
    let counters = Tally.counters.map { "\($0.name) = ?" }.joined(separator: ", ")
    let counts = StatementArguments(Tally.counters.map { summary.tally[keyPath: $0.path] })
    let id: StatementArguments = [summary.id]
    try db.execute(
      sql: """
        UPDATE runs SET mode = ?, outcome = ?, finished_at = ?, checkpoint = ?, portal_count = ?,
          requests = ?, retries = ?, bytes = ?, pages = ?, exit_code = ?, reason = ?, message = ?,
          \(counters)
        WHERE id = ?
        """,
      arguments: [
        summary.mode.rawValue, summary.outcome.rawValue, summary.finishedAt, summary.checkpoint,
        summary.portalCount, summary.requests, summary.retries, summary.bytes, summary.pages,
        summary.exitStatus.rawValue, summary.reason, summary.message,
      ] + counts + id)
  }

  /// What earlier runs learnt about sizes that the portal refuses (`meta.page_sizes`).
  ///
  /// - Parameter moment: what failed before may work again.
  func pageLessons(newerThan moment: String) throws -> [String: PageLesson] {
    guard let json = try meta(Self.lessonsKey) else { return [:] }
    // Of another version: it is learnt again.
    let lessons = try? JSONDecoder().decode(
      [String: PageLesson].self, from: Data(json.utf8))
    return (lessons ?? [:]).filter { $0.value.at > moment }
  }

  private static let lessonsKey = "page_sizes"

  private func setLessons(_ lessons: [String: PageLesson], in db: Database) throws {
    guard !lessons.isEmpty else {
      return try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [Self.lessonsKey])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = String(decoding: try encoder.encode(lessons), as: UTF8.self)
    try setMeta(Self.lessonsKey, json, in: db)
  }

  /// Adds the run's requests to the totals of all runs, which the metrics tell.
  private func count(_ summary: RunSummary, in db: Database) throws {
    var totals = try HTTPTotals(meta(HTTPTotals.key, in: db))
    totals.add(summary)
    try setMeta(HTTPTotals.key, totals.json, in: db)
  }

  /// Corrects what the row of a run says about its end: its publication failed.
  func note(_ summary: RunSummary) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE runs SET exit_code = ?, reason = ?, message = ? WHERE id = ?",
        arguments: [
          summary.exitStatus.rawValue, summary.reason, summary.message, summary.id,
        ])
    }
  }

  /// When a full walk completed last; nil when none has.
  func lastCompleteFullRun() throws -> String? {
    try read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT started_at FROM runs WHERE outcome = 'complete' AND mode = 'full'
          ORDER BY id DESC LIMIT 1
          """)
    }
  }

  /// The portal's count at the end of the last complete run; 0 when there is none.
  func lastCompleteCount() throws -> Int {
    try read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT portal_count FROM runs WHERE outcome = 'complete' AND portal_count IS NOT NULL
          ORDER BY id DESC LIMIT 1
          """) ?? 0
    }
  }

  /// What the store holds, to compare with what the portal says.
  func inventory(since stamp: String? = nil) throws -> Inventory {
    try read { db in
      var inventory = try Inventory(db)
      inventory.expectedCount =
        inventory.ownCount + (Int(try meta("explained_difference", in: db) ?? "") ?? 0)
      if let stamp {
        inventory.since =
          try Int.fetchOne(
            db,
            sql: """
              SELECT count(*) FROM all_datasets
              WHERE deleted_at IS NULL AND metadata_modified >= ?
                AND key NOT IN (SELECT dataset FROM absences)
              """, arguments: [stamp]) ?? 0
      }
      return inventory
    }
  }
}

/// Counts of the store that the portal's answers are compared with.
struct Inventory: Sendable, Equatable {
  var live = 0
  /// Records in quarantine that never had a good version.
  var neverRead = 0
  /// Live datasets that the index is known not to show.
  var absent = 0
  /// The newest stamp among those that it shows.
  var newest: String?
  /// Of these, how many have a stamp not older than the one asked.
  var since = 0
  /// What the portal's count should be; a difference that a census explained is in it.
  var expectedCount = 0

  /// The count by what we hold alone.
  var ownCount: Int { live + neverRead - absent }
}

extension Inventory {
  init(_ db: Database) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    live = try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL")
    neverRead = try count(
      """
      SELECT count(*) FROM rejections r WHERE NOT EXISTS (
        SELECT 1 FROM all_datasets d WHERE d.id = r.dataset_id AND d.deleted_at IS NULL)
      """)
    absent = try count("SELECT count(*) FROM absences")
    newest = try String.fetchOne(
      db,
      sql: """
        SELECT max(metadata_modified) FROM all_datasets
        WHERE deleted_at IS NULL AND key NOT IN (SELECT dataset FROM absences)
        """)
  }
}

extension Store {
  /// The keys in which most of a run's updates differ, and the updates that differ in nothing else.
  ///
  /// - Returns: no keys when there are more than `churningKeysMax`: that is a change of content.
  func churningKeys(in run: RunRecord) throws -> (keys: [String], updates: Int) {
    try read { db in
      let keys = try String.fetchAll(
        db,
        sql: """
          SELECT value FROM changes, json_each(changed_fields)
          WHERE run_id = ?1 AND kind = 'update'
          GROUP BY value
          HAVING count(*) * 2 > (SELECT count(*) FROM changes WHERE run_id = ?1 AND kind = 'update')
          ORDER BY value
          """, arguments: [run.id])
      guard (1...Self.churningKeysMax).contains(keys.count) else { return ([], 0) }
      let updates = try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM changes
          WHERE run_id = ?1 AND kind = 'update' AND NOT EXISTS (
            SELECT 1 FROM json_each(changed_fields)
            WHERE value NOT IN (SELECT value FROM json_each(?2)))
          """,
        arguments: [run.id, String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)])
      return (keys, updates ?? 0)
    }
  }

  private static let churningKeysMax = 3
}

/// The HTTP requests of all runs into a database, by the class of their answer; `none` had none.
/// They are kept in `meta` as a JSON object.
struct HTTPTotals: Sendable, Equatable {
  static let key = "http_requests"

  var requests: [String: Int]

  init(_ json: String?) throws {
    requests = try JSONDecoder().decode([String: Int].self, from: Data((json ?? "{}").utf8))
  }

  mutating func add(_ summary: RunSummary) {
    requests.merge(summary.answers, uniquingKeysWith: +)
    requests["none", default: 0] += max(0, summary.requests - summary.answers.values.reduce(0, +))
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(requests), as: UTF8.self)
    }
  }
}
