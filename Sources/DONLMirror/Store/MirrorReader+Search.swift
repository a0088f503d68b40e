import GRDB

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
