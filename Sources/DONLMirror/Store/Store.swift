import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// The database, opened for writing: one connection, one writer, short transactions.
///
/// Readers are never blocked (WAL). The `-wal` and `-shm` files stay when we close, so that a
/// reader who may not write in the folder can still open the file (sqlite.org/wal.html, "Read-Only Databases").
final class Store: Sendable {
  /// Where the file is, links followed.
  let path: String
  let queue: DatabaseQueue
  let writer: CatalogWriter

  /// What the WAL may grow to without a word, in bytes.
  static let walBytesMax = 16 << 20

  /// Pages of the file in memory, in KiB as SQLite's minus says; the sorter of CREATE INDEX takes as much.
  private static let cacheSize = -4096

  /// Opens the database, creating or migrating it. The caller holds the `HarvestLock`.
  ///
  /// - Throws: `Failure`: 65 damaged, newer or another program's; 73, 74, 77 as the disk says.
  convenience init(path: String) throws {
    try self.init(path: path, schema: .current)
  }

  /// - Parameter patience: how long to wait for another program that writes.
  init(
    path: String, schema: Schema = .current, patience: Duration = .seconds(30)
  ) throws {
    // As SQLite does, which keeps its files beside the one that a link names.
    let path = FilePlace.resolved(path)
    self.path = path
    try Self.examine(path)
    SQLite.countNoMemory
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(patience / .seconds(1))
      // Four look-ups for each of forty rows a dataset. They are proven once, by `finishLoad`, and by
      // every `check`.
      configuration.foreignKeysEnabled = false
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = NORMAL")
        try db.execute(sql: "PRAGMA cache_size = \(Self.cacheSize)")
        try db.execute(sql: "PRAGMA journal_size_limit = \(Self.walBytesMax)")
        // One writer checkpoints, and only where it says so (the WAL-reset bug of SQLite ≤ 3.51.2).
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        var persist: Int32 = 1
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &persist)
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
      writer = try queue.inDatabase { db in
        try schema.migrate(db, path: path)
        guard let connection = db.sqliteConnection else {
          throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "no connection")
        }
        return CatalogWriter(connection)
      }
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  /// Runs the work in one immediate transaction; all of it is kept, or none.
  func write<T>(_ work: (Database) throws -> T) throws -> T {
    do {
      return try queue.write { db in
        do {
          let result = try work(db)
          try writer.finish()
          return result
        } catch {
          writer.forget()
          throw error
        }
      }
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  func read<T>(_ work: (Database) throws -> T) throws -> T {
    do {
      return try queue.inDatabase(work)
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  /// Moves what the WAL holds into the file. Readers in the way only make it wait for the next.
  func checkpoint(truncating: Bool = false) throws {
    _ = try read { db in
      try db.checkpoint(truncating ? .truncate : .passive)
    }
  }

  /// Builds what a load left out, and gathers statistics: without those of every table, SQLite may walk
  /// a large one in the order of the wrong index.
  ///
  /// - Parameter isFirst: the catalogue was loaded for the first time.
  /// - Throws: `Failure` 70 when a row names one that is not there, which a first load does not look for.
  func finishLoad(isFirst: Bool) throws {
    try buildIndexes()
    try write { db in
      // Where the smallest value went, the next is looked for.
      try db.execute(
        sql: """
          UPDATE field_sightings SET example = (
            SELECT min(substr(e.value, 1, 200)) FROM extra_rows x CROSS JOIN json_each(x.json) e
            WHERE e.key = field_sightings.key || '')
          WHERE datasets > 0 AND example IS NULL AND key IN (SELECT key FROM unknown_fields)
          """)
      if db.changesCount > 0 { writer.forget() }
    }
    if isFirst, let broken = try read(brokenKey) {
      throw Failure(
        .internalError, reason: "foreign_keys",
        "A row of \(broken.table) names one of \(broken.parent) that is not there.")
    }
    try read { try $0.execute(sql: "PRAGMA analysis_limit = 1000; ANALYZE") }
  }

  /// A row that names one that is not there.
  private func brokenKey(_ db: Database) throws -> (table: String, parent: String)? {
    let references = try Row.fetchAll(
      db,
      sql: """
        SELECT s.name, r."from", r."table", r."to", count(*)
        FROM sqlite_schema s, pragma_foreign_key_list(s.name) r
        WHERE s.type = 'table' GROUP BY s.name, r.id
        """)
    for reference in references {
      let (table, column, parent): (String, String, String) = (
        reference[0], reference[1], reference[2]
      )
      let isOneColumn = reference[4] == 1
      if Self.ordered.contains(column), try hasRange(table, column, within: parent, db) { continue }
      let key: String = reference[3]
      // Each value is looked up once, and not at every row.
      let isBroken = try Bool.fetchOne(
        db,
        sql: isOneColumn
          ? """
          SELECT EXISTS (
            SELECT 1 FROM (SELECT DISTINCT \(column) AS value FROM \(table)) AS v
            WHERE value IS NOT NULL AND value NOT IN (SELECT \(key) FROM \(parent)))
          """ : "SELECT EXISTS (SELECT 1 FROM pragma_foreign_key_check('\(table)'))")
      if isBroken == true { return (table, parent) }
    }
    return nil
  }

  /// Columns whose least and greatest value an index gives, or the table itself.
  private static let ordered: Set<String> = ["dataset", "term"]

  /// Whether the keys of the parent have no gaps, and the values of the column lie among them. A first
  /// load numbers its rows one after the other, so this proves it without a look at each row.
  private func hasRange(
    _ table: String, _ column: String, within parent: String, _ db: Database
  ) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT p.count = p.last - p.first + 1 AND c.first >= p.first AND c.last <= p.last
        FROM (
          SELECT (SELECT count(*) FROM \(parent)) AS count, (SELECT min(key) FROM \(parent)) AS first,
            (SELECT max(key) FROM \(parent)) AS last) AS p,
          (SELECT (SELECT min(\(column)) FROM \(table)) AS first,
            (SELECT max(\(column)) FROM \(table)) AS last) AS c
        """) ?? false
  }

  /// Builds the secondary indexes where they are missing.
  func buildIndexes() throws {
    let isBuilt = try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'uri_rows_term')")
        ?? false
    }
    try read { try $0.execute(sql: Schema.current.indexes) }
    guard !isBuilt else { return }
    try write { db in
      // What lost its last value while there was no index to tell.
      try db.execute(
        sql: """
          DELETE FROM terms
          WHERE first_seen IS NULL AND NOT EXISTS (SELECT 1 FROM uri_rows WHERE term = terms.key)
          """)
      if db.changesCount > 0 { writer.forget() }
    }
  }

  /// The size of the WAL. After `close` it is what a reader keeps from being emptied.
  var walBytes: Int {
    let wal = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
    return wal?[.size] as? Int ?? 0
  }

  /// Closes the database with an empty WAL, so that the file alone is the whole.
  func close() throws { _ = try closeTellingHindrance() }

  /// - Returns: why the WAL could not be emptied; nil when it is empty. It stays as it is then, and
  ///   nothing is lost.
  func closeTellingHindrance() throws -> Failure? {
    // A reader may hold the WAL. It may do so for hours, so it is not waited for long.
    try? read { try $0.execute(sql: "PRAGMA busy_timeout = 1000") }
    var hindrance: Failure?
    do {
      try checkpoint(truncating: true)
    } catch let failure as Failure {
      hindrance = failure
    }
    do {
      queue.inDatabase { _ in writer.close() }
      try queue.close()
      return hindrance
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  /// Says what is wrong with the place before SQLite answers with a number.
  static func examine(_ path: String) throws {
    let path = FilePlace.resolved(path)
    let manager = FileManager.default
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder) {
      guard !isFolder.boolValue else {
        throw Failure(.cannotCreate, reason: "is_folder", "\(path) is a folder, not a database.")
      }
      let type = try? manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      guard type == .typeRegular || type == .typeSymbolicLink else {
        throw Failure(.cannotCreate, reason: "no_file", "\(path) is not a regular file.")
      }
      try FilePlace.refuseSecondName(of: path)
      guard manager.isWritableFile(atPath: path) else {
        throw Failure(
          .noPermission, reason: "permission",
          "\(path) cannot be written by this user; check its owner and mode.")
      }
      for sidecar in [path + "-wal", path + "-shm"] where manager.fileExists(atPath: sidecar) {
        // A reader who may write in the folder leaves them behind as its own.
        guard access(sidecar, R_OK | W_OK) == 0 else {
          throw Failure(
            .noPermission, reason: "sidecar_owner",
            "\(sidecar) belongs to another user; run: chown --reference=\(path) \(sidecar)")
        }
      }
    }
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw Failure(
        .cannotCreate, reason: "no_folder",
        "The folder \(folder) does not exist; make it, or choose another --db.")
    }
    guard manager.isWritableFile(atPath: folder) else {
      throw Failure(
        .noPermission, reason: "permission",
        "The folder \(folder) cannot be written by this user, and SQLite needs that beside \(path)."
      )
    }
  }
}

extension Failure {
  /// What an error of SQLite means for the operator of the database at `path`.
  init(_ error: DatabaseError, path: String) {
    let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL:
      self.init(
        .inputOutput, reason: "disk_full",
        "The disk that holds \(path) is full; make room and run again, nothing stored is lost.")
    case .SQLITE_IOERR:
      self.init(.inputOutput, reason: "io", "Reading or writing \(path) failed: \(detail).")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .damagedDatabase, reason: "damaged",
        "\(path) is damaged or no SQLite database (\(detail)); it was left as it is. "
          + "Move it away and harvest again, or restore a copy.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(
        .noPermission, reason: "permission",
        "\(path) cannot be written (\(detail)); check the owner and mode of the file and its folder."
      )
    case .SQLITE_CANTOPEN:
      self.init(.cannotCreate, reason: "cannot_open", "\(path) cannot be opened: \(detail).")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        .temporary, reason: "busy",
        "\(path) is locked by another program for too long (\(detail)); close it and run again.")
    default:
      self.init(.internalError, reason: "database", "\(path): \(detail) (\(error.resultCode)).")
    }
  }
}
