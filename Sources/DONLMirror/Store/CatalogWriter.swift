import Foundation
import GRDB
import GRDBSQLite

/// Writes datasets and what belongs to them, by statements that are prepared once, and only when
/// there is something to write.
///
/// Confined to the queue of the `Store` that owns it: every call happens inside a transaction there.
final class CatalogWriter: @unchecked Sendable {
  /// What the store knows of a dataset that arrives again.
  struct Known {
    var key: Int64
    var contentHash: String
    var metadataModified: String?
    var isDeleted: Bool
    /// The last walk that saw it.
    var walk: Int64?
  }

  private let connection: OpaquePointer
  private var statements: CatalogStatements?
  private var isClosed = false
  /// Organizations and groups as last written from a record, so that a repeated copy costs nothing.
  private var written: [GroupKind: [String: CatalogGroup]] = [:]
  /// What `field_sightings` holds; read when the first record is written.
  private var sightings: Set<FieldSighting>?
  /// What does not count as content at this portal.
  var churn = ChurnKeys.standard
  /// What was odd about the records written so far.
  var news = StoreNews()

  init(_ connection: OpaquePointer) {
    self.connection = connection
  }

  /// Lets go of the statements, without which the connection cannot close.
  func close() {
    statements = nil
    isClosed = true
  }

  private var sql: CatalogStatements {
    get throws {
      if let statements { return statements }
      guard !isClosed else {
        throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the store is closed")
      }
      let prepared = try CatalogStatements(connection)
      statements = prepared
      return prepared
    }
  }

  // MARK: Datasets

  func known(_ id: String) throws -> Known? {
    try sql.known.bind(id, at: 1)
    return try sql.known.first { row in
      Known(
        key: row.integer(0), contentHash: row.text(1) ?? "", metadataModified: row.text(2),
        isDeleted: row.integer(3) == 1, walk: row.isNull(4) ? nil : row.integer(4))
    }
  }

  /// The stored bytes, unless they are equal to these.
  func storedRecord(of key: Int64, unlessEqualTo record: [UInt8]) throws -> [UInt8]? {
    try sql.storedRecord.bind(.integer(key), at: 1)
    let stored: [UInt8]?? = try sql.storedRecord.first { row in
      row.equals(0, record) ? nil : row.bytes(0)
    }
    return stored ?? []
  }

  func insert(_ dataset: Dataset, run: Int64, runStarted: String, at now: String) throws -> Int64 {
    let first = Int32(DatasetColumn.names.count)
    try sql.insertDataset.bind(dataset.columns)
    try sql.insertDataset.bind(dataset.contentHash, at: first + 1)
    try sql.insertDataset.bind(.integer(dataset.isRepaired ? 1 : 0), at: first + 2)
    try sql.insertDataset.bind(.integer(run), at: first + 3)
    try sql.insertDataset.bind(runStarted, at: first + 4)
    try sql.insertDataset.run()
    let key = sqlite3_last_insert_rowid(connection)
    try writeGroups(of: dataset, at: now)
    for table in ChildTable.allCases {
      try insert(table.rows(of: dataset), into: table, key: key)
    }
    try writeRecord(dataset.record, key: key, at: now)
    try noteFields(of: dataset, at: now)
    try execute(sql.index, [.integer(key)])
    return key
  }

  /// Makes the rows follow the record, touching only those that differ.
  func update(_ dataset: Dataset, key: Int64, at now: String) throws {
    // Before the rows change: FTS5 removes by the very text that it indexed.
    try execute(sql.unindex, [.integer(key)])
    try updateColumns(of: dataset, key: key)
    try writeGroups(of: dataset, at: now)
    for table in ChildTable.allCases {
      try follow(table.rows(of: dataset), in: table, key: key)
    }
    try writeRecord(dataset.record, key: key, at: now)
    try noteFields(of: dataset, at: now)
    try execute(sql.index, [.integer(key)])
  }

  /// Makes the rows follow another reading of the same record. What is searched stays as it is: no
  /// field table decides about that.
  func readAgain(_ dataset: Dataset, key: Int64) throws {
    try updateColumns(of: dataset, key: key)
    for table in ChildTable.allCases where table != .groups {
      try follow(table.rows(of: dataset), in: table, key: key)
    }
  }

  /// Turns a live dataset into a tombstone. Its last record stays.
  func bury(_ key: Int64, reason: String, at now: String) throws {
    try execute(sql.unindex, [.integer(key)])
    for table in ChildTable.allCases {
      try execute(sql[table].deleteAll, [.integer(key)])
    }
    try execute(sql.buryDataset, [.text(now), .text(reason), .integer(key)])
  }

  func markSeen(_ key: Int64, by walk: Int64) throws {
    try execute(sql.markSeen, [.integer(key), .integer(walk)])
  }

  // MARK: Feed and quarantine

  func append(_ change: Change) throws {
    try execute(
      sql.appendChange,
      [
        .text(change.kind.rawValue), .text(change.datasetID), Cell(change.name),
        .integer(change.run), .text(change.recordedAt), Cell(change.metadataModified),
        Cell(try change.changedFields.map(jsonArray)), Cell(change.contentHash),
        Cell(change.replacedBy),
      ])
  }

