import NIOCore

/// One `package_search`: its parameters, read as CKAN reads them.
struct PackageSearch: Sendable {
  private let query: String
  private let filters: [String]
  private let sort: String
  private let start: Int
  private let rows: Int
  var fields: [String]
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

  /// - Throws: `CKANError`, in the order in which CKAN finds fault.
  init(_ request: SamplePortal.Request, rowsCap: Int) throws {
    rows = min(try Self.natural(request, "rows") ?? 10, rowsCap)
    start = try Self.natural(request, "start") ?? 0
    facetLimit = request["facet.limit"].flatMap { Int($0) } ?? 50
    facetFields = try Self.facetFields(request)
    let unknown = request.items.map(\.name).filter {
      !Self.known.contains($0) && !$0.hasPrefix("ext_")
    }
    guard unknown.isEmpty else {
      let names = unknown.map { "'\($0)'" }.joined(separator: ", ")
      throw CKANError.searchQuery("\"Invalid search parameters: [\(names)]\"")
    }
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

  private static func natural(_ request: SamplePortal.Request, _ name: String) throws -> Int? {
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

  private static func facetFields(_ request: SamplePortal.Request) throws -> [String] {
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

  /// What two pages of one walk have in common, so that the matches are found once.
  var key: String { ([query, sort] + filters).joined(separator: "\u{0}") }

  /// The matching records in the order asked.
  ///
  /// - Throws: `CKANError`.
  func matches(in catalogue: Catalogue, _ settings: SamplePortal.Settings) throws
    -> [Catalogue.Record]
  {
    let now = settings.solrNow
    do {
      let query = try SolrQueryParser.query(query, now: now)
      let filters = try filters.map { try SolrQueryParser.filter($0, now: now) }
      let order = try SortOrder(sort)
      var records = catalogue.records.filter { $0.isListed && !catalogue.hidden.contains($0.id) }
      if let held = settings.indexHolds { records = Array(records.prefix(held)) }
      if settings.filterMatchesNothing && !filters.isEmpty { records = [] }
      if self.query != "*:*" { records = records.filter(query.matches) }
      for filter in filters where !settings.ignoresFilter {
        records = records.filter(filter.matches)
      }
      if !settings.ignoresSort { records = order.sorted(records) }
      if !catalogue.doubled.isEmpty {
        records = records.flatMap { catalogue.doubled.contains($0.id) ? [$0, $0] : [$0] }
      }
      guard !settings.twins.isEmpty else { return records }
      return records.flatMap { record in
        let twin = settings.twins[record.id].flatMap {
          try? Catalogue.Record(ByteBuffer(string: $0))
        }
        return (twin.map { [$0] } ?? []) + [record]
      }
    } catch let refusal as SolrQueryParser.Refusal {
      throw CKANError.search(
        "SolrError(\"Solr responded with an error (HTTP 400): [Reason: \(refusal.reason)]\")")
    } catch is SortOrder.Invalid {
      throw CKANError.searchQuery("'Invalid \"sort\" parameter'")
    }
  }

  /// The `result` of the page asked for.
  func result(
    _ matches: [Catalogue.Record], unserved: Set<String>, startMax: Int = .max
  ) -> JSON {
    let page = matches.dropFirst(min(start, startMax)).prefix(rows)
      .filter { !unserved.contains($0.id) }
    let facets = facetFields.map { field in (field, counts(field, in: matches)) }
    return [
      "count": .int(matches.count),
      "facets": .object(
        facets.map { field, counts in
          (field, .object(counts.map { (key: $0.name, value: .int($0.count)) }))
        }),
      "results": .array(page.map { fields.isEmpty ? .raw($0.bytes) : slim($0) }),
      "sort": .string(sort),
      "search_facets": .object(
        facets.map { field, counts in
          let items = counts.map { item -> JSON in
            [
              "name": .string(item.name), "display_name": .string(item.name),
              "count": .int(item.count),
            ]
          }
          return (field, ["title": .string(field), "items": .array(items)])
        }),
    ]
  }

  /// The row that `fl` yields: from the index, where dates are milliseconds with a `Z`.
  private func slim(_ record: Catalogue.Record) -> JSON {
    .object(
      fields.compactMap { field in
        let value: JSON? =
          switch field {
          case "metadata_modified": record.modified.map { .string($0.indexForm) }
          case "metadata_created": record.created.map { .string($0.indexForm) }
          case "organization", "groups", "tags", "title_string":
            record.indexed(field).count == 1 && !["groups", "tags"].contains(field)
              ? .string(record.indexed(field)[0]) : .strings(record.indexed(field))
          default: record.raw(field).map(JSON.raw)
          }
        return value.map { (key: field, value: $0) }
      })
  }

  private func counts(_ field: String, in records: [Catalogue.Record]) -> [(
    name: String, count: Int
  )] {
    var counts: [String: Int] = [:]
    for value in records.flatMap({ $0.indexed(field) }) { counts[value, default: 0] += 1 }
    let ordered = counts.map { (name: $0.key, count: $0.value) }.sorted {
      ($1.count, $0.name) < ($0.count, $1.name)
    }
    return facetLimit < 0 ? ordered : Array(ordered.prefix(facetLimit))
  }
}
