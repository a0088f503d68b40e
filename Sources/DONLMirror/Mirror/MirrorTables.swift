import GRDB

/// A table or view of the mirror as readers elsewhere get it.
struct MirrorTable: Sendable {
  /// What a value is; NULL is always possible.
  enum Kind: Sendable {
    case text, integer, json
    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`
    case stamp
  }

  /// Which rows a change of a dataset can change.
  enum Scope: Sendable, Equatable {
    /// Those that bear its id in this column.
    case dataset(String)
    /// Any; the table is small.
    case whole
    /// None that is there: rows are added, in the order of this column.
    case log(String)
  }

  struct Column: Sendable {
    var name: String
    var kind: Kind
  }

  var name: String
  var scope: Scope
  /// By which a row is known, where that is text of bounded length.
  var key: [String]
  var columns: [Column] = []

  var sql: String {
    "SELECT \(columns.map { $0.name.quotedDatabaseIdentifier }.joined(separator: ", ")) FROM \(name)"
  }
}

/// Which rows of a table.
enum MirrorScope {
  case everything
  /// Of these datasets, as a JSON array of ids; of a log what came after the number.
  case since(ids: String, seq: Int, run: Int)
}

extension MirrorTable {
  /// Every table that leaves the mirror, those of the datasets first.
  static let names: [MirrorTable] = [
    MirrorTable(name: "datasets", scope: .dataset("id"), key: ["id"]),
    MirrorTable(name: "records", scope: .dataset("dataset_id"), key: ["dataset_id"]),
    MirrorTable(name: "resources", scope: .dataset("dataset_id"), key: ["dataset_id", "position"]),
    MirrorTable(name: "uri_values", scope: .dataset("dataset_id"), key: []),
    MirrorTable(name: "tags", scope: .dataset("dataset_id"), key: []),
    MirrorTable(name: "extras", scope: .dataset("dataset_id"), key: []),
    MirrorTable(name: "dataset_groups", scope: .dataset("dataset_id"), key: []),
    MirrorTable(name: "deleted_datasets", scope: .whole, key: ["id"]),
    MirrorTable(name: "organizations", scope: .whole, key: []),
    MirrorTable(name: "groups", scope: .whole, key: []),
    MirrorTable(name: "licenses", scope: .whole, key: []),
    MirrorTable(name: "value_lists", scope: .whole, key: []),
    MirrorTable(name: "concepts", scope: .whole, key: []),
    MirrorTable(name: "concept_labels", scope: .whole, key: []),
    MirrorTable(name: "fields", scope: .whole, key: []),
    MirrorTable(name: "runs", scope: .log("id"), key: ["id"]),
    MirrorTable(name: "changes", scope: .log("seq"), key: ["seq"]),
  ]

  /// The tables with their columns, in the order in which the database has them.
  static func all(_ db: Database) throws -> [MirrorTable] {
    try names.map { table in
      var table = table
      table.columns = try Row.fetchAll(
        db, sql: "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0",
        arguments: [table.name]
      ).map { row in
        let name: String = row[0]
        return Column(name: name, kind: kind(of: name, in: table.name, declared: row[1]))
      }
      return table
    }
  }

  private static func kind(of column: String, in table: String, declared: String?) -> Kind {
    // An expression of a view declares nothing.
    if declared?.uppercased() == "INTEGER" || column == "resource_position" { return .integer }
    if jsons.contains("\(table).\(column)") { return .json }
    // What a server said of its list, word for word.
    if "\(table).\(column)" == "value_lists.last_modified" { return .text }
    return stamps.contains(column) ? .stamp : .text
  }

  private static let jsons: Set = ["records.json", "changes.changed_fields", "changes.before"]

  private static let stamps: Set = [
    "first_seen", "last_seen", "deleted_at", "created", "last_modified", "metadata_created",
    "metadata_modified", "checkpoint", "fetched_at", "checked_at", "failed_at", "removed_at",
    "recorded_at", "started_at", "finished_at", "observed_at",
  ]
}

/// What a dataset is now, or was once.
struct DatasetState {
  /// The entry of the feed that led to it.
  var seq: Int
  var datasetID: String
  var name: String?
  var metadataModified: String?
  var contentHash: String?
  /// In one line; nil where it is deleted.
  var record: [UInt8]?
}

/// One state of the mirror, read table by table.
///
/// Confined to the read in which it is made.
final class MirrorSnapshot {
  let place: FeedPlace
  let db: Database
  let connection: OpaquePointer

  init(_ db: Database, _ connection: OpaquePointer) throws {
    self.db = db
    self.connection = connection
    place = try FeedPlace(db)
  }

  func tables() throws -> [MirrorTable] { try MirrorTable.all(db) }

  func meta(_ key: String) throws -> String? {
    try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
  }

  func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }

  /// Rows of a table, column by column.
  func eachRow(
    of table: MirrorTable, _ scope: MirrorScope = .everything,
    _ body: (Statement.Columns) throws -> Void
  ) throws {
    let statement: Statement
    switch (table.scope, scope) {
    case (_, .everything), (.whole, _):
      statement = try Statement(table.sql, on: connection)
    case (.dataset(let column), .since(let ids, _, _)):
      statement = try Statement(
        "\(table.sql) WHERE \(column) IN (SELECT value FROM json_each(?))", on: connection)
      try statement.bind(ids, at: 1)
    case (.log(let column), .since(_, let seq, let run)):
      statement = try Statement(
        "\(table.sql) WHERE \(column) > ? ORDER BY \(column)", on: connection)
      try statement.bind(.integer(Int64(column == "seq" ? seq : run)), at: 1)
    }
    try statement.eachRow(body)
  }

  /// Rows of any query.
  func eachRow(_ sql: String, _ arguments: [Cell] = [], _ body: (Statement.Columns) throws -> Void)
    throws
  {
    let statement = try Statement(sql, on: connection)
    try statement.bind(arguments)
    try statement.eachRow(body)
  }

  func statement(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }

  /// The datasets that changed after an entry of the feed, in the order of their ids.
  func changed(after seq: Int) throws -> [String] {
    try String.fetchAll(
      db, sql: "SELECT DISTINCT dataset_id FROM changes WHERE seq > ? ORDER BY 1", arguments: [seq])
  }

  /// What else may have changed since an entry of the feed, which tells of no churn and of no list.
  struct Surroundings {
    /// Datasets of which only what churns has changed since, as far as our clock tells; and some that have
    /// not.
    var touched: [String]
    /// A value list says something else than it did.
    var hasOtherLabels: Bool
  }

  func surroundings(since seq: Int) throws -> Surroundings {
    let moment = try String.fetchOne(
      db, sql: "SELECT recorded_at FROM changes WHERE seq <= ? ORDER BY seq DESC LIMIT 1",
      arguments: [seq])
    return Surroundings(
      touched: try String.fetchAll(
        db,
        sql: """
          SELECT d.id FROM record_rows r JOIN all_datasets d ON d.key = r.dataset
          WHERE r.fetched_at >= ? AND d.deleted_at IS NULL ORDER BY d.id
          """, arguments: [moment ?? ""]),
      hasOtherLabels: try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM value_lists WHERE fetched_at >= ?)",
        arguments: [moment ?? ""]) ?? false)
  }

  /// The rows that belong to some datasets, and those of the logs since an entry of the feed.
  func scope(of ids: [String], since seq: Int) throws -> MirrorScope {
    // The run that told of it may have gone on since.
    let run = try Int.fetchOne(
      db, sql: "SELECT run_id FROM changes WHERE seq <= ? ORDER BY seq DESC LIMIT 1",
      arguments: [seq])
    return .since(ids: try jsonArray(ids), seq: seq, run: (run ?? 0) - 1)
  }

  /// The last state of datasets, in the order of their ids.
  ///
  /// - Parameter ids: nil: every live one; else also those that are deleted.
  func eachDataset(_ ids: [String]? = nil, _ body: (DatasetState) throws -> Void) throws {
    let sql = """
      SELECT d.id, d.name, d.metadata_modified, d.content_hash, d.deleted_at IS NOT NULL, r.json,
        (SELECT max(seq) FROM changes WHERE dataset_id = d.id)
      FROM all_datasets d JOIN record_rows r ON r.dataset = d.key
      """
    func tell(_ row: Statement.Columns) throws {
      let isDeleted = row.integer(4) == 1
      try body(
        DatasetState(
          seq: Int(row.integer(6)), datasetID: row.text(0) ?? "", name: row.text(1),
          metadataModified: row.text(2), contentHash: row.text(3),
          record: isDeleted ? nil : try PastRecord.line(of: row.bytes(5))))
    }
    guard let ids else {
      return try eachRow("\(sql) WHERE d.deleted_at IS NULL ORDER BY d.id", [], tell)
    }
    try eachRow(
      "\(sql) WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.id",
      [.text(try jsonArray(ids))], tell)
  }
}

extension MirrorReader {
  /// Reads one state, however long that takes.
  func snapshot<T>(_ work: (MirrorSnapshot) throws -> T) throws -> T {
    try readConnected { db, connection in
      // GRDB reads each call in a transaction of its own.
      try work(MirrorSnapshot(db, connection))
    }
  }
}
