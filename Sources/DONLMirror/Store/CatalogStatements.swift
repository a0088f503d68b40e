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
        "SELECT \(columns) FROM \(table.name) WHERE dataset = ?", on: connection)
      delete = try Statement(
        "DELETE FROM \(table.name) WHERE dataset = ? AND \(keys)", on: connection)
      deleteAll = try Statement("DELETE FROM \(table.name) WHERE dataset = ?", on: connection)
    }
  }

  private let children: [Child]
  subscript(table: ChildTable) -> Child { children[table.rawValue] }

  let known: Statement
  let storedRecord: Statement
  let insertDataset: Statement
  let updateDataset: Statement
  let buryDataset: Statement
  let writeRecord: Statement
  let markSeen: Statement
  let index: Statement
  let unindex: Statement
  let appendChange: Statement
  let rejectedBy: Statement
  let quarantine: Statement
  let heal: Statement
  let knownFields: Statement
  let noteField: Statement
  let writeOrganization: Statement
  let writeGroup: Statement

  init(_ connection: OpaquePointer) throws {
    func prepare(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }

    children = try ChildTable.allCases.map { try Child($0, connection) }

    known = try prepare(
      """
      SELECT d.key, d.content_hash, d.metadata_modified, d.deleted_at IS NOT NULL, s.walk
      FROM all_datasets d LEFT JOIN sightings s ON s.dataset = d.key WHERE d.id = ?
      """)
    storedRecord = try prepare("SELECT json FROM record_rows WHERE dataset = ?")

    let columns = DatasetColumn.names + ["content_hash", "is_repaired"]
    insertDataset = try prepare(
      insertion(into: "all_datasets", columns + ["first_run", "first_seen"]))
    updateDataset = try prepare(
      """
      UPDATE all_datasets SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")),
        deleted_at = NULL, deleted_reason = NULL
      WHERE key = ?
      """)
    buryDataset = try prepare(
      "UPDATE all_datasets SET deleted_at = ?, deleted_reason = ? WHERE key = ?")
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

    let text = "rowid, dataset_id, name, title, notes, tags, organization, resources"
    index = try prepare(
      "INSERT INTO datasets_fts (\(text)) SELECT \(text) FROM fts_rows WHERE rowid = ?")
    unindex = try prepare(
      """
      INSERT INTO datasets_fts (datasets_fts, \(text))
      SELECT 'delete', \(text) FROM fts_rows WHERE rowid = ?
      """)

    appendChange = try prepare(
      insertion(
        into: "changes",
        [
          "kind", "dataset_id", "name", "run_id", "recorded_at", "metadata_modified",
          "changed_fields", "content_hash", "replaced_by",
        ]))
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
    knownFields = try prepare("SELECT entity, field, json_type FROM field_sightings")
    noteField = try prepare(
      insertion(
        into: "field_sightings", ["entity", "field", "json_type", "first_seen"], or: "IGNORE"))
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

private func insertion(
  into table: String, _ columns: [String], or conflict: String = "ABORT"
) -> String {
  let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
  return
    "INSERT OR \(conflict) INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))"
}
