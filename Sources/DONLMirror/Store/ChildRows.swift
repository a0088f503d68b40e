/// The rows that hang under a dataset: resources, tags, groups, extras and URI values. What is there already is left
/// alone.
struct ChildRows {
  private let sql: CatalogStatements

  init(_ sql: CatalogStatements) { self.sql = sql }

  func insert(_ rows: DatasetRows, into table: ChildTable, key: Int64) throws {
    let statement = sql[table].insert
    var place: Int32 = 2
    try rows.eachRow(of: table) { cell in
      try statement.bind(lent: cell, at: place)
      place += 1
    } end: {
      try statement.bind(.integer(key), at: 1)
      try statement.run()
      place = 2
    }
  }

  func insert(_ row: URIRow, key: Int64) throws {
    let statement = sql.insertURI
    try statement.bind(.integer(key), at: 1)
    try statement.bind(.integer(row.resource), at: 2)
    try statement.bind(.integer(row.field), at: 3)
    try statement.bind(.integer(row.position), at: 4)
    try statement.bind(.integer(row.term), at: 5)
    try statement.bind(row.displayName == 0 ? .null : .integer(row.displayName), at: 6)
    try statement.run()
  }

  /// The child tables that do not hold these very rows.
  func changed(by rows: DatasetRows, key: Int64) throws -> Set<ChildTable> {
    var changed: Set<ChildTable> = []
    for table in ChildTable.allCases {
      try sql[table].select.bind(.integer(key), at: 1)
      let isStored = try sql[table].select.hasJust {
        try rows.eachRow(of: table, cell: $0, end: $1)
      }
      // Tags and groups may come in another order than the table has them.
      if try !isStored && storedRows(of: key, in: table) != Set(rows.cells(of: table)) {
        changed.insert(table)
      }
    }
    return changed
  }

  private func storedRows(of key: Int64, in table: ChildTable) throws -> Set<[Cell]> {
    var stored: Set<[Cell]> = []
    try sql[table].select.bind(.integer(key), at: 1)
    try sql[table].select.eachRow { stored.insert($0.cells()) }
    return stored
  }

  func follow(_ rows: [[Cell]], in table: ChildTable, key: Int64) throws {
    let stored = try storedRows(of: key, in: table)
    for row in stored.subtracting(rows) {
      try sql[table].delete.bind(.integer(key), at: 1)
      try sql[table].delete.bind(row.prefix(table.keyColumns.count), from: 2)
      try sql[table].delete.run()
    }
    for row in rows where !stored.contains(row) {
      try sql[table].insert.bind(.integer(key), at: 1)
      try sql[table].insert.bind(row, from: 2)
      try sql[table].insert.run()
    }
  }

  func storedURIs(of key: Int64) throws -> Set<URIRow> {
    var stored: Set<URIRow> = []
    try sql.storedURIs.bind(.integer(key), at: 1)
    try sql.storedURIs.eachRow { stored.insert(URIRow($0)) }
    return stored
  }

  /// - Returns: the terms that lost a value.
  func followURIs(_ rows: [URIRow], key: Int64) throws -> Set<Int64> {
    guard try !isStored(rows, key: key) else { return [] }
    let stored = try storedURIs(of: key)
    let wanted = Set(rows)
    var loosened: Set<Int64> = []
    for row in stored.subtracting(wanted) {
      try sql.deleteURI.bind([
        .integer(key), .integer(row.resource), .integer(row.field), .integer(row.position),
      ])
      try sql.deleteURI.run()
      loosened.insert(row.term)
    }
    for row in rows where !stored.contains(row) { try insert(row, key: key) }
    return loosened
  }

  /// Whether the values are these, by resource, field and position.
  func isStored(_ rows: [URIRow], key: Int64) throws -> Bool {
    let wanted = rows.sorted {
      ($0.resource, $0.field, $0.position) < ($1.resource, $1.field, $1.position)
    }
    try sql.storedURIs.bind(.integer(key), at: 1)
    var next = 0
    var isEqual = true
    try sql.storedURIs.eachRow { row in
      isEqual = isEqual && next < wanted.count && wanted[next] == URIRow(row)
      next += 1
    }
    return isEqual && next == wanted.count
  }
}

extension URIRow {
  /// By the columns of `CatalogStatements.storedURIs`.
  fileprivate init(_ row: Statement.Columns) {
    self.init(
      resource: row.integer(0), field: row.integer(1), position: row.integer(2),
      term: row.integer(3), displayName: row.integer(4))
  }
}
