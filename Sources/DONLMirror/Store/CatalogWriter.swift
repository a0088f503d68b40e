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

  private struct Knowledge {
    let vocabulary: Vocabulary
    let census: FieldCensus
    let index: SearchIndex

    init(_ connection: OpaquePointer) throws {
      vocabulary = try Vocabulary(connection)
      census = try FieldCensus(connection)
      index = try SearchIndex(connection)
    }
  }

  private let connection: OpaquePointer
  private var statements: CatalogStatements?
  private var isClosed = false
  /// Organizations and groups as last written from a record, so that a repeated copy costs nothing.
  private var written: [GroupKind: GroupCopies] = [:]
  /// What is known of values and of keys; read when the first record is written.
  private var knowledge: Knowledge?
  /// Terms that lost a value in this transaction, and may have been used by nothing else.
  private var loosened: Set<Int64> = []
  /// What does not count as content at this portal.
  var churn = ChurnKeys.standard
  /// What was odd about the records written so far.
  var news = StoreNews()

  init(_ connection: OpaquePointer) {
    self.connection = connection
  }

  /// Lets go of the statements, without which the connection cannot close.
  func close() {
    forget()
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

  private var children: ChildRows {
    get throws { ChildRows(try sql) }
  }

  private var known: Knowledge {
    get throws {
      if let knowledge { return knowledge }
      let read = try Knowledge(connection)
      knowledge = read
      return read
    }
  }

  /// Forgets what was remembered of the database: it was changed otherwise, or a transaction was
  /// rolled back.
  func forget() {
    knowledge = nil
    mayHoldRejections = nil
    written = [:]
    loosened = []
  }

  /// Writes what is written once for all that a transaction changes. To be called before it ends.
  func finish() throws {
    guard let knowledge else { return }
    try knowledge.census.flush()
    try knowledge.index.flush()
    try forgetLoosened()
  }

  /// What no value is any more goes, as soon as there is an index to tell.
  private func forgetLoosened() throws {
    guard !loosened.isEmpty else { return }
    defer { loosened = [] }
    guard try hasIndexes() else { return }
    var gone = 0
    for term in loosened.sorted() {
      try execute(sql.forgetTerm, [.integer(term)])
      gone += Int(sqlite3_changes(connection))
    }
    if gone > 0 { knowledge?.vocabulary.forgetTerms() }
  }

  private func hasIndexes() throws -> Bool {
    try Statement(
      "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'uri_rows_term'", on: connection
    ).first { _ in true } ?? false
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
  func storedRecord(of key: Int64, unlessEqualTo record: ArraySlice<UInt8>) throws -> [UInt8]? {
    try sql.storedRecord.bind(.integer(key), at: 1)
    let stored: [UInt8]?? = try sql.storedRecord.first { row in
      row.equals(0, record) ? nil : row.bytes(0)
    }
    return stored ?? []
  }

  /// The key of a live dataset that has this very record.
  func key(of id: String, storedAs record: ArraySlice<UInt8>) throws -> Int64? {
    try sql.liveRecord.bind(id, at: 1)
    return try sql.liveRecord.first { $0.equals(0, record) ? $0.integer(1) : nil } ?? nil
  }

  func insert(_ dataset: Dataset, run: Int64, runStarted: String, at now: String) throws -> Int64 {
    try withRows(of: dataset, at: now) { rows in
      let place = try bindColumns(of: dataset, rows, to: sql.insertDataset)
      try sql.insertDataset.bind(.integer(run), at: place)
      try sql.insertDataset.bind(runStarted, at: place + 1)
      try sql.insertDataset.run()
      let key = sqlite3_last_insert_rowid(connection)
      try writeGroups(rows, at: now)
      let children = try children
      for table in ChildTable.allCases { try children.insert(rows, into: table, key: key) }
      for row in rows.uris { try children.insert(row, key: key) }
      try writeRecord(rows, key: key, at: now)
      try known.census.add(dataset, rows.texts, key: key)
      try known.index.insert(key)
      return key
    }
  }

  /// Makes the rows follow the record, touching only those that differ: most records come again for a
  /// newer stamp alone.
  func update(_ dataset: Dataset, key: Int64, at now: String) throws {
    try withRows(of: dataset, at: now) { rows in
      try writeGroups(rows, at: now)
      let changed = try children.changed(by: rows, key: key)
      let isFoundOtherwise =
        try changed.contains(.resources) || changed.contains(.tags)
        || !isStored(rows.eachSearched, by: sql.storedSearched, key: key)
      let before = isFoundOtherwise ? try known.index.text(of: key) : nil
      try updateColumns(of: dataset, rows, key: key)
      try follow(rows, in: changed, of: dataset, key: key)
      try writeRecord(rows, key: key, at: now)
      if isFoundOtherwise { try known.index.follow(key, from: before) }
    }
  }

  /// Makes the rows follow another reading of the same record. What is searched stays as it is: no
  /// field table decides about that.
  func readAgain(_ dataset: Dataset, key: Int64, at now: String) throws {
    // The record is not new, and so is nothing in it.
    let told = news
    defer { news = told }
    try withRows(of: dataset, at: now) { rows in
      try updateColumns(of: dataset, rows, key: key)
      try follow(rows, in: try children.changed(by: rows, key: key), of: dataset, key: key)
    }
  }

  /// The tables in which reading the record again would change something.
  func differences(of dataset: Dataset, key: Int64) throws -> [String] {
    try withRows(of: dataset, at: "") { rows in
      var tables: [String] = []
      let changed = try children.changed(by: rows, key: key)
      tables += ChildTable.allCases.filter(changed.contains).map(\.name)
      if try !children.isStored(rows.uris, key: key) { tables.append("uri_rows") }
      try sql.storedColumns.bind(.integer(key), at: 1)
      var columns: [Cell] = []
      rows.eachColumn { columns.append($0.cell) }
      rows.eachLabel { columns.append($0.cell) }
      if try sql.storedColumns.first({ $0.cells() }) != columns { tables.append("all_datasets") }
      return tables
    }
  }

  /// Turns a live dataset into a tombstone. Its last record stays.
  func bury(_ key: Int64, reason: String, at now: String) throws {
    let before = try known.index.text(of: key)
    try known.census.remove(key)
    for table in ChildTable.allCases { try execute(sql[table].deleteAll, [.integer(key)]) }
    loosened.formUnion(try children.storedURIs(of: key).map(\.term))
    try execute(sql.deleteURIs, [.integer(key)])
    try execute(sql.buryDataset, [.text(now), .text(reason), .integer(key)])
    try known.index.follow(key, from: before)
  }

  /// - Returns: whether this walk had not seen it before.
  @discardableResult
  func markSeen(_ key: Int64, by walk: Int64) throws -> Bool {
    try execute(sql.markSeen, [.integer(key), .integer(walk)])
    return sqlite3_changes(connection) > 0
  }

  // MARK: Feed and quarantine

  func append(_ change: Change) throws {
    try execute(
      sql.appendChange,
      [
        .text(change.kind.rawValue), .text(change.datasetID), Cell(change.name),
        .integer(change.run), .text(change.recordedAt), Cell(change.metadataModified),
        Cell(try change.changedFields.map(jsonArray)), Cell(change.before),
        Cell(change.contentHash), Cell(change.replacedBy),
      ])
  }

  /// Keeps what a dataset had been that the last change brings back.
  func noteRevival(_ before: String) throws {
    try execute(
      sql.noteRevival, [.integer(sqlite3_last_insert_rowid(connection)), .text(before)])
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
    try rejection.record.withView { record in
      try sql.quarantine.bind(lentBlob: record, at: 8)
      try sql.quarantine.run()
    }
    mayHoldRejections = true
    return true
  }

  /// A good record heals the quarantine of its dataset.
  func heal(_ id: String) throws {
    let mayHold =
      try mayHoldRejections
      ?? Statement("SELECT 1 FROM rejections", on: connection).first { _ in true } ?? false
    mayHoldRejections = mayHold
    if mayHold { try execute(sql.heal, [.text(id)]) }
  }

  /// False where there is nothing to heal; nil where nobody has looked.
  private var mayHoldRejections: Bool?

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

  /// - Returns: the place of the next parameter.
  private func bindColumns(
    of dataset: Dataset, _ rows: DatasetRows, to statement: Statement
  ) throws -> Int32 {
    var place: Int32 = 1
    func bind(_ cell: LentCell) throws {
      try statement.bind(lent: cell, at: place)
      place += 1
    }
    try rows.eachColumn(bind)
    try statement.bind(dataset.contentHash, at: place)
    try statement.bind(.integer(dataset.isRepaired ? 1 : 0), at: place + 1)
    place += 2
    try rows.eachLabel(bind)
    return place
  }

  /// Where the stamp is all that is new, the indexes of the other columns are left alone.
  private func updateColumns(of dataset: Dataset, _ rows: DatasetRows, key: Int64) throws {
    let stamp = DatasetColumn.metadataModified.rawValue
    let isStampOnly = try isStored(
      { cell, end in
        var column = 0
        try rows.eachColumn {
          if column != stamp { try cell($0) }
          column += 1
        }
        try rows.eachLabel(cell)
        try end()
      }, by: sql.storedBesidesStamp, key: key)
    guard isStampOnly else {
      let place = try bindColumns(of: dataset, rows, to: sql.updateDataset)
      try sql.updateDataset.bind(.integer(key), at: place)
      return try sql.updateDataset.run()
    }
    try sql.stampDataset.bind(
      lent: LentCell(rows.content.columns[stamp], rows.texts), at: 1)
    try sql.stampDataset.bind(dataset.contentHash, at: 2)
    try sql.stampDataset.bind(.integer(dataset.isRepaired ? 1 : 0), at: 3)
    try sql.stampDataset.bind(.integer(key), at: 4)
    try sql.stampDataset.run()
  }

  private func writeGroups(_ rows: DatasetRows, at now: String) throws {
    if let organization = rows.content.organization {
      try writeCopy(organization, rows.texts, as: .organization, at: now)
    }
    for group in rows.content.groups {
      try writeCopy(group, rows.texts, as: .group, at: now)
    }
  }

  private func writeCopy(
    _ group: RecordGroup, _ texts: LentTexts, as kind: GroupKind, at now: String
  ) throws {
    guard written[kind, default: GroupCopies()].isNew(group, texts) else { return }
    try write(CatalogGroup(group, texts), as: kind, isListed: false, at: now)
  }

  // MARK: Rows

  /// Lends out the rows of a dataset; what they name for the first time is written.
  private func withRows<Result>(
    of dataset: Dataset, at now: String, _ body: (DatasetRows) throws -> Result
  ) throws -> Result {
    if dataset.lostNumbers > 0 { news.lostNumbers.append(dataset.id) }
    let known = try known
    let dataset = known.vocabulary.mended(dataset)
    return try dataset.texts.lent { texts in
      let rows = DatasetRows(
        texts: texts, content: dataset.content,
        resolved: try known.vocabulary.resolve(dataset, texts),
        extras: try known.census.code(dataset, texts, at: now, news: &news))
      return try body(rows)
    }
  }

  private func follow(
    _ rows: DatasetRows, in changed: Set<ChildTable>, of dataset: Dataset, key: Int64
  ) throws {
    for table in ChildTable.allCases where table != .extras && changed.contains(table) {
      try children.follow(rows.cells(of: table), in: table, key: key)
    }
    loosened.formUnion(try children.followURIs(rows.uris, key: key))
    guard changed.contains(.extras) else { return }
    try known.census.remove(key)
    try children.follow(rows.cells(of: .extras), in: .extras, key: key)
    try known.census.add(dataset, rows.texts, key: key)
  }

  private func isStored(
    _ rows: (_ cell: (LentCell) throws -> Void, _ end: () throws -> Void) throws -> Void,
    by select: Statement, key: Int64
  ) throws -> Bool {
    try select.bind(.integer(key), at: 1)
    return try select.hasJust(rows)
  }

  private func writeRecord(_ rows: DatasetRows, key: Int64, at now: String) throws {
    try sql.writeRecord.bind(.integer(key), at: 1)
    try sql.writeRecord.bind(lent: rows.texts.record, at: 2)
    try sql.writeRecord.bind(now, at: 3)
    try sql.writeRecord.run()
  }

  private func execute(_ statement: Statement, _ cells: [Cell]) throws {
    try statement.bind(cells)
    try statement.run()
  }
}