  /// Keeps the bytes and the reason. Answers false when this walk has already seen them so.
  func quarantine(
    _ rejection: Rejection, key: String, walk: Int64, run: Int64, at now: String
  ) throws -> Bool {
    try sql.rejectedBy.bind([.text(key), .integer(walk)])
    guard try sql.rejectedBy.first({ _ in true }) == nil else { return false }
    try sql.quarantine.bind([
      .text(key), Cell(rejection.datasetID), .integer(run), .integer(walk),
      .text(rejection.reason.rawValue), .text(rejection.detail), .text(now),
    ])
    try sql.quarantine.bind(blob: rejection.record, at: 8)
    try sql.quarantine.run()
    return true
  }

  /// A good record heals the quarantine of its dataset.
  func heal(_ id: String) throws {
    try execute(sql.heal, [.text(id)])
  }

  // MARK: Organizations and groups

  /// Writes what the portal's own list says (`isListed`), or the thin copy inside a record, which
  /// never replaces a row that the list has written.
  func write(_ group: CatalogGroup, as kind: GroupKind, isListed: Bool, at now: String) throws {
    try execute(
      kind == .organization ? sql.writeOrganization : sql.writeGroup,
      [
        .text(group.id), Cell(group.name), Cell(group.title), Cell(group.description),
        Cell(group.imageURL), Cell(group.state), Cell(group.created),
        .integer(isListed ? 1 : 0), .text(now),
      ])
  }

  private func updateColumns(of dataset: Dataset, key: Int64) throws {
    let first = Int32(DatasetColumn.names.count)
    try sql.updateDataset.bind(dataset.columns)
    try sql.updateDataset.bind(dataset.contentHash, at: first + 1)
    try sql.updateDataset.bind(.integer(dataset.isRepaired ? 1 : 0), at: first + 2)
    try sql.updateDataset.bind(.integer(key), at: first + 3)
    try sql.updateDataset.run()
  }

  private func writeGroups(of dataset: Dataset, at now: String) throws {
    if let organization = dataset.organization {
      try writeCopy(organization, as: .organization, at: now)
    }
    for group in dataset.groups {
      try writeCopy(group, as: .group, at: now)
    }
  }

  private func writeCopy(_ group: CatalogGroup, as kind: GroupKind, at now: String) throws {
    guard written[kind]?[group.id] != group else { return }
    try write(group, as: kind, isListed: false, at: now)
    written[kind, default: [:]][group.id] = group
  }

  // MARK: Rows

  private func insert(_ rows: some Sequence<[Cell]>, into table: ChildTable, key: Int64) throws {
    let statement = try sql[table].insert
    for row in rows {
      try statement.bind(.integer(key), at: 1)
      try statement.bind(row, from: 2)
      try statement.run()
    }
  }

  private func follow(_ rows: [[Cell]], in table: ChildTable, key: Int64) throws {
    try sql[table].select.bind(.integer(key), at: 1)
    var stored: Set<[Cell]> = []
    try sql[table].select.eachRow { stored.insert($0.cells()) }
    let wanted = Set(rows)
    guard stored != wanted else { return }

    for row in stored.subtracting(wanted) {
      try sql[table].delete.bind(.integer(key), at: 1)
      try sql[table].delete.bind(row.prefix(table.keyColumns.count), from: 2)
      try sql[table].delete.run()
    }
    try insert(rows.filter { !stored.contains($0) }, into: table, key: key)
  }

  private func writeRecord(_ record: [UInt8], key: Int64, at now: String) throws {
    try sql.writeRecord.bind(.integer(key), at: 1)
    try sql.writeRecord.bind(text: record, at: 2)
    try sql.writeRecord.bind(now, at: 3)
    try sql.writeRecord.run()
  }

  /// Keeps when a key outside the columns first came, in each JSON type.
  private func noteFields(of dataset: Dataset, at now: String) throws {
    if dataset.lostNumbers > 0 { news.lostNumbers.append(dataset.id) }
    var known = try sightings ?? storedSightings()
    sightings = nil
    for extra in dataset.extras {
      let sighting = FieldSighting(
        entity: extra.resourcePosition == nil ? .dataset : .resource, field: extra.key,
        jsonType: extra.jsonType)
      guard !known.contains(sighting) else { continue }
      news.add(sighting, known: known)
      known.insert(sighting)
      try execute(
        sql.noteField,
        [
          .text(sighting.entity.rawValue), .text(sighting.field), .text(sighting.jsonType),
          .text(now),
        ])
    }
    sightings = known
  }

  private func storedSightings() throws -> Set<FieldSighting> {
    var stored: Set<FieldSighting> = []
    try sql.knownFields.eachRow { row in
      stored.insert(
        FieldSighting(
          entity: row.text(0).flatMap(FieldTable.Entity.init) ?? .dataset,
          field: row.text(1) ?? "", jsonType: row.text(2) ?? ""))
    }
    return stored
  }

  private func execute(_ statement: Statement, _ cells: [Cell]) throws {
    try statement.bind(cells)
    try statement.run()
  }
}

/// CKAN keeps organizations and groups in one shape, and we in two tables.
enum GroupKind: Sendable {
  case organization, group
}

/// `["a","b"]`.
func jsonArray(_ strings: [String]) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  return String(decoding: try encoder.encode(strings), as: UTF8.self)
}
