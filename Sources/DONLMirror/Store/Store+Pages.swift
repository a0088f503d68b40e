import Crypto
import Foundation
import GRDB

/// What one page brought: the ids of records that are stored byte for byte, and records that are read
/// one after the other while they are stored, so that no more than one lies in memory in all its parts.
struct Batch {
  enum Entry {
    case unread(id: String?, place: Int)
    case dataset(Dataset)
    case rejection(Rejection)
    case same(id: String, key: Int64)

    var id: String? {
      switch self {
      case .unread(let id, _): id
      case .dataset(let dataset): dataset.id
      case .rejection(let rejection): rejection.datasetID
      case .same(let id, _): id
      }
    }
  }

  private(set) var entries: [Entry]
  /// Reads the record of a place on the page.
  private let read: (Int) -> Result<Dataset, Rejection>

  /// Nothing: only the position moves.
  static var empty: Batch {
    Batch([]) { _ in
      .failure(Rejection(datasetID: nil, reason: .notAnObject, detail: "no record", record: []))
    }
  }

  init(_ entries: [Entry], read: @escaping (Int) -> Result<Dataset, Rejection>) {
    self.entries = entries
    self.read = read
  }

  /// The entry with its record read.
  func reading(_ entry: Entry) -> Entry {
    guard case .unread(_, let place) = entry else { return entry }
    switch read(place) {
    case .success(let dataset): return .dataset(dataset)
    case .failure(let rejection): return .rejection(rejection)
    }
  }

  /// Of an id that comes twice, the newest record alone, or the first of equally new ones: so every
  /// walk ends with the same. The others go.
  ///
  /// - Returns: the ids whose records differ.
  mutating func keepNewest() -> [String] {
    var seen: Set<String> = []
    let repeated = Set(entries.compactMap(\.id).filter { !seen.insert($0).inserted })
    guard !repeated.isEmpty else { return [] }
    for index in entries.indices where entries[index].id.map(repeated.contains) == true {
      entries[index] = reading(entries[index])
    }
    var best: [String: Int] = [:]
    var conflicts: Set<String> = []
    let kept = entries.indices.filter { index in
      guard case .dataset(let dataset) = entries[index] else { return true }
      guard let other = best[dataset.id], case .dataset(let rival) = entries[other] else {
        best[dataset.id] = index
        return true
      }
      if rival.record != dataset.record { conflicts.insert(dataset.id) }
      if (rival[.metadataModified].text ?? "") < (dataset[.metadataModified].text ?? "") {
        entries[other] = entries[index]
      }
      return false
    }
    entries = kept.map { entries[$0] }
    return conflicts.sorted()
  }
}

/// A walk as the store keeps it: its identity outlives the process that began it.
struct WalkRecord: Sendable, Equatable {
  var id: Int64
  var mode: HarvestMode
  /// What was asked; a walk resumes only when the same is asked again.
  var query: Query
  /// The portal's `Date` before the first page of the first part.
  var portalDate: String
  /// The newest `metadata_modified` before the first page of the first part.
  var checkpoint: String?
  var movedAt: String
  var walk: Walk

  struct Query: Sendable, Equatable {
    var filter: String
    var order: String
    var rows: Int
  }
}

extension Store {
  /// The walk that was left open last, if any that can be read.
  func openWalk() throws -> WalkRecord? {
    try read { try openWalks($0).compactMap { try? WalkRecord($0) }.first }
  }

