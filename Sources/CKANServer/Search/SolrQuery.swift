/// A filter in the syntax of Lucene, as far as CKAN's users write it.
///
/// Operators mean what they mean to Solr under `q.op=AND` (`QueryParserBase.addClause`): an `OR`
/// makes the clauses on both its sides optional, and optional clauses beside required ones decide
/// nothing. CKAN sets every `fq` between required clauses of its own, so a bare `a OR b` there
/// filters nothing at all, while `+(a OR b)` does.
package indirect enum SolrQuery: Sendable {
  case all
  case term(field: String, value: String)
  case prefix(field: String, value: String)
  case exists(field: String)
  case dates(field: String, SolrRange<SolrDate>)
  case strings(field: String, SolrRange<ByteOrdered>)
  /// These words after each other.
  case phrase(field: String, words: [String])
  case clauses([Clause])

  package struct Clause: Sendable {
    package enum Occurrence { case must, mustNot, should }
    package var occurrence: Occurrence
    package var query: SolrQuery
  }

  /// Fields whose values are texts: a word is looked for in them.
  package static let textFields: Set = ["text", "title", "notes"]

  /// How many things it asks.
  var weight: Int {
    guard case .clauses(let clauses) = self else { return 1 }
    return clauses.reduce(0) { $0 + $1.query.weight }
  }

  /// What the index must hold for this query to be answered.
  package var fields: Set<String> {
    switch self {
    case .all, .dates: []
    case .term(let field, _), .prefix(let field, _), .exists(let field), .strings(let field, _),
      .phrase(let field, _):
      [field]
    case .clauses(let clauses): clauses.reduce(into: []) { $0.formUnion($1.query.fields) }
    }
  }
}

/// A range with ends that are in, out or open.
package struct SolrRange<Bound: Comparable & Sendable>: Sendable {
  /// nil is `*`.
  package var lower: Bound?
  package var includesLower: Bool
  package var upper: Bound?
  package var includesUpper: Bool

  package func contains(_ value: Bound) -> Bool {
    if let lower, value < lower || (value == lower && !includesLower) { return false }
    if let upper, value > upper || (value == upper && !includesUpper) { return false }
    return true
  }
}
