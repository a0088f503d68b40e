/// The `sort` of a search.
struct SortOrder: Sendable {
  private enum Key { case id, name, title, modified, created }

  private let keys: [(key: Key, ascending: Bool)]

  /// CKAN's `Search Query Error`.
  struct Invalid: Error {}

  /// Reads `field direction, …`. A field that Solr does not know is no error: its catch-all field
  /// is empty, so it orders nothing.
  ///
  /// - Throws: `Invalid` for a missing or unknown direction.
  init(_ text: String) throws {
    keys = try text.split(separator: ",", omittingEmptySubsequences: false).compactMap { part in
      let words = part.split(whereSeparator: \.isWhitespace)
      guard words.count == 2, let field = words.first, let direction = words.last else {
        throw Invalid()
      }
      let ascending = direction.lowercased() == "asc"
      guard ascending || direction.lowercased() == "desc" else { throw Invalid() }
      return Self.fields[String(field)].map { ($0, ascending) }
    }
  }

  private static let fields: [String: Key] = [
    "id": .id, "name": .name, "title_string": .title, "metadata_modified": .modified,
    "metadata_created": .created,
  ]

  /// The records in this order; ties keep the order they come in.
  func sorted(_ records: [Catalogue.Record]) -> [Catalogue.Record] {
    guard !keys.isEmpty else { return records }
    let titles =
      keys.contains { $0.key == .title }
      ? records.map { $0.strings("title").first ?? "" } : Array(repeating: "", count: records.count)
    let order = records.indices.sorted { left, right in
      for (key, ascending) in keys {
        let comparison =
          switch key {
          case .id: compare(ByteOrdered(records[left].id), ByteOrdered(records[right].id))
          case .name: compare(ByteOrdered(records[left].name), ByteOrdered(records[right].name))
          case .title: compare(ByteOrdered(titles[left]), ByteOrdered(titles[right]))
          case .modified: compare(records[left].modified, records[right].modified)
          case .created: compare(records[left].created, records[right].created)
          }
        if comparison != 0 { return (comparison < 0) == ascending }
      }
      return left < right
    }
    return order.map { records[$0] }
  }

  private func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
    left < right ? -1 : left == right ? 0 : 1
  }

  private func compare(_ left: SolrDate?, _ right: SolrDate?) -> Int {
    compare(left?.milliseconds ?? .min, right?.milliseconds ?? .min)
  }
}
