import GRDB

/// A dataset as `show` tells it.
public struct DatasetDetail: Sendable, Encodable {
  public struct Distribution: Sendable, Encodable {
    public var position: Int
    public var name: String?
    public var description: String?
    public var url: String?
    public var format: String?
    public var mimetype: String?
    public var lastModified: String?
  }

  /// A value of a URI-valued field.
  public struct Term: Sendable, Encodable {
    public var field: String
    /// The field's own name for a reader.
    public var fieldLabel: String?
    public var value: String
    /// From the field's value list, in the language asked; nil when no list has it.
    public var label: String?
    /// The display name that the portal sent.
    public var portalLabel: String?
    public var valueList: String?
    public var resourcePosition: Int?
  }

  public struct Pair: Sendable, Encodable {
    public var key: String
    public var value: String
  }

  /// By the column names of `datasets`; NULLs are left out.
  public var columns: [Pair]
  public var terms: [Term]
  public var tags: [String]
  public var resources: [Distribution]
  public var extras: [Pair]
  /// The newest last.
  public var changes: [Pair]

  public subscript(column: String) -> String? {
    columns.first { $0.key == column }?.value
  }
}

extension MirrorReader {
  /// The live dataset of this id or, else, of this name.
  ///
  /// - Parameter language: of the labels.
  /// - Throws: `Failure` 66 when there is none; it says whether it once was there.
  public func dataset(
    _ nameOrID: String, in language: LabelLanguage = .dutch
  ) throws -> DatasetDetail {
    try read { db in
      let columns = try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM datasets WHERE id = ?1
          UNION ALL SELECT * FROM (SELECT * FROM datasets WHERE name = ?1 ORDER BY id) LIMIT 1
          """, arguments: [nameOrID])
      guard let columns else { throw try Self.missing(nameOrID, in: db) }
      let id: String = columns["id"]
      return DatasetDetail(
        columns: columns.compactMap { name, value in
          String.fromDatabaseValue(value).map { DatasetDetail.Pair(key: name, value: $0) }
            ?? Int64.fromDatabaseValue(value).map {
              DatasetDetail.Pair(key: name, value: String($0))
            }
        },
        terms: try Self.terms(of: id, in: db, language),
        tags: try String.fetchAll(
          db, sql: "SELECT name FROM tags WHERE dataset_id = ? ORDER BY name", arguments: [id]),
        resources: try Self.distributions(of: id, in: db),
        extras: try Self.pairs(
          db, "SELECT key, value FROM extras WHERE dataset_id = ? AND resource_position IS NULL", id
        ),
        changes: try Self.pairs(
          db,
          """
          SELECT recorded_at, kind || coalesce(' ' || changed_fields, '')
          FROM changes WHERE dataset_id = ? ORDER BY seq
          """, id))
    }
  }

  private static func missing(_ nameOrID: String, in db: Database) throws -> Failure {
    let gone = try String.fetchOne(
      db,
      sql: "SELECT deleted_at FROM deleted_datasets WHERE id = ?1 OR name = ?1 LIMIT 1",
      arguments: [nameOrID])
    let past = gone.map { " It was deleted at \($0)." } ?? ""
    return Failure(
      .noDatabase, reason: "no_dataset",
      "No live dataset has the id or name \(nameOrID).\(past) Try donl-mirror search.")
  }

  private static func pairs(_ db: Database, _ sql: String, _ id: String) throws
    -> [DatasetDetail.Pair]
  {
    try Row.fetchAll(db, sql: sql, arguments: [id]).map {
      DatasetDetail.Pair(key: $0[0], value: $0[1])
    }
  }

  private static func terms(
    of id: String, in db: Database, _ language: LabelLanguage
  ) throws -> [DatasetDetail.Term] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT u.field, f.\(language.column), u.value, u.\(language.column), u.portal_label,
          u.value_list, u.resource_position
        FROM uri_values u
        LEFT JOIN fields f ON f.field = u.field
          AND f.entity = CASE WHEN u.resource_position IS NULL THEN 'dataset' ELSE 'resource' END
        WHERE u.dataset_id = ?
        ORDER BY u.resource_position IS NOT NULL, u.resource_position, u.field, u.position
        """, arguments: [id]
    ).map { row in
      DatasetDetail.Term(
        field: row[0], fieldLabel: row[1], value: row[2], label: row[3], portalLabel: row[4],
        valueList: row[5], resourcePosition: row[6])
    }
  }

