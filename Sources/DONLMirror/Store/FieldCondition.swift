import GRDB

/// The datasets in which a field has a value, as SQL.
struct FieldCondition {
  /// Selects the keys of the datasets (`all_datasets.key`).
  let sql: String
  private let isURI: Bool
  private let field: String

  /// - Throws: `Failure` 64 for a field that neither the field table nor this database knows.
  init(_ field: String, in db: Database) throws {
    self.field = field
    let kind = try String.fetchOne(
      db, sql: "SELECT kind FROM fields WHERE field = ? ORDER BY kind GLOB 'uri*' DESC",
      arguments: [field])
    isURI = kind?.hasPrefix("uri") == true
    if field == "tag" {
      sql = "SELECT dataset FROM tag_rows WHERE ? IS NOT NULL AND name = ?"
    } else if isURI {
      sql = Self.uriCondition
    } else if try db.columns(in: "datasets").map(\.name).contains(field) {
      let column = field.quotedDatabaseIdentifier
      sql = """
        SELECT d.key FROM datasets v JOIN all_datasets d ON d.id = v.id
        WHERE ? IS NOT NULL AND v.\(column) = ?
        """
    } else if try db.columns(in: "resources").map(\.name).contains(field) {
      sql = """
        SELECT d.key FROM resources v JOIN all_datasets d ON d.id = v.dataset_id
        WHERE ? IS NOT NULL AND v.\(field.quotedDatabaseIdentifier) = ?
        """
    } else if try kind != nil || Self.isSent(field, in: db) {
      sql = """
        WITH wanted(field, value) AS (SELECT ?, ?)
        SELECT x.dataset FROM extra_rows x CROSS JOIN json_each(x.json) e
        WHERE e.value = (SELECT value FROM wanted) AND e.key IN (
          SELECT s.key || '' FROM field_sightings s, wanted w
          WHERE s.field = w.field
            OR s.field IN (SELECT m.field FROM meanings m WHERE m.meaning = w.field))
        """
    } else {
      throw try Self.unknown(field, in: db)
    }
  }

  func arguments(_ value: String) -> [any DatabaseValueConvertible] { [field, value] }

  /// By URI or by label in either language, on the field's own list, with everything below; and by
  /// the value as sent, which may be on no list. Fields of DONL 1.0 count as what they became; one
  /// that lives on with URIs in it (`source`) does so only where it holds a word, as it did then.
  private static let uriCondition = """
    WITH RECURSIVE
      wanted(field, value) AS (SELECT ?, ?),
      meant(field, is_word) AS (
        SELECT m.field, min(m.is_renamed = 1 AND m.until IS NULL)
        FROM meanings m, wanted w WHERE m.meaning = w.field GROUP BY m.field
      ),
      lists AS (
        SELECT f.value_list AS list FROM fields f
        WHERE f.field IN (SELECT field FROM meant) AND f.value_list NOT GLOB '@*'
        UNION
        SELECT s.value_list FROM spatial_schemes s, fields f
        WHERE f.field IN (SELECT field FROM meant) AND f.value_list GLOB '@*'
      ),
      found(list, uri) AS (
        SELECT c.list, c.uri FROM concepts c, wanted w
        WHERE c.list IN (SELECT list FROM lists)
          AND (c.uri = w.value OR c.label_nl = w.value COLLATE NOCASE
            OR c.label_en = w.value COLLATE NOCASE)
        UNION
        SELECT c.list, c.uri FROM found p JOIN concepts c ON c.list = p.list AND c.parent = p.uri
      )
    SELECT u.dataset FROM uri_rows u
    JOIN uri_fields f ON f.key = u.field
    JOIN terms t ON t.key = u.term
    WHERE u.term IN (
        SELECT o.key FROM terms o WHERE o.value = (SELECT value FROM wanted)
        UNION
        SELECT o.key FROM found p JOIN terms o ON o.list = p.list AND o.value = p.uri)
      AND f.field IN (SELECT field FROM meant)
      AND (t.standing IN ('malformed', 'code') OR f.field IN (
        SELECT field FROM meant WHERE NOT is_word))
    UNION ALL
    SELECT x.dataset FROM extra_rows x CROSS JOIN json_each(x.json) e
    WHERE e.value = (SELECT value FROM wanted)
      AND e.key IN (SELECT s.key || '' FROM field_sightings s JOIN meant USING (field))
      -- Most fields always held URIs: then there is nothing to look through.
      AND EXISTS (SELECT 1 FROM meant JOIN fields USING (field) WHERE kind NOT GLOB 'uri*')
    """

  private static func isSent(_ field: String, in db: Database) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM field_sightings WHERE datasets > 0 AND field = ?)",
      arguments: [field]) ?? false
  }

  private static func unknown(_ field: String, in db: Database) throws -> Failure {
    let names = try String.fetchAll(
      db,
      sql: """
        SELECT field FROM fields UNION SELECT field FROM field_sightings UNION SELECT 'tag'
        UNION SELECT name FROM pragma_table_xinfo('datasets') ORDER BY 1
        """)
    let hint = nearestName(to: field, among: names).map { " Did you mean \($0)?" } ?? ""
    return Failure(
      .usage, reason: "unknown_field",
      "There is no field \(field).\(hint) The table fields has them all, with what they mean.")
  }
}
