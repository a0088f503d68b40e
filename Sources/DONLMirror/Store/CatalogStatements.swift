/// The statements of the write path, prepared once for a connection.
final class CatalogStatements {
  /// The statements of one child table.
  struct Child {
    let insert: Statement
    let select: Statement
    let delete: Statement
    let deleteAll: Statement

    init(_ table: ChildTable, _ connection: OpaquePointer) throws {
      let keys = table.keyColumns.map { "\($0) = ?" }.joined(separator: " AND ")
      let columns = table.columns.joined(separator: ", ")
      insert = try Statement(
        insertion(into: table.name, ["dataset"] + table.columns), on: connection)
      select = try Statement(
        """
        SELECT \(columns) FROM \(table.name) WHERE dataset = ?
        ORDER BY \(table.keyColumns.joined(separator: ", "))
        """, on: connection)
      delete = try Statement(
        "DELETE FROM \(table.name) WHERE dataset = ? AND \(keys)", on: connection)
      deleteAll = try Statement("DELETE FROM \(table.name) WHERE dataset = ?", on: connection)
    }
  }

  private let children: [Child]
  subscript(table: ChildTable) -> Child { children[table.rawValue] }

  let insertURI: Statement
  let storedURIs: Statement
  let deleteURI: Statement
  let deleteURIs: Statement
  let forgetTerm: Statement
  let storedColumns: Statement
  let storedSearched: Statement
  let storedBesidesStamp: Statement
  let stampDataset: Statement
  let known: Statement
  let storedRecord: Statement
  let liveRecord: Statement
  let insertDataset: Statement
  let updateDataset: Statement
  let buryDataset: Statement
  let writeRecord: Statement
  let markSeen: Statement
  let appendChange: Statement
  let noteRevival: Statement
  let rejectedBy: Statement
  let quarantine: Statement
  let heal: Statement
  let writeOrganization: Statement
  let writeGroup: Statement

