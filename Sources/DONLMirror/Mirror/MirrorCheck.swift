import Foundation
import GRDB

extension MirrorReader {
  /// Looks whether everything holds that we promise of a database: SQLite's own integrity, and our
  /// invariants. Writes nothing beside the database; the full-text index is checked on a copy in
  /// the temporary folder, which needs the room for it.
  ///
  /// - Throws: `Failure` where the file cannot be read at all. What can be read and is damaged is a
  ///   problem of a check.
  public func check() throws -> [Check] {
    let sound = try soundness()
    // What SQLite itself finds damaged tells nothing about our invariants.
    guard sound.first?.isPassed == true else { return sound }
    return try sound + read(invariants) + checksOfCopy()
  }

  private func soundness() throws -> [Check] {
    var integrity = Check("integrity", "every page, index and constraint is whole")
    var foreignKeys = Check("foreign_keys", "no row belongs to one that is not there")
    do {
      try queue.read { db in
        for line in try String.fetchAll(db, sql: "PRAGMA integrity_check(100)") where line != "ok" {
          integrity.add(line)
        }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
          foreignKeys.add(
            "\(row[0] as String) row \(row[1] as Int64? ?? 0) names a missing row of "
              + "\(row[2] as String)")
        }
      }
    } catch let error as DatabaseError where error.isDamage {
      integrity.add(error.message ?? "\(error.resultCode)")
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
    return [integrity, foreignKeys]
  }

  private func invariants(_ db: Database) throws -> [Check] {
    var checks = try Invariant.all.map { try $0.check(db) }
    checks.append(try contentHashes(db))
    checks.append(try memory(db))
    return checks
  }

  /// Goes back to every entry of the feed, as far as the memory reaches, and hashes what was there.
  private func memory(_ db: Database) throws -> Check {
    var check = Check("memory", "every earlier state follows from the present one and the feed")
    guard let connection = db.sqliteConnection else { return check }
    let since = """
      SELECT max(coalesce((SELECT value + 0 FROM meta WHERE key = 'hash_since'), 0),
        coalesce((SELECT value + 0 FROM meta WHERE key = '\(FeedPlace.floorKey)'), 0))
      """
    let memory = try RecordMemory(db, connection)
    // What the present record is, `content_hash` tells.
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT c.seq, c.dataset_id, c.content_hash FROM changes c
        WHERE c.kind <> 'delete' AND c.seq > (\(since))
          AND EXISTS (SELECT 1 FROM changes n WHERE n.dataset_id = c.dataset_id AND n.seq > c.seq)
        ORDER BY c.seq
        """)
    while let row = try rows.next() {
      let (seq, id, stored): (Int, String, String?) = (row[0], row[1], row[2])
      do {
        guard let state = try memory.record(of: id, after: seq, stamp: nil), state.isReached else {
          continue
        }
        let hash = try ContentHash.hash(of: state.line, without: memory.churn)
        if hash != stored {
          check.add("seq \(seq): \(id) was \(stored ?? "-"), and going back gives \(hash)")
        }
      } catch let fault as JSONFault {
        check.add("seq \(seq): what \(id) had is no JSON any more: \(fault.detail)")
      }
    }
    return check
  }

  /// Hashes every stored record anew. A change behind our back seldom gets both right.
  private func contentHashes(_ db: Database) throws -> Check {
    var check = Check("content_hash", "each hash is that of the stored record")
    // Of hashes by a rule that we do not know, `meta` tells.
    guard let churn = try ChurnKeys(of: db) else { return check }
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT d.id, d.content_hash, CAST(r.json AS BLOB)
        FROM all_datasets d JOIN record_rows r ON r.dataset = d.key ORDER BY d.id
        """)
    while let row = try rows.next() {
      let (id, stored, record): (String, String, Data) = (row[0], row[1], row[2])
      do {
        let hash = try ContentHash.hash(of: [UInt8](record), without: churn)
        if hash != stored { check.add("\(id): stored \(stored), the record has \(hash)") }
      } catch {
        check.add("\(id): the stored record is no JSON any more: \(error.detail)")
      }
    }
    return check
  }

  /// What is asked by statements that write is asked of a copy.
  private func checksOfCopy() throws -> [Check] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("donl-mirror-check-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    } catch {
      throw Failure(.cannotCreate, reason: "no_folder", "\(folder.path) cannot be made: \(error).")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("copy.db").path
    try copy(to: path)
    do {
      let copy = try DatabaseQueue(path: path)
      return try copy.writeWithoutTransaction { db in [try fullText(db), try resolution(db)] }
    } catch let error as DatabaseError {
      throw Failure(error, path: path)
    }
  }

  /// FTS5 compares its index with the rows it was built from. That is asked by an INSERT.
  private func fullText(_ db: Database) throws -> Check {
    var check = Check("full_text", "the search index says what the rows say")
    do {
      try db.execute(
        sql: "INSERT INTO datasets_fts (datasets_fts, rank) VALUES ('integrity-check', 1)")
    } catch let error as DatabaseError where error.isDamage {
      check.add("the index and the rows differ: \(error.message ?? "\(error.resultCode)")")
    }
    return check
  }

  /// Reads every stored record again, and resolves its values anew.
  private func resolution(_ db: Database) throws -> Check {
    var check = Check("resolution", "reading every record again would change no row")
    guard let connection = db.sqliteConnection else { return check }
    guard let churn = try ChurnKeys(of: db) else { return check }
    let writer = CatalogWriter(connection)
    defer { writer.close() }
    let normalizer = Normalizer(fields: try FieldTable(db), churn: churn)
    try db.inTransaction {
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT d.key, d.id, CAST(r.json AS BLOB)
          FROM all_datasets d JOIN record_rows r ON r.dataset = d.key
          WHERE d.deleted_at IS NULL ORDER BY d.id
          """)
      while let row = try rows.next() {
        let (key, id, record): (Int64, String, Data) = (row[0], row[1], row[2])
        // What is no record any more, `content_hash` tells.
        guard let dataset = try? normalizer.normalize([UInt8](record)[...]) else { continue }
        let tables = try writer.differences(of: dataset, key: key)
        if !tables.isEmpty {
          check.add(
            "\(id): its record would be read otherwise into \(tables.joined(separator: ", "))")
        }
      }
      return .rollback
    }
    return check
  }
}

extension DatabaseError {
  fileprivate var isDamage: Bool {
    [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(resultCode.primaryResultCode)
  }
}

/// One thing that must hold in the database, and what does not hold of it.
public struct Check: Sendable, Equatable, Encodable {
  /// A stable word: `integrity`, `foreign_keys`, `feed` …
  public var name: String
  /// What holds when there are no problems, for a person.
  public var promise: String
  /// How many problems there are.
  public var problems = 0
  /// The first of them, a sentence each.
  public var examples: [String] = []

  public var isPassed: Bool { problems == 0 }

  /// Of the problems, how many are kept in words.
  static let examplesMax = 10

  init(_ name: String, _ promise: String) {
    self.name = name
    self.promise = promise
  }

  mutating func add(_ problem: String) {
    problems += 1
    if examples.count < Self.examplesMax { examples.append(problem) }
  }
}
