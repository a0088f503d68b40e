import GRDB

/// Keeps the full-text index: once for all that a transaction changes, because every statement that
/// writes to it flushes what FTS5 has gathered in memory.
///
/// Confined to the queue of the `Store` that owns it, as `CatalogWriter` is.
final class SearchIndex {
  /// The first and last key that was inserted.
  private var inserted: ClosedRange<Int64>?
  private var hasChanged = false
  private let statements: IndexStatements

  init(_ connection: OpaquePointer) throws {
    statements = try IndexStatements(connection)
  }

  func insert(_ key: Int64) {
    inserted = min(inserted?.lowerBound ?? key, key)...max(inserted?.upperBound ?? key, key)
  }

  /// What the index has of a dataset; nil when it is not in it. To be asked before its rows change.
  func text(of key: Int64) throws -> [Cell]? {
    try statements.text.bind(.integer(key), at: 1)
    return try statements.text.first { $0.cells() }
  }

  /// Notes that the rows of a dataset have changed.
  ///
  /// - Parameter before: what `text(of:)` said then: FTS5 removes by the very text that it indexed.
  func follow(_ key: Int64, from before: [Cell]?) throws {
    let after = try text(of: key)
    guard before != after else { return }
    hasChanged = true
    if let before {
      try statements.noteRemoved.bind([.integer(key)] + before)
      try statements.noteRemoved.run()
    }
    if after != nil {
      try statements.noteAdded.bind(.integer(key), at: 1)
      try statements.noteAdded.run()
    }
  }

  /// Writes what was noted; in the transaction that changed the rows.
  func flush() throws {
    if hasChanged {
      try statements.remove.run()
      try statements.add.run()
      try statements.forgetRemoved.run()
      try statements.forgetAdded.run()
      hasChanged = false
    }
    if let inserted {
      try statements.insert.bind([.integer(inserted.lowerBound), .integer(inserted.upperBound)])
      try statements.insert.run()
      self.inserted = nil
    }
  }
}

private struct IndexStatements {
  let text: Statement
  let noteRemoved: Statement
  let noteAdded: Statement
  let remove: Statement
  let add: Statement
  let forgetRemoved: Statement
  let forgetAdded: Statement
  let insert: Statement

  private static let columns = "dataset_id, name, title, notes, tags, organization, resources"

  init(_ connection: OpaquePointer) throws {
    func prepare(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }
    try prepare(
      """
      CREATE TEMP TABLE IF NOT EXISTS unindexed (
        rowid INTEGER PRIMARY KEY, \(Self.columns.replacing(",", with: " TEXT,")) TEXT)
      """
    ).run()
    try prepare("CREATE TEMP TABLE IF NOT EXISTS reindexed (key INTEGER PRIMARY KEY)").run()
    let columns = Self.columns
    text = try prepare("SELECT \(columns) FROM fts_rows WHERE rowid = ?")
    noteRemoved = try prepare(
      "INSERT OR IGNORE INTO temp.unindexed (rowid, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    noteAdded = try prepare("INSERT OR IGNORE INTO temp.reindexed VALUES (?)")
    remove = try prepare(
      """
      INSERT INTO datasets_fts (datasets_fts, rowid, \(columns))
      SELECT 'delete', rowid, \(columns) FROM temp.unindexed
      """)
    add = try prepare(
      """
      INSERT INTO datasets_fts (rowid, \(columns))
      SELECT rowid, \(columns) FROM fts_rows WHERE rowid IN (SELECT key FROM temp.reindexed)
      """)
    forgetRemoved = try prepare("DELETE FROM temp.unindexed")
    forgetAdded = try prepare("DELETE FROM temp.reindexed")
    insert = try prepare(
      """
      INSERT INTO datasets_fts (rowid, \(columns))
      SELECT rowid, \(columns) FROM fts_rows WHERE rowid BETWEEN ? AND ?
      """)
  }
}
