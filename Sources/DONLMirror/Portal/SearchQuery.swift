/// A question to `package_search`. CKAN refuses parameters that it does not know, so these are all.
struct SearchQuery: Sendable, Equatable {
  var start = 0
  /// The portal may serve fewer, silently.
  var rows: Int
  /// Only `id` is a total order at every portal (API.md, section 2).
  var sort = "id asc"
  /// Never with a bare `OR`: CKAN then ignores all of it. Write `+(a OR b)`.
  var filter: String?
  var words: String?
  /// Slim rows with these fields only; empty asks for whole records.
  var fields: [String] = []

  var parameters: [(name: String, value: String)] {
    var parameters = [("start", String(start)), ("rows", String(rows)), ("sort", sort)]
    if let filter { parameters.append(("fq", filter)) }
    if let words { parameters.append(("q", words)) }
    if !fields.isEmpty { parameters.append(("fl", fields.joined(separator: ","))) }
    return parameters.map { (name: $0.0, value: $0.1) }
  }
}
