import GRDB
import GRDBSQLite

/// One entry of the feed, with the record that it led to.
struct FeedEntry {
  var seq: Int
  var kind: Change.Kind
  var datasetID: String
  var name: String?
  var run: Int
  var recordedAt: String
  var metadataModified: String?
  /// JSON, as the table has it.
  var changedFields: String?
  /// JSON, as the table has it.
  var before: String?
  var contentHash: String?
  var replacedBy: String?
  /// The record after the change, in one line; nil on a deletion. Where the memory does not reach back so
  /// far, the first state after it that is known.
  var record: [UInt8]?
}

/// What a reader of the feed gets at once.
struct FeedPage {
  var place: FeedPlace
  var entries: [FeedEntry]
}

/// A reader of the feed remembers these two, in the same transaction as what it made of the entries.
public struct FeedCursor: Sendable, Equatable {
  public var seq: Int
  /// Nil where the reader does not say.
  public var epoch: String?

  public init(seq: Int, epoch: String? = nil) {
    self.seq = seq
    self.epoch = epoch
  }

  /// - Throws: `Failure` 3 where what follows in the feed does not follow what the reader has.
  func check(_ place: FeedPlace, path: String) throws {
    guard let why = doubt(place) else { return }
    throw Failure(
      .heldBack, reason: "reset_required",
      "The feed of \(path) cannot go on after \(seq): \(why). Load everything anew "
        + "(donl-mirror export), then go on after seq \(place.last) of epoch \(place.epoch).")
  }

  private func doubt(_ place: FeedPlace) -> String? {
    if let epoch, epoch != place.epoch { return "its epoch is \(place.epoch), not \(epoch)" }
    if seq < place.floor { return "it remembers what was before from \(place.floor) on" }
    return seq > place.last ? "it ends at \(place.last)" : nil
  }
}

extension MirrorReader {
  /// The entries after a cursor, in order.
  ///
  /// - Throws: `Failure` 3 where they do not follow what the reader has.
  func feed(after cursor: FeedCursor, limit: Int) throws -> FeedPage {
    try readConnected { try FeedPage(after: cursor, limit: limit, of: path, $0, $1) }
  }

  /// A number that stays while nothing is written to the file (SQLite, PRAGMA data_version). Costs no disk.
  func dataVersion() throws -> Int {
    try read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
  }

  /// Reads one state, by GRDB and by statements of our own.
  func readConnected<T>(_ work: (Database, OpaquePointer) throws -> T) throws -> T {
    try read { db in
      guard let connection = db.sqliteConnection else {
        throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "no connection")
      }
      return try work(db, connection)
    }
  }
}

extension FeedPage {
  fileprivate init(
    after cursor: FeedCursor, limit: Int, of path: String, _ db: Database,
    _ connection: OpaquePointer
  ) throws {
    place = try FeedPlace(db)
    try cursor.check(place, path: path)
    let memory = try RecordMemory(db, connection)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT seq, kind, dataset_id, name, run_id, recorded_at, metadata_modified, changed_fields,
          before, content_hash, replaced_by
        FROM changes WHERE seq > ? ORDER BY seq LIMIT ?
        """, arguments: [cursor.seq, limit])
    entries = try rows.map { row in
      var entry = FeedEntry(row)
      if entry.kind != .delete {
        entry.record = try memory.record(
          of: entry.datasetID, after: entry.seq, stamp: entry.metadataModified)?.line
      }
      return entry
    }
  }
}

extension MirrorSnapshot {
  /// The entries after a cursor, in order.
  ///
  /// - Throws: `Failure` 3 where they do not follow what the reader has.
  func feed(after cursor: FeedCursor, limit: Int, of path: String) throws -> FeedPage {
    try FeedPage(after: cursor, limit: limit, of: path, db, connection)
  }
}

extension FeedEntry {
  init(_ row: Row) {
    self.init(
      seq: row[0], kind: Change.Kind(rawValue: row[1]) ?? .update, datasetID: row[2], name: row[3],
      run: row[4], recordedAt: row[5], metadataModified: row[6], changedFields: row[7],
      before: row[8], contentHash: row[9], replacedBy: row[10])
  }
}

/// What every record was after each entry of the feed.
///
/// Confined to the read in which it is made.
final class RecordMemory {
  struct State {
    /// Canonical JSON in one line.
    var line: [UInt8]
    /// False where the memory does not reach so far: this is the first state after that.
    var isReached: Bool
  }

  private let stored: Statement
  private let later: Statement
  let churn: ChurnKeys

  init(_ db: Database, _ connection: OpaquePointer) throws {
    stored = try Statement(
      """
      SELECT r.json FROM all_datasets d JOIN record_rows r ON r.dataset = d.key WHERE d.id = ?
      """, on: connection)
    // The earliest entry of a dataset is never among the later ones: a `create` there is a return.
    later = try Statement(
      """
      SELECT coalesce(c.before, r.before) FROM changes c LEFT JOIN revivals r ON r.seq = c.seq
      WHERE c.dataset_id = ? AND c.seq > ? AND c.kind <> 'delete' ORDER BY c.seq
      """, on: connection)
    churn = try ChurnKeys(of: db) ?? .standard
  }

  /// - Parameter stamp: `metadata_modified` then.
  /// - Returns: nil where no record of the dataset is known.
  func record(of id: String, after seq: Int, stamp: String?) throws -> State? {
    try stored.bind(id, at: 1)
    guard let record = try stored.first({ $0.bytes(0) }) else { return nil }
    var changes: [[UInt8]] = []
    var isReached = true
    try later.bind([.text(id), .integer(Int64(seq))])
    try later.eachRow { row in
      if row.isNull(0) {
        changes = []
        isReached = false
      } else {
        changes.append(row.bytes(0))
      }
    }
    guard !changes.isEmpty else {
      return State(line: try PastRecord.line(of: record), isReached: isReached)
    }
    let line = try PastRecord.line(
      of: record, before: changes, stamp: stamp, without: churn)
    return State(line: line, isReached: isReached)
  }
}

extension ChurnKeys {
  /// Those by which the records of a mirror are hashed; nil when that is another rule than ours.
  init?(of db: Database) throws {
    let version = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'hash_version'")
    self.init(version: version ?? ChurnKeys.standard.version)
  }
}
