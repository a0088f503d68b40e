import Foundation
import GRDB

/// The mirror, opened for reading only. Never blocks the writer, and writes nothing.
public struct MirrorReader: Sendable {
  public let path: String
  let queue: DatabaseQueue
  private let schema: Schema

  /// - Throws: `Failure` 66 when there is no database yet, 65 when it is damaged, newer than we are
  ///   or another program's, 77 when this user may not read it, 73 when its log may be another name's.
  public init(path: String) throws {
    try self.init(path: path, schema: .current)
  }

  init(path: String, schema: Schema) throws {
    self.path = path
    self.schema = schema
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure(
        .noDatabase, reason: "no_database",
        "There is no database at \(path) yet; run donl-mirror harvest, or name another with --db.")
    }
    guard !isFolder.boolValue else {
      throw Failure(.noDatabase, reason: "is_folder", "\(path) is a folder, not a database.")
    }
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw Failure(
        .noPermission, reason: "permission", "\(path) cannot be read by this user; check its mode.")
    }
    try FilePlace.refuseSecondNameOfLog(of: FilePlace.resolved(path))
    SQLite.countNoMemory
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(10)
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { db in
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        try Schema.judge(
          version: version, application: application, upTo: schema.version, path: path)
        guard version > 0 else {
          throw Failure(
            .noDatabase, reason: "no_database",
            "\(path) is empty; run donl-mirror harvest first.")
        }
      }
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  /// Reads one state; within another reading of this reader, the state of that.
  func read<T>(_ work: (Database) throws -> T) throws -> T {
    do {
      return try queue.unsafeReentrantRead { db in
        guard !db.isInsideTransaction else { return try work(db) }
        var result: T?
        try db.inTransaction(.deferred) {
          result = try work(db)
          return .commit
        }
        guard let result else {
          throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "nothing was read")
        }
        return result
      }
    } catch let error as DatabaseError {
      throw try older(error) ?? Failure(error, path: path)
    }
  }

  /// What an error of SQL means while the file is that of an older version: it may well lack the
  /// view that was asked. Most can be read all the same, so it is no error before that.
  private func older(_ error: DatabaseError) throws -> Failure? {
    guard error.resultCode == .SQLITE_ERROR else { return nil }
    let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } ?? 0
    guard version < schema.version else { return nil }
    return Failure(
      .temporary, reason: "older_schema",
      "\(path) has schema version \(version), and this needs \(schema.version); "
        + "the next donl-mirror harvest brings a database up, and publishes a copy anew.")
  }

  /// Writes the present state to a new file.
  func copy(to destination: String) throws {
    do {
      try queue.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [destination]) }
    } catch let error as DatabaseError {
      throw Failure(error, path: destination)
    }
  }
}

/// What the mirror knows of a dataset that the portal may list.
struct StoredDataset: Sendable, Equatable {
  var id: String
  var name: String?
  var metadataModified: String?
  /// Why the portal's list may lack it: held, still active, or without evidence (`absences`).
  var absence: String?
}

/// Ids that the portal lists, and why the mirror lacks them or their newest state.
struct MissingRecords: Sendable, Equatable {
  var quarantined: Set<String> = []
  /// The portal counts or lists them, and does not serve them.
  var unserved: Set<String> = []

  func explanation(of id: String) -> String? {
    if quarantined.contains(id) { return "its record is in quarantine" }
    return unserved.contains(id) ? "the portal lists it and does not serve it" : nil
  }
}

extension MirrorReader {
  /// The live datasets, and why others may be missing.
  func inventory() throws -> (datasets: [StoredDataset], missing: MissingRecords) {
    try read { db in
      let datasets = try Row.fetchAll(
        db,
        sql: """
          SELECT d.id, d.name, d.metadata_modified, a.state || ': ' || a.detail
          FROM all_datasets d LEFT JOIN absences a ON a.dataset = d.key
          WHERE d.deleted_at IS NULL ORDER BY d.id
          """
      ).map { row in
        StoredDataset(id: row[0], name: row[1], metadataModified: row[2], absence: row[3])
      }
      var missing = MissingRecords()
      missing.quarantined = try String.fetchSet(
        db, sql: "SELECT dataset_id FROM rejections WHERE dataset_id IS NOT NULL")
      // An earlier version has no such view.
      if try db.viewExists("unserved_records") {
        missing.unserved = try String.fetchSet(
          db, sql: "SELECT dataset_id FROM unserved_records WHERE dataset_id IS NOT NULL")
      }
      return (datasets, missing)
    }
  }

  func source() throws -> String? {
    try read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'source'") }
  }
}

extension MirrorReader {
  /// When the last run began, however it ended; nil when there was none.
  public func lastRun() throws -> Date? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT started_at FROM runs ORDER BY id DESC LIMIT 1")
    }.flatMap(Timestamp.date)
  }
}

/// Which file a name leads to.
struct FileIdentity: Equatable, Sendable {
  let device: UInt
  let inode: UInt

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }
}
