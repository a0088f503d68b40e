import Foundation
import GRDB

extension Store {
  func meta(_ key: String) throws -> String? {
    try read { db in try meta(key, in: db) }
  }

  func meta(_ key: String, in db: Database) throws -> String? {
    try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
  }

  func setMeta(_ key: String, _ value: String, in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO meta (key, value) VALUES (?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value
        """, arguments: [key, value])
  }

  /// Makes sure that this database is the mirror of `source`; the first run writes it.
  ///
  /// - Parameters:
  ///   - rebinding: the same catalogue has moved to this address.
  ///   - churn: what does not count as content from now on.
  /// - Throws: `Failure` 78 when it mirrors another portal; nothing is changed.
  func claim(
    _ source: String, rebinding: Bool, fields: FieldTable, churn: ChurnKeys = .standard
  ) throws {
    let owner = try meta("source")
    guard owner == nil || owner == source || rebinding else {
      throw Failure(
        .configuration, reason: "other_portal",
        "\(path) mirrors \(owner ?? ""), not \(source); nothing was changed. "
          + "Use another --db, or --rebind if the same catalogue has moved to that address.")
    }
    try write { db in
      try setMeta("source", source, in: db)
      if owner != nil, owner != source {
        // An offset in the catalogue at the old address says nothing about the new one.
        try db.execute(sql: "UPDATE walks SET state = 'dropped' WHERE state = 'open'")
      }
      try setMeta("license", "CC-0", in: db)
      writer.churn = churn
      if let version = try meta("hash_version", in: db), version != churn.version {
        try hashAgain(without: churn, in: db)
      }
      try setMeta("hash_version", churn.version, in: db)
      try setMeta("tool_version", toolVersion, in: db)
      try db.execute(
        sql: "INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?)",
        arguments: [UUID().uuidString.lowercased()])
      if try load(fields, in: db) { try readAgain(by: fields, in: db) }
    }
  }

  /// Hashes the stored records by another rule. Their content is what it was, so nothing is told in
  /// `changes`, whose hashes up to here are by the earlier rule.
  private func hashAgain(without churn: ChurnKeys, in db: Database) throws {
    let keys = try Int64.fetchAll(db, sql: "SELECT key FROM all_datasets")
    let record = try db.makeStatement(
      sql: "SELECT CAST(json AS BLOB) FROM record_rows WHERE dataset = ?")
    let update = try db.makeStatement(
      sql: "UPDATE all_datasets SET content_hash = ?1 WHERE key = ?2 AND content_hash <> ?1")
    for key in keys {
      // What was read once can be read again, unless others changed the file: `check` tells that.
      guard let stored = try Data.fetchOne(record, arguments: [key]),
        let hash = try? ContentHash.hash(of: [UInt8](stored), without: churn)
      else { continue }
      try update.execute(arguments: [hash, key])
    }
    let seq = try Int64.fetchOne(db, sql: "SELECT max(seq) FROM changes") ?? 0
    try setMeta("hash_since", "\(seq)", in: db)
  }

  func feedState() throws -> FeedState { try read(FeedState.init) }

  /// Lets the database say which state it is in from now on. Durable before it returns: the mark
  /// beside it may then say the same.
  ///
  /// - Parameter formerEpochs: begins a new epoch, and these are over.
  func enter(_ state: String, endingEpochs formerEpochs: [String]? = nil) throws {
    try read { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    defer { try? read { try $0.execute(sql: "PRAGMA synchronous = NORMAL") } }
    try write { db in
      try setMeta("feed_state", state, in: db)
      guard let formerEpochs else { return }
      try setMeta("former_epochs", formerEpochs.joined(separator: " "), in: db)
      try setMeta("epoch", UUID().uuidString.lowercased(), in: db)
    }
  }

  /// Makes the table `fields` say what the field table says.
  ///
  /// - Returns: True when the records that are stored were read by another table.
  private func load(_ table: FieldTable, in db: Database) throws -> Bool {
    let columns =
      "entity, field, kind, value_list, dcat, iso19115, label_nl, label_en, names, since, until, "
      + "renamed_to"
    let wanted = table.fields.map { field in
      [
        field.entity.rawValue, field.name, field.kind.rawValue, field.valueList, field.dcat,
        field.iso19115, field.labelNL, field.labelEN, field.names, field.since, field.until,
        field.renamedTo,
      ]
    }
    let stored = try Row.fetchAll(db, sql: "SELECT \(columns) FROM fields").map { row in
      (0..<row.count).map { row[$0] as String? }
    }
    guard Set(stored) != Set(wanted) else { return false }
    try db.execute(sql: "DELETE FROM fields")
    for row in wanted {
      try db.execute(
        sql: "INSERT INTO fields (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: StatementArguments(row))
    }
    return !stored.isEmpty
  }

  /// Reads the stored records by another field table: a field that was text may hold URIs now. The
  /// records are the same, so nothing is told in `changes`.
  private func readAgain(by fields: FieldTable, in db: Database) throws {
    let normalizer = Normalizer(fields: fields, churn: writer.churn)
    let keys = try Int64.fetchAll(db, sql: "SELECT key FROM all_datasets WHERE deleted_at IS NULL")
    for key in keys {
      let record = try Data.fetchOne(
        db, sql: "SELECT CAST(json AS BLOB) FROM record_rows WHERE dataset = ?", arguments: [key])
      // What was read once can be read again, unless others changed the file: `check` tells that.
      guard let record, let dataset = try? normalizer.normalize([UInt8](record)[...]) else {
        continue
      }
      try writer.readAgain(dataset, key: key)
    }
  }
}
