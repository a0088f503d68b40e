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
    /// The field's own name for a reader (Dutch).
    public var fieldLabel: String?
    public var value: String
    /// From the field's value list; nil until lists are there.
    public var label: String?
    public var portalLabel: String?
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

/// A dataset that `search` found.
public struct SearchHit: Sendable, Encodable {
  public var id: String
  public var name: String?
  public var title: String?
  public var organization: String?
  /// Where the words stand, with `[` and `]` around them.
  public var snippet: String
}

extension MirrorReader {
  /// The live dataset of this id or, else, of this name.
  ///
  /// - Throws: `Failure` 66 when there is none; it says whether it once was there.
  public func dataset(_ nameOrID: String) throws -> DatasetDetail {
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
        terms: try Self.terms(of: id, in: db),
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

  private static func terms(of id: String, in db: Database) throws -> [DatasetDetail.Term] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT u.field, f.label_nl, u.value, u.label_nl, u.portal_label, u.resource_position
        FROM uri_values u
        LEFT JOIN fields f ON f.field = u.field
          AND f.entity = CASE WHEN u.resource_position IS NULL THEN 'dataset' ELSE 'resource' END
        WHERE u.dataset_id = ?
        ORDER BY u.resource_position IS NOT NULL, u.resource_position, u.field, u.position
        """, arguments: [id]
    ).map { row in
      DatasetDetail.Term(
        field: row[0], fieldLabel: row[1], value: row[2], label: row[3], portalLabel: row[4],
        resourcePosition: row[5])
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

  /// Full-text search: all words must occur; the last may be the beginning of one.
  ///
  /// - Parameters:
  ///   - words: as a person types them; nothing in them is syntax.
  ///   - fields: `field=value` pairs that must hold too: a column of `datasets`, a URI-valued
  ///     field, or a tag (`tag=verkeer`).
  public func search(
    _ words: [String], fields: [(field: String, value: String)] = [], limit: Int = 20
  ) throws -> [SearchHit] {
    try read { db in
      var conditions: [String] = []
      var arguments: [any DatabaseValueConvertible] = []
      let phrase = Self.matchPhrase(words)
      if let phrase {
        conditions.append("datasets_fts MATCH ?")
        arguments.append(phrase)
      }
      let columns = try Set(
        db.columns(in: "datasets").map(\.name))
      for (field, value) in fields {
        if field == "tag" {
          conditions.append(
            "f.dataset_id IN (SELECT dataset_id FROM tags WHERE name = ?)")
          arguments.append(value)
        } else if columns.contains(field) {
          conditions.append(
            "f.dataset_id IN (SELECT id FROM datasets WHERE \(field.quotedDatabaseIdentifier) = ?)")
          arguments.append(value)
        } else {
          conditions.append(
            """
            f.dataset_id IN (SELECT dataset_id FROM uri_values WHERE field = ? AND value = ?
              UNION SELECT dataset_id FROM extras WHERE key = ? AND value = ?)
            """)
          arguments += [field, value, field, value]
        }
      }
      guard !conditions.isEmpty else { return [] }
      arguments.append(limit)
      let snippet = phrase == nil ? "''" : "snippet(datasets_fts, -1, '[', ']', '…', 16)"
      return try Row.fetchAll(
        db,
        sql: """
          SELECT f.dataset_id, f.name, f.title, f.organization, \(snippet)
          FROM datasets_fts f WHERE \(conditions.joined(separator: " AND "))
          ORDER BY \(phrase == nil ? "f.name" : "bm25(datasets_fts, 0, 4, 8, 1, 4, 1, 1)"), f.rowid
          LIMIT ?
          """, arguments: StatementArguments(arguments)
      ).map { row in
        SearchHit(
          id: row[0], name: row[1], title: row[2], organization: row[3], snippet: row[4] ?? "")
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
