import NIOCore

/// One `package_search`: its parameters, read as CKAN reads them.
package struct PackageSearch: Sendable {
  private let query: String
  private let filters: [String]
  package let sort: String
  package let start: Int
  package let rows: Int
  package var fields: [String]
  /// Parameters of relevance that were given; nothing is ranked here.
  private let ranking: [String]
  private let facetFields: [String]
  private let facetLimit: Int

  private static let defaultSort = "score desc, metadata_modified desc"

  /// Parameters of Solr that CKAN lets through; any other is an error. `include_deleted` is one:
  /// CKAN 2.8 does not know it.
  private static let known: Set = [
    "q", "fl", "fq", "rows", "sort", "start", "wt", "qf", "bf", "boost", "facet", "facet.mincount",
    "facet.limit", "facet.field", "extras", "fq_list", "tie", "defType", "mm", "df",
    "include_private", "include_drafts", "use_default_schema", "callback",
  ]

  private static let weightMax = 1_200
  private static let rankings: Set = ["qf", "bf", "boost", "tie", "defType", "mm", "df"]

  /// - Throws: `CKANError`, in the order in which CKAN finds fault.
  package init(_ request: CKANRequest, rowsCap: Int) throws {
    rows = min(try Self.natural(request, "rows") ?? 10, rowsCap)
    start = try Self.natural(request, "start") ?? 0
    facetLimit = request["facet.limit"].flatMap { Int($0) } ?? 50
    let facets = try Self.facetFields(request)
    facetFields = request["facet"]?.lowercased() == "false" ? [] : facets
    let unknown = request.items.map(\.name).filter {
      !Self.known.contains($0) && !$0.hasPrefix("ext_")
    }
    guard unknown.isEmpty else {
      let names = unknown.map { "'\($0)'" }.joined(separator: ", ")
      throw CKANError.searchQuery("\"Invalid search parameters: [\(names)]\"")
    }
    ranking = request.items.map(\.name).filter(Self.rankings.contains)
    query = request["q"].flatMap { $0.isEmpty ? nil : $0 } ?? "*:*"
    filters =
      (request["fq"].map { [$0] } ?? [])
      + request.items.filter { $0.name == "fq_list" }.map(\.value)
    sort = request["sort"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultSort
    fields = (request["fl"] ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
    guard start < Int(Int32.max) else {
      throw CKANError.search(
        "Solr responded with an error (HTTP 500): [Reason: Index \(start) out of bounds]")
    }
  }

  private static func natural(_ request: CKANRequest, _ name: String) throws -> Int? {
    guard let text = request[name]?.filter({ !$0.isWhitespace }), !text.isEmpty else { return nil }
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.allSatisfy({ ("0"..."9").contains($0) }) else {
      throw CKANError.validation(name, "Ongeldig geheel getal", "Vul een geheel getal in")
    }
    guard text.first != "-" || digits.allSatisfy({ $0 == "0" }) else {
      throw CKANError.validation(name, "Moet een natuurlijk getal zijn")
    }
    // Python's integers have no end; ours stop at the largest.
    return Int(digits) ?? .max
  }

  private static func facetFields(_ request: CKANRequest) throws -> [String] {
    // A list in a JSON body has arrived as its elements already.
    let values = request.items.filter { $0.name == "facet.field" }.map(\.value)
    guard request.method != "POST", let text = values.last, !text.isEmpty else { return values }
    let buffer = ByteBuffer(string: text)
    return try buffer.withUnsafeReadableBytes { raw in
      guard raw.first == UInt8(ascii: "["), raw.last == UInt8(ascii: "]") else {
        throw CKANError.validation("facet.field", "Could not parse as valid JSON")
      }
      return JSONScanner.elements(of: raw, 0..<raw.count).compactMap {
        JSONScanner.string(raw, $0)
      }
    }
  }

  /// The documents that match, by what their source knows them, in the order asked; and their facets.
  package struct Matches: Sendable {
    package var keys: [Int]
    package var facets: [Facet]
  }

  /// What a portal that does not keep to the rules does otherwise.
  package struct Habits: Sendable {
    package var ignoresFilter = false
    package var filterMatchesNothing = false
    package var ignoresSort = false
    /// Only these are found, by what their source knows them.
    package var holds: Set<Int>?

    package init() {}
  }

  /// - Parameter isStrict: refuses a ranking or an order that is not known here instead of passing over it.
  /// - Throws: `CKANError`.
  package func matches(
    in catalogue: some ServedCatalogue, now: SolrDate, isStrict: Bool, habits: Habits = .init()
  ) throws -> Matches {
    let query: SolrQuery
    let filters: [SolrQuery]
    let order: SortOrder
    do {
      query = try SolrQueryParser.query(self.query, now: now)
      filters = try self.filters.map { try SolrQueryParser.filter($0, now: now) }
      order = try SortOrder(sort)
    } catch let refusal as SolrQueryParser.Refusal {
      throw CKANError.search(
        "SolrError(\"Solr responded with an error (HTTP 400): [Reason: \(refusal.reason)]\")")
    } catch is SortOrder.Invalid {
      throw CKANError.searchQuery("'Invalid \"sort\" parameter'")
    }
    let weight = filters.reduce(query.weight) { $0 + $1.weight } + facetFields.count
    guard !isStrict || weight <= Self.weightMax else {
      throw CKANError.search(
        "this mirror takes \(Self.weightMax) clauses, filters and facets in one question")
    }
    guard !isStrict || ranking.isEmpty else {
      throw CKANError.search(
        "this mirror does not rank, and takes no \(ranking.joined(separator: ", "))")
    }
    guard !isStrict || order.unknown.isEmpty else {
      throw CKANError.search(
        "this mirror does not sort by \(order.unknown.joined(separator: ", ")); it does by id, "
          + "name, title_string, metadata_modified and metadata_created")
    }
    var fields = filters.reduce(query.fields) { $0.union($1.fields) }.union(facetFields)
    if order.keys.contains(where: { $0.key == .title }) { fields.insert("title_string") }
    // The index as it is now: what takes longer than a look at it must not keep others from it.
    let (index, slots) = try catalogue.withIndex(fields) { index in
      let slots =
        habits.ignoresSort
        ? index.ordered(by: .none, named: "") : index.ordered(by: order, named: sort)
      return (index, slots)
    }
    var found = try index.matching(query, record: catalogue.record)
    for filter in filters where !habits.ignoresFilter {
      found.formIntersection(try index.matching(filter, record: catalogue.record))
    }
    if habits.filterMatchesNothing, !filters.isEmpty { found = SlotSet(capacity: 0) }
    if let held = habits.holds { found.formIntersection(index.documents(ofKeys: held)) }
    let keys = slots.filter { found.contains(Int($0)) }.map { index.entries[Int($0)].key }
    let facets = facetFields.map { field in
      Facet(field: field, counts: limited(index.counts(of: field, in: found)))
    }
    return Matches(keys: keys, facets: facets)
  }

  /// How many of the matching documents have which value.
  package struct Facet: Sendable {
    package var field: String
    /// The most frequent first.
    package var counts: [(value: String, count: Int)]
  }

  private func limited(_ counts: [(value: String, count: Int)]) -> [(value: String, count: Int)] {
    let ordered = counts.sorted {
      $0.count == $1.count
        ? ByteOrdered($0.value) < ByteOrdered($1.value) : $0.count > $1.count
    }
    return facetLimit < 0 ? ordered : Array(ordered.prefix(facetLimit))
  }

  /// The `result` of the page asked for.
  ///
  /// - Parameter page: the records of the page.
  func result(count: Int, page: [ByteBuffer], facets: [Facet]) -> JSON {
    [
      "count": .int(count),
      "facets": .object(
        facets.map { facet in
          (facet.field, .object(facet.counts.map { (key: $0.value, value: .int($0.count)) }))
        }),
      "results": .array(page.map { fields.isEmpty ? .raw($0) : slim(RecordFields($0)) }),
      "sort": .string(sort),
      "search_facets": .object(
        facets.map { facet in
          let items = facet.counts.map { item -> JSON in
            [
              "name": .string(item.value), "display_name": .string(item.value),
              "count": .int(item.count),
            ]
          }
          return (facet.field, ["title": .string(facet.field), "items": .array(items)])
        }),
    ]
  }

  /// The row that `fl` yields: from the index, where dates are milliseconds with a `Z`.
  private func slim(_ record: RecordFields) -> JSON {
    .object(
      fields.compactMap { field in
        let value: JSON? =
          switch field {
          case "metadata_modified", "metadata_created":
            record.strings(field).first.flatMap { SolrDate(naive: $0) }.map {
              .string($0.indexForm)
            }
          case "organization", "title_string":
            record.indexed(field).count == 1
              ? .string(record.indexed(field)[0]) : .strings(record.indexed(field))
          case "groups", "tags": .strings(record.indexed(field))
          default: record.raw(field).map(JSON.raw)
          }
        return value.map { (key: field, value: $0) }
      })
  }
}