  init(_ connection: OpaquePointer) throws {
    func prepare(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }

    children = try ChildTable.allCases.map { try Child($0, connection) }

    let uri = ["dataset", "resource", "field", "position", "term", "display_name"]
    insertURI = try prepare(insertion(into: "uri_rows", uri))
    storedURIs = try prepare(
      """
      SELECT resource, field, position, term, display_name FROM uri_rows WHERE dataset = ?
      ORDER BY resource, field, position
      """)
    deleteURI = try prepare(
      "DELETE FROM uri_rows WHERE dataset = ? AND resource = ? AND field = ? AND position = ?")
    deleteURIs = try prepare("DELETE FROM uri_rows WHERE dataset = ?")
    forgetTerm = try prepare(
      """
      DELETE FROM terms
      WHERE key = ?1 AND first_seen IS NULL AND NOT EXISTS (SELECT 1 FROM uri_rows WHERE term = ?1)
      """)

    known = try prepare(
      """
      SELECT d.key, d.content_hash, d.metadata_modified, d.deleted_at IS NOT NULL, s.walk
      FROM all_datasets d LEFT JOIN sightings s ON s.dataset = d.key WHERE d.id = ?
      """)
    liveRecord = try prepare(
      """
      SELECT r.json, d.key FROM all_datasets d JOIN record_rows r ON r.dataset = d.key
      WHERE d.id = ? AND d.deleted_at IS NULL
      """)
    storedRecord = try prepare("SELECT json FROM record_rows WHERE dataset = ?")

    let labels = LabeledColumns.dataset + LabeledColumns.periods
    let columns = DatasetColumn.names + ["content_hash", "is_repaired"] + labels.map(\.name)
    storedColumns = try prepare(
      """
      SELECT \((DatasetColumn.names + labels.map(\.name)).joined(separator: ", "))
      FROM all_datasets WHERE key = ?
      """)
    let searched = DatasetColumn.searched.map(\.name).joined(separator: ", ")
    storedSearched = try prepare(
      "SELECT \(searched) FROM all_datasets WHERE key = ? AND deleted_at IS NULL")
    let besidesStamp = DatasetColumn.names.filter { $0 != DatasetColumn.metadataModified.name }
    storedBesidesStamp = try prepare(
      """
      SELECT \((besidesStamp + labels.map(\.name)).joined(separator: ", "))
      FROM all_datasets WHERE key = ? AND deleted_at IS NULL
      """)
    stampDataset = try prepare(
      """
      UPDATE all_datasets SET metadata_modified = ?, content_hash = ?, is_repaired = ? WHERE key = ?
      """)
    insertDataset = try prepare(
      insertion(into: "all_datasets", columns + ["first_run", "first_seen"]))
    updateDataset = try prepare(
      """
      UPDATE all_datasets SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")),
        deleted_at = NULL, deleted_reason = NULL
      WHERE key = ?
      """)
    // The values of a tombstone are gone, and with them what its labels named.
    buryDataset = try prepare(
      """
      UPDATE all_datasets SET deleted_at = ?, deleted_reason = ?,
        \(labels.map { "\($0.name) = NULL" }.joined(separator: ", "))
      WHERE key = ?
      """)
    writeRecord = try prepare(
      """
      INSERT INTO record_rows (dataset, json, fetched_at) VALUES (?1, ?2, ?3)
      ON CONFLICT (dataset) DO UPDATE SET json = excluded.json, fetched_at = excluded.fetched_at
      WHERE json <> excluded.json
      """)
    markSeen = try prepare(
      """
      INSERT INTO sightings (dataset, walk) VALUES (?, ?)
      ON CONFLICT (dataset) DO UPDATE SET walk = excluded.walk WHERE walk <> excluded.walk
      """)

    appendChange = try prepare(
      insertion(
        into: "changes",
        [
          "kind", "dataset_id", "name", "run_id", "recorded_at", "metadata_modified",
          "changed_fields", "before", "content_hash", "replaced_by",
        ]))
    noteRevival = try prepare("INSERT INTO revivals (seq, before) VALUES (?, ?)")
    rejectedBy = try prepare("SELECT 1 FROM rejections WHERE key = ? AND walk = ?")
    quarantine = try prepare(
      """
      INSERT INTO rejections
        (key, dataset_id, run_id, walk, reason, detail, first_seen, last_seen, attempts, record)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 1, ?8)
      ON CONFLICT (key) DO UPDATE SET
        run_id = excluded.run_id, walk = excluded.walk, reason = excluded.reason,
        detail = excluded.detail, last_seen = excluded.last_seen, attempts = attempts + 1,
        record = excluded.record
      """)
    heal = try prepare("DELETE FROM rejections WHERE key = ?")
    writeOrganization = try prepare(Self.upsert(into: "organizations"))
    writeGroup = try prepare(Self.upsert(into: "groups"))
  }

  private static func upsert(into table: String) -> String {
    """
    INSERT INTO \(table)
      (id, name, title, description, image_url, state, created, is_listed, first_seen, last_seen)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
    ON CONFLICT (id) DO UPDATE SET
      name = coalesce(excluded.name, name), title = coalesce(excluded.title, title),
      description = CASE WHEN excluded.is_listed THEN excluded.description
        ELSE coalesce(excluded.description, description) END,
      image_url = excluded.image_url, state = coalesce(excluded.state, state),
      created = coalesce(excluded.created, created),
      is_listed = excluded.is_listed, last_seen = excluded.last_seen
    WHERE excluded.is_listed OR (
      NOT is_listed AND
      (name, title, description, image_url, state, created) IS NOT
      (excluded.name, excluded.title, excluded.description, excluded.image_url, excluded.state,
       excluded.created))
    """
  }
}

private func insertion(into table: String, _ columns: [String]) -> String {
  let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
  return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))"
}
