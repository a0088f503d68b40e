import Foundation

/// A filter in the syntax of Lucene, as far as CKAN's users write it.
///
/// Operators mean what they mean to Solr under `q.op=AND` (`QueryParserBase.addClause`): an `OR`
/// makes the clauses on both its sides optional, and optional clauses beside required ones decide
/// nothing. CKAN sets every `fq` between required clauses of its own, so a bare `a OR b` there
/// filters nothing at all, while `+(a OR b)` does.
indirect enum SolrQuery: Sendable {
  case all
  case term(field: String, value: String)
  case prefix(field: String, value: String)
  case exists(field: String)
  case dates(field: String, SolrRange<SolrDate>)
  case strings(field: String, SolrRange<ByteOrdered>)
  case clauses([Clause])

  struct Clause: Sendable {
    enum Occurrence { case must, mustNot, should }
    var occurrence: Occurrence
    var query: SolrQuery
  }

  func matches(_ record: Catalogue.Record) -> Bool {
    switch self {
    case .all: true
    case .term(let field, let value):
      if Self.textFields.contains(field) {
        splitIntoWords(value).allSatisfy(Self.words(record, field).contains)
      } else {
        record.indexed(field).contains { $0.utf8.elementsEqual(value.utf8) }
      }
    case .prefix(let field, let value):
      Self.textFields.contains(field)
        ? Self.words(record, field).contains { $0.hasPrefix(value.lowercased()) }
        : record.indexed(field).contains { $0.utf8.starts(with: value.utf8) }
    case .exists(let field): !record.indexed(field).isEmpty
    case .dates(let field, let range):
      (field == "metadata_modified" ? record.modified : record.created).map(range.contains) ?? false
    case .strings(let field, let range):
      record.indexed(field).contains { range.contains(ByteOrdered($0)) }
    case .clauses(let clauses): Self.match(clauses, record)
    }
  }

  /// Lucene's BooleanQuery: optional clauses count only where nothing is required, and a query of
  /// only prohibitions matches nothing.
  private static func match(_ clauses: [Clause], _ record: Catalogue.Record) -> Bool {
    let required = clauses.filter { $0.occurrence == .must }
    let optional = clauses.filter { $0.occurrence == .should }
    guard !required.isEmpty || !optional.isEmpty else { return false }
    for clause in clauses where clause.occurrence == .mustNot {
      guard !clause.query.matches(record) else { return false }
    }
    return required.isEmpty
      ? optional.contains { $0.query.matches(record) }
      : required.allSatisfy { $0.query.matches(record) }
  }

  private static let textFields: Set = ["text", "title", "notes"]

  private static func words(_ record: Catalogue.Record, _ field: String) -> Set<String> {
    field == "text"
      ? record.words : Set(record.strings(field).flatMap(splitIntoWords))
  }
}

/// A range with ends that are in, out or open.
struct SolrRange<Bound: Comparable & Sendable>: Sendable {
  /// nil is `*`.
  var lower: Bound?
  var includesLower: Bool
  var upper: Bound?
  var includesUpper: Bool

  func contains(_ value: Bound) -> Bool {
    if let lower, value < lower || (value == lower && !includesLower) { return false }
    if let upper, value > upper || (value == upper && !includesUpper) { return false }
    return true
  }
}

/// A string that compares by its UTF-8 bytes, as Solr's string fields do.
struct ByteOrdered: Sendable, Comparable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: Self, right: Self) -> Bool { left.compare(right) == 0 }

  static func < (left: Self, right: Self) -> Bool { left.compare(right) < 0 }

  private func compare(_ other: Self) -> Int {
    var left = text
    var right = other.text
    return left.withUTF8 { left in
      right.withUTF8 { right in
        let shared = min(left.count, right.count)
        guard shared > 0, let first = left.baseAddress, let second = right.baseAddress else {
          return left.count - right.count
        }
        let order = Int(memcmp(first, second, shared))
        return order == 0 ? left.count - right.count : order
      }
    }
  }
}
