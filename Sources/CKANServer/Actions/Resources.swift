import NIOCore

/// The resources of a catalogue, wherever they stand.
struct Resources<Catalogue: ServedCatalogue> {
  private let catalogue: Catalogue

  init(_ catalogue: Catalogue) { self.catalogue = catalogue }

  func show(_ request: CKANRequest) throws -> JSON {
    guard let id = request["id"], !id.isEmpty else {
      throw CKANError.validation("id", "Missende waarde")
    }
    let term = SolrQuery.term(field: "res_id", value: id)
    for key in try keys(matching: term) {
      let resources = try resources(of: key).filter { Members($0)["id"] == id }
      if let resource = resources.last { return .raw(resource) }
    }
    throw CKANError.notFound
  }

  /// The fields that can be searched; in CKAN the columns of its table.
  private static var searched: Set<String> { ["id", "name", "description", "url", "format"] }
  private static var resultsMax: Int { 1_000 }

  /// Resources in which each term stands somewhere in its field, in either case.
  func search(_ request: CKANRequest) throws -> JSON {
    let window = try Window(request)
    let queries = request.items.filter { $0.name == "query" }.map(\.value)
    guard !queries.isEmpty else { throw CKANError.validation("query", "Missende waarde") }
    guard (request["order_by"] ?? "").isEmpty else {
      throw CKANError.validation("order_by", "This mirror does not order resources.")
    }
    let terms = try queries.map { query in
      let parts = query.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw CKANError.validation("query", "Must be <field>:<value> pair(s)")
      }
      guard Self.searched.contains(String(parts[0])) else {
        throw CKANError.validation(
          "query", "Field \"\(parts[0])\" not recognised in resource_search.")
      }
      return (field: String(parts[0]), text: parts[1].lowercased())
    }
    let fields = Set(terms.map { "res_" + $0.field })
    let keys = try catalogue.withIndex(fields) { index in
      var found = index.live
      for term in terms {
        found.formIntersection(
          index.documents(having: "res_" + term.field) { $0.lowercased().contains(term.text) })
      }
      return index.ordered(by: .byID, named: "id asc").filter { found.contains(Int($0)) }
        .map { index.entries[Int($0)].key }
    }
    var count = 0
    var results: [ByteBuffer] = []
    let limit = min(window.limit ?? .max, Self.resultsMax)
    for key in keys {
      for resource in try resources(of: key) {
        let members = Members(resource)
        guard
          terms.allSatisfy({ members[$0.field]?.lowercased().contains($0.text) ?? false })
        else { continue }
        if count >= window.offset, results.count < limit { results.append(resource) }
        count += 1
      }
    }
    return ["count": .int(count), "results": .array(results.map(JSON.raw))]
  }

  private func keys(matching query: SolrQuery) throws -> [Int] {
    try catalogue.withIndex(query.fields) { index in
      let found = try index.matching(query, record: catalogue.record)
      var keys: [Int] = []
      found.eachSlot { keys.append(index.entries[$0].key) }
      return keys
    }
  }

  private func resources(of key: Int) throws -> [ByteBuffer] {
    try catalogue.record(key).map { RecordFields($0).objects("resources") } ?? []
  }
}