  private static func distributions(of id: String, in db: Database) throws
    -> [DatasetDetail.Distribution]
  {
    try Row.fetchAll(
      db,
      sql: """
        SELECT position, name, description, url, format, mimetype, last_modified
        FROM resources WHERE dataset_id = ? ORDER BY position
        """, arguments: [id]
    ).map { row in
      DatasetDetail.Distribution(
        position: row[0], name: row[1], description: row[2], url: row[3], format: row[4],
        mimetype: row[5], lastModified: row[6])
    }
  }
}

/// A dataset that `search` found.
public struct SearchHit: Sendable, Encodable {
  public var id: String
  public var name: String?
  public var title: String?
  /// The account of CKAN under which it is published.
  public var organization: String?
  /// URI of the data owner.
  public var owner: String?
  /// From the list of organizations, in the language asked.
  public var ownerLabel: String?
  /// Where the words stand, with `[` and `]` around them.
  public var snippet: String
}

extension MirrorReader {
  /// Full-text search: all words must occur; the last may be the beginning of one.
  ///
  /// - Parameters:
  ///   - words: as a person types them; nothing in them is syntax.
  ///   - fields: `field=value` pairs that must hold too: a tag (`tag=verkeer`), a URI-valued field by
  ///     URI or label, with what stands below it on its list, a column of `datasets` or `resources`,
  ///     or a key of `extras`.
  ///   - language: of the owner's label.
  /// - Throws: `Failure` 64 for a field that neither the field table nor this database knows.
  public func search(
    _ words: [String], fields: [(field: String, value: String)] = [], limit: Int = 20,
    in language: LabelLanguage = .dutch
  ) throws -> [SearchHit] {
    try read { db in
      var conditions: [String] = []
      var arguments: [any DatabaseValueConvertible] = []
      let phrase = Self.matchPhrase(words)
      if let phrase {
        conditions.append("datasets_fts MATCH ?")
        arguments.append(phrase)
      }
      for (field, value) in fields {
        let condition = try FieldCondition(field, in: db)
        conditions.append("f.rowid IN (\(condition.sql))")
        arguments += condition.arguments(value)
      }
      guard !conditions.isEmpty else { return [] }
      arguments.append(limit)
      let snippet = phrase == nil ? "''" : "snippet(datasets_fts, -1, '[', ']', '…', 16)"
      return try Row.fetchAll(
        db,
        sql: """
          SELECT h.*, l.owner, l.owner_\(language.rawValue)
          FROM (
            SELECT f.dataset_id, f.name, f.title, f.organization, \(snippet), f.rowid
            FROM \(phrase == nil ? "fts_rows" : "datasets_fts") f WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(phrase == nil ? "f.name" : "bm25(datasets_fts, 0, 4, 8, 1, 4, 1, 1)"), f.rowid
            LIMIT ?
          ) h CROSS JOIN labeled_datasets l ON l.id = h.dataset_id
          """, arguments: StatementArguments(arguments)
      ).map { row in
        SearchHit(
          id: row[0], name: row[1], title: row[2], organization: row[3], owner: row[6],
          ownerLabel: row[7], snippet: row[4] ?? "")
      }
    }
  }

  /// Each word a quoted string, so that FTS5's own syntax stays out; the last one a prefix.
  static func matchPhrase(_ words: [String]) -> String? {
    let words = words.flatMap { $0.split(whereSeparator: \.isWhitespace) }
      .map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
    return words.isEmpty ? nil : words.joined(separator: " ") + "*"
  }
}

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
