import Foundation
import GRDB
import GRDBSQLite

extension MirrorReader {
  func edition() throws -> Edition { try read(Edition.init) }

  /// Writes the present state to an empty file that any reader can open: one file without WAL,
  /// defragmented, with statistics for the planner, and checked.
  ///
  /// - Parameter beat: called while SQLite works, many times a second: a large file takes minutes.
  /// - Throws: `Failure` 65 when the copy is not whole, 73, 74 or 77 as the disk says;
  ///   `CancellationError` when the task is cancelled, within a moment.
  func writeCopy(to path: String, beat: @escaping @Sendable () -> Void = {}) async throws {
    try await Self.interruptibly(queue, path, beat) { db in
      // The copy takes this over: nobody reads it yet, and it is synced as a whole later.
      try db.execute(sql: "PRAGMA synchronous = OFF")
      try db.execute(sql: "VACUUM INTO ?", arguments: [path])
    }
    do {
      let copy = try DatabaseQueue(path: path)
      try await Self.interruptibly(copy, path, beat) { db in
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = MEMORY")
        try db.execute(sql: "PRAGMA synchronous = OFF; PRAGMA analysis_limit = 1000; ANALYZE")
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
        try Self.expectWhole(db, path)
      }
      try copy.close()
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  func close() { try? queue.close() }

  /// Ends what is being read, with an error.
  func interrupt() { queue.interrupt() }

  private static func expectWhole(_ db: Database, _ path: String) throws {
    let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
    guard verdict == "ok" else {
      throw Failure(
        .damagedDatabase, reason: "damaged",
        "\(path) is damaged (\(verdict)); donl-mirror check tells more.")
    }
  }

  private static func interruptibly(
    _ queue: DatabaseQueue, _ path: String, _ beat: @escaping @Sendable () -> Void,
    _ work: (Database) throws -> Void
  ) async throws {
    do {
      try await withTaskCancellationHandler {
        try Task.checkCancellation()
        try queue.inDatabase { db in try Self.beating(db, beat) { try work(db) } }
      } onCancel: {
        queue.interrupt()
      }
    } catch let error as DatabaseError {
      try Task.checkCancellation()
      throw Failure(error, path: path)
    }
  }

  /// Calls `beat` after every so many steps of SQLite's machine.
  private static func beating(
    _ db: Database, _ beat: @escaping @Sendable () -> Void, _ work: () throws -> Void
  ) throws {
    let connection = db.sqliteConnection
    let box = Unmanaged.passRetained(Beat(beat))
    sqlite3_progress_handler(
      connection, 10_000,
      { box in
        if let box { Unmanaged<Beat>.fromOpaque(box).takeUnretainedValue().beat() }
        return 0
      }, box.toOpaque())
    defer {
      sqlite3_progress_handler(connection, 0, nil, nil)
      box.release()
    }
    try work()
  }

  private final class Beat: Sendable {
    let beat: @Sendable () -> Void

    init(_ beat: @escaping @Sendable () -> Void) { self.beat = beat }
  }
}

/// The copy that is published now.
public struct Publication: Sendable, Encodable {
  /// The link that readers open.
  public var path: String
  /// The file behind it, which never changes.
  public var generation: String
  public var seq: Int
  public var epoch: String?
  public var completeAsOf: String?
  public var publishedAt: String
  public var bytes: Int
  /// False when the copy that was there is still what the mirror holds.
  public var isNew = false

  /// - Throws: `Failure` 66 when nothing is published there, and others when it cannot be opened.
  public init(at path: String) throws {
    self.path = path
    let edition = try Self.edition(at: path)
    seq = edition.seq
    epoch = edition.epoch
    completeAsOf = edition.completeAsOf
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    generation = file.lastPathComponent
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    publishedAt = Timestamp.text(attributes[.modificationDate] as? Date ?? .distantPast)
    bytes = attributes[.size] as? Int ?? 0
  }

  static func edition(at path: String) throws -> Edition {
    let reader = try MirrorReader(path: path)
    defer { reader.close() }
    return try reader.edition()
  }

  /// `published catalog-000000303.db as public/catalog.db`
  public var line: String {
    isNew
      ? "published \(generation) as \(path)"
      : "nothing changed: \(path) is \(generation)"
  }
}
