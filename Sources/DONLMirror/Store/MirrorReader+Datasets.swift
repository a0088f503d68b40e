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
