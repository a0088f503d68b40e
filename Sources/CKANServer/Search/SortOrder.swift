/// The `sort` of a search. Relevance (`score`) is not known here: what comes behind it decides.
package struct SortOrder: Sendable {
  enum Key { case id, name, title, modified, created }

  let keys: [(key: Key, ascending: Bool)]
  /// Fields that it names and that order nothing here.
  package let unknown: [String]

  /// In the order in which they stand.
  static let none = SortOrder(keys: [])
  static let byID = SortOrder(keys: [(.id, true)])
  static let byName = SortOrder(keys: [(.name, true)])

  private init(keys: [(key: Key, ascending: Bool)]) {
    self.keys = keys
    unknown = []
  }

  /// CKAN's `Search Query Error`.
  package struct Invalid: Error {}

  /// Reads `field direction, …`. A field that Solr does not know is no error: its catch-all field
  /// is empty, so it orders nothing.
  ///
  /// - Throws: `Invalid` for a missing or unknown direction.
  package init(_ text: String) throws {
    var unknown: [String] = []
    keys = try text.split(separator: ",", omittingEmptySubsequences: false).compactMap { part in
      let words = part.split(whereSeparator: \.isWhitespace)
      guard words.count == 2, let field = words.first, let direction = words.last else {
        throw Invalid()
      }
      let ascending = direction.lowercased() == "asc"
      guard ascending || direction.lowercased() == "desc" else { throw Invalid() }
      guard let key = Self.fields[String(field)] else {
        if field != "score" { unknown.append(String(field)) }
        return nil
      }
      return (key, ascending)
    }
    self.unknown = unknown
  }

  private static let fields: [String: Key] = [
    "id": .id, "name": .name, "title_string": .title, "metadata_modified": .modified,
    "metadata_created": .created,
  ]
}