  private func openWalks(_ db: Database) throws -> [Row] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM walks WHERE state = 'open' AND mode <> 'census' ORDER BY id DESC")
  }

  /// Gives up the open walks whose facts this version of the program does not understand: what
  /// they have stored stays.
  ///
  /// - Returns: whether there were any.
  func dropUnreadableWalks(at now: String) throws -> Bool {
    try write { db in
      let unreadable = try openWalks(db).filter { (try? WalkRecord($0)) == nil }
      for row in unreadable {
        try db.execute(
          sql: "UPDATE walks SET state = 'dropped', finished_at = ? WHERE id = ?",
          arguments: [now, row["id"] as Int64])
      }
      return !unreadable.isEmpty
    }
  }

  func beginWalk(
    _ mode: HarvestMode, query: WalkRecord.Query, portalDate: String, checkpoint: String?,
    walk: Walk, run: RunRecord, at now: String
  ) throws -> WalkRecord {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO walks
            (mode, state, filter, page_order, rows, portal_date, checkpoint, facts, moved_at)
          VALUES (?, 'open', ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          mode.rawValue, query.filter, query.order, query.rows, portalDate, checkpoint,
          try facts(of: walk), now,
        ])
      let id = db.lastInsertedRowID
      try db.execute(sql: "UPDATE runs SET walk_id = ? WHERE id = ?", arguments: [id, run.id])
      return WalkRecord(
        id: id, mode: mode, query: query, portalDate: portalDate, checkpoint: checkpoint,
        movedAt: now, walk: walk)
    }
  }

  /// Lets a run go on with a walk that an earlier run began.
  func adopt(_ walk: WalkRecord, run: RunRecord) throws {
    try write { db in
      try db.execute(sql: "UPDATE runs SET walk_id = ? WHERE id = ?", arguments: [walk.id, run.id])
    }
  }

  /// Gives a walk up: its position means nothing any more.
  func drop(_ walk: WalkRecord, at now: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE walks SET state = 'dropped', finished_at = ? WHERE id = ?",
        arguments: [now, walk.id])
    }
  }

  /// Stores a page: rows, changes, quarantine **and** the position, in one transaction.
  ///
  /// - Returns: what happened to the records, each counted once; those that this walk has already
  ///   seen are not counted again.
  @discardableResult
  func apply(
    _ batch: Batch, movingTo walk: WalkRecord, askedAs asked: Asked = .page, run: RunRecord,
    at now: String
  ) throws -> Tally {
    try write { db in
      let tally = try apply(batch, walk: walk.id, askedAs: asked, run: run, at: now, in: db)
      try db.execute(
        sql: """
          UPDATE walks SET last_id = ?, next_start = ?, facts = ?, moved_at = ? WHERE id = ?
          """,
        arguments: [
          walk.walk.lastID, walk.walk.nextStart, try facts(of: walk.walk), now, walk.id,
        ])
      try db.execute(
        sql: "UPDATE runs SET pages = pages + 1, portal_count = ? WHERE id = ?",
        arguments: [walk.walk.count, run.id])
      return tally
    }
  }

  /// How a record was asked for.
  enum Asked: Sendable {
    /// With its page.
    case page
    /// By its id: the newest that the portal has under it, whatever a page said.
    case id
    /// By its id, after the walk left it alone and did not count it.
    case postponed
  }

  /// Stores records that were asked for by id; no position moves.
  func apply(
    _ batch: Batch, walk: Int64, askedAs asked: Asked = .id, run: RunRecord, at now: String
  ) throws -> Tally {
    try write { db in try apply(batch, walk: walk, askedAs: asked, run: run, at: now, in: db) }
  }

  private func apply(
    _ batch: Batch, walk: Int64, askedAs asked: Asked, run: RunRecord, at now: String,
    in db: Database
  ) throws -> Tally {
    var tally = Tally()
    var batch = batch
    writer.news.conflicts += batch.keepNewest()
    try endAbsences(of: batch, in: db)
    for entry in batch.entries {
      switch batch.reading(entry) {
      case .dataset(let dataset):
        try apply(dataset, walk: walk, askedAs: asked, run: run, at: now, into: &tally)
      case .rejection(let rejection):
        try apply(rejection, walk: walk, run: run, at: now, into: &tally)
      case .same(let id, let key):
        try apply(unchanged: id, key, walk: walk, askedAs: asked, into: &tally)
      case .unread:
        // It has just been read.
        break
      }
    }
    let counters = Tally.counters.map { "\($0.name) = \($0.name) + ?" }.joined(separator: ", ")
    let counts = StatementArguments(Tally.counters.map { tally[keyPath: $0.path] })
    let id: StatementArguments = [run.id]
    try db.execute(sql: "UPDATE runs SET \(counters) WHERE id = ?", arguments: counts + id)
    return tally
  }

  /// What is received is not absent.
  private func endAbsences(of batch: Batch, in db: Database) throws {
    let absent = try String.fetchSet(
      db, sql: "SELECT d.id FROM absences CROSS JOIN all_datasets d ON d.key = dataset")
    guard !absent.isEmpty else { return }
    for id in batch.entries.compactMap(\.id) where absent.contains(id) {
      try db.execute(
        sql: "DELETE FROM absences WHERE dataset = (SELECT key FROM all_datasets WHERE id = ?)",
        arguments: [id])
    }
  }

  private func apply(
    _ dataset: Dataset, walk: Int64, askedAs asked: Asked, run: RunRecord, at now: String,
    into tally: inout Tally
  ) throws {
    var change = Change(
      kind: .create, datasetID: dataset.id, name: dataset[.name].text, run: run.id,
      recordedAt: now, metadataModified: dataset[.metadataModified].text,
      contentHash: dataset.contentHash)
    guard let known = try writer.known(dataset.id) else {
      let key = try writer.insert(dataset, run: run.id, runStarted: run.startedAt, at: now)
      try writer.markSeen(key, by: walk)
      try writer.heal(dataset.id)
      try writer.append(change)
      tally.created += 1
      return
    }

    // Served twice in one walk: the newer one stands, and the dataset is counted once.
    let isRepeated = known.walk == walk && asked != .postponed
    if isRepeated, asked == .page,
      (dataset[.metadataModified].text ?? "") <= (known.metadataModified ?? "")
    {
      return
    }
    let isOlder = (change.metadataModified ?? "~") < (known.metadataModified ?? "")
    try writer.markSeen(known.key, by: walk)
    try writer.heal(dataset.id)
    if isOlder {
      // Either the dataset was put back, or the portal serves it twice and the other one is yet to
      // come. The walk's next pages cannot tell; its id asked alone can.
      guard asked != .page || known.isDeleted else {
        writer.news.postponed.append(dataset.id)
        return
      }
      writer.news.olderStamps += 1
    }

    if known.isDeleted {
      let buried = try writer.storedRecord(of: known.key, unlessEqualTo: [])
      let before = try buried.map { buried throws(JSONFault) in
        try RecordComparison.change(from: buried, to: dataset.record, without: writer.churn).before
      }
      try writer.update(dataset, key: known.key, at: now)
      try writer.append(change)
      if let before { try writer.noteRevival(before) }
      tally.created += 1
      return
    }
    guard
      let stored = try writer.storedRecord(of: known.key, unlessEqualTo: dataset.record)
    else {
      tally.unchanged += isRepeated ? 0 : 1
      return
    }
    guard known.contentHash == dataset.contentHash else {
      change.kind = .update
      let difference = try RecordComparison.change(
        from: stored, to: dataset.record, without: writer.churn)
      change.changedFields = difference.fields
      change.before = difference.before
      try writer.update(dataset, key: known.key, at: now)
      try writer.append(change)
      tally.updated += isRepeated ? 0 : 1
      return
    }
    // Other bytes may say the same: another order of keys, other escapes. Not where the stamp is another.
    guard
      try change.metadataModified != known.metadataModified
        || !RecordComparison.isSameValue(stored, dataset.record)
    else {
      tally.unchanged += isRepeated ? 0 : 1
      return
    }
    try writer.update(dataset, key: known.key, at: now)
    tally.touched += isRepeated ? 0 : 1
  }

  /// The keys of the live datasets whose stored record is, byte for byte, one of these, by its place on the
  /// page. An id that comes twice is left out: which of its records counts, their stamps say.
  func stored(among page: Page, at places: [Int]) throws -> [Int: Int64] {
    // In one transaction: each statement by itself would take and leave the lock of a reader.
    try read { db in
      var stored: [Int: Int64] = [:]
      var seen: [String: Int] = [:]
      try db.inTransaction(.deferred) {
        for place in places {
          guard let id = page.ids[place] else { continue }
          if let other = seen.updateValue(place, forKey: id) {
            stored[other] = nil
            continue
          }
          stored[place] = try writer.key(of: id, storedAs: page[place])
        }
        return .commit
      }
      return stored
    }
  }

  private func apply(
    unchanged id: String, _ key: Int64, walk: Int64, askedAs asked: Asked,
    into tally: inout Tally
  ) throws {
    let isNew = try writer.markSeen(key, by: walk)
    guard isNew || asked != .page else { return }
    try writer.heal(id)
    tally.unchanged += isNew || asked == .postponed ? 1 : 0
  }

  private func apply(
    _ rejection: Rejection, walk: Int64, run: RunRecord, at now: String, into tally: inout Tally
  ) throws {
    writer.news.rejections.append(rejection)
    let key = rejection.datasetID ?? "sha256:" + SHA256.hash(data: rejection.record).hex
    // Unreadable is not gone: a rejected dataset keeps its last good version and counts as seen.
    if let id = rejection.datasetID, let known = try writer.known(id) {
      try writer.markSeen(known.key, by: walk)
    }
    let isNew = try writer.quarantine(
      rejection, key: key, walk: walk, run: run.id, at: now)
    tally.rejected += isNew ? 1 : 0
  }
}

extension WalkRecord {
  init(_ row: Row) throws {
    let mode: String = row["mode"]
    self.init(
      id: row["id"], mode: HarvestMode(rawValue: mode) ?? .full,
      query: Query(filter: row["filter"], order: row["page_order"], rows: row["rows"]),
      portalDate: row["portal_date"], checkpoint: row["checkpoint"], movedAt: row["moved_at"],
      walk: try JSONDecoder().decode(Walk.self, from: Data((row["facts"] as String).utf8)))
  }
}

private func facts(of walk: Walk) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  return String(decoding: try encoder.encode(walk), as: UTF8.self)
}
