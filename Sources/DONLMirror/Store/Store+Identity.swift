import Crypto
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
      if try load(fields, in: db) {
        try readAgain(by: fields, in: db, at: Timestamp.text(Date()))
      }
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
    guard try meta("field_table", in: db) != table.digest else { return false }
    let columns =
      "entity, field, kind, value_list, dcat, iso19115, label_nl, label_en, names, since, until, "
      + "renamed_to, place"
    let wanted = table.fields.map { field in
      [
        field.entity.rawValue, field.name, field.kind.rawValue, field.valueList, field.dcat,
        field.iso19115, field.labelNL, field.labelEN, field.names, field.since, field.until,
        field.renamedTo,
      ]
    }
    let hadFields = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM fields)") ?? false
    try db.execute(sql: "DELETE FROM fields")
    let insert = try db.makeStatement(
      sql: "INSERT INTO fields (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (place, row) in wanted.enumerated() {
      try insert.execute(arguments: StatementArguments(row) + [place])
    }
    // The list of a field may be another one; in the order of the table, so that rows come in order.
    let number = try db.makeStatement(
      sql: """
        INSERT INTO uri_fields (entity, field, value_list) VALUES (?1, ?2, ?3)
        ON CONFLICT (entity, field, scheme) DO UPDATE SET value_list = excluded.value_list
        """)
    for field in table.fields where field.kind.isURI {
      let list = field.valueList.flatMap { $0.hasPrefix("@") ? nil : $0 }
      try number.execute(arguments: [field.entity.rawValue, field.name, list])
    }
    try setMeta("field_table", table.digest, in: db)
    writer.forget()
    return hadFields
  }

  /// Reads the stored records by another field table: a field that was text may hold URIs now. The
  /// records are the same, so nothing is told in `changes`.
  private func readAgain(by fields: FieldTable, in db: Database, at now: String) throws {
    let keys = try Int64.fetchAll(db, sql: "SELECT key FROM all_datasets WHERE deleted_at IS NULL")
    try readAgain(keys, by: fields, in: db, at: now)
  }

  /// Reads stored records again, because more is known than when they were written.
  func readAgain(
    _ keys: [Int64], by fields: FieldTable, in db: Database, at now: String
  ) throws {
    let normalizer = Normalizer(fields: fields, churn: writer.churn)
    for key in keys {
      let record = try Data.fetchOne(
        db, sql: "SELECT CAST(json AS BLOB) FROM record_rows WHERE dataset = ?", arguments: [key])
      // What was read once can be read again, unless others changed the file: `check` tells that.
      guard let record, let dataset = try? normalizer.normalize([UInt8](record)[...]) else {
        continue
      }
      try writer.readAgain(dataset, key: key, at: now)
    }
  }
}

extension FieldTable {
  /// The field table as a database has it.
  init(_ db: Database) throws {
    let rows = try Row.fetchAll(db, sql: "SELECT * FROM fields ORDER BY place")
    self.init(
      fields: rows.compactMap { row in
        guard let entity = Entity(rawValue: row["entity"]), let kind = Kind(rawValue: row["kind"])
        else { return nil }
        return Field(
          entity: entity, name: row["field"], kind: kind, valueList: row["value_list"],
          dcat: row["dcat"], iso19115: row["iso19115"], labelNL: row["label_nl"],
          labelEN: row["label_en"], names: row["names"], since: row["since"], until: row["until"],
          renamedTo: row["renamed_to"])
      })
  }

  /// Tells one table from another (`meta.field_table`).
  var digest: String {
    var hash = SHA256()
    for field in fields {
      let cells = [
        field.entity.rawValue, field.name, field.kind.rawValue, field.valueList, field.dcat,
        field.iso19115, field.labelNL, field.labelEN, field.names, field.since, field.until,
        field.renamedTo,
      ]
      hash.update(data: Array(cells.map { $0 ?? "" }.joined(separator: "\u{1F}").utf8) + [0x0A])
    }
    return hash.finalize().hex
  }
}
