import CKANServer
import Foundation

/// Search with facets.
extension SitePages {
  private static let resultsAPage = 20

  private struct FacetKind {
    /// In the address of the page.
    var parameter: String
    /// Of the index; the first of them that anything has.
    var fields: [String]
    var text: String
  }

  private static let facetKinds = [
    FacetKind(
      parameter: "owner", fields: ["authority", "maintainer", "organization"], text: "owner"),
    FacetKind(parameter: "theme", fields: ["theme", "groups"], text: "theme"),
    FacetKind(parameter: "format", fields: ["res_format"], text: "format"),
    FacetKind(parameter: "license", fields: ["license_id"], text: "license_facet"),
    FacetKind(parameter: "status", fields: ["dataset_status"], text: "status_facet"),
    FacetKind(parameter: "tag", fields: ["tags"], text: "tags"),
  ]

  /// A filter of this page that was chosen.
  private struct Choice {
    var kind: FacetKind
    var field: String
    var value: String
  }

  func search() throws -> Context {
    let q = request["q"] ?? ""
    let page = min(max(1, request["page"].flatMap { Int($0) } ?? 1), 1_000_000)
    let themes = try responder.themes(state)
    let fields = try Dictionary(
      uniqueKeysWithValues: Self.facetKinds.map { ($0.parameter, try field(of: $0)) })
    let chosen = Self.facetKinds.compactMap { kind -> Choice? in
      guard let value = request[kind.parameter], !value.isEmpty else { return nil }
      return Choice(kind: kind, field: fields[kind.parameter] ?? "", value: value)
    }
    let open = Self.facetKinds.filter { kind in
      kind.parameter != "tag" && !chosen.contains { $0.kind.parameter == kind.parameter }
    }
    var habits = PackageSearch.Habits()
    var items: [(name: String, value: String?)] = [
      ("q", Self.query(q)), ("sort", "metadata_modified desc, id asc"),
      ("rows", "\(Self.resultsAPage)"), ("start", "\((page - 1) * Self.resultsAPage)"),
      ("facet.limit", "-1"),
      ("facet.field", try jsonArray(open.compactMap { fields[$0.parameter] })),
    ]
    for choice in chosen {
      // A theme is found with what stands below it on its list.
      if choice.field == "theme" {
        habits.holds = themes[choice.value] ?? []
      } else {
        items.append(("fq_list", "+\(choice.field):\(Self.quoted(choice.value))"))
      }
    }
    let catalogue = SiteCatalogue(state: state, now: responder.options.now())
    let search = try PackageSearch(request.only(items), rowsCap: Self.resultsAPage)
    let matches = try search.matches(
      in: catalogue, now: SolrDate(milliseconds: 0), isStrict: true, habits: habits)
    let count = matches.keys.count
    let pages = max(1, (count + Self.resultsAPage - 1) / Self.resultsAPage)
    let keys = Array(matches.keys.dropFirst(search.start).prefix(search.rows))
    let chosenItems = try chosen.map { item -> Context in
      [
        "name": item.kind.parameter, "value": item.value, "facet": text(item.kind.text),
        "label": try labels(of: [item.value], field: item.field)[item.value] ?? item.value,
        "href": address(without: item.kind.parameter),
      ]
    }
    let found = language == .dutch ? "gevonden" : "found"
    var context: Context = [
      "q": q, "chosen": chosenItems, "has_chosen": !chosen.isEmpty,
      "count_text": "\(number(count)) \(text("datasets").lowercased()) \(found)",
      "results": try results(keys), "first": "\(search.start + 1)",
      "page_text": "\(text("page")) \(number(page)) / \(number(pages))",
      "facets": try open.compactMap { kind in
        try facet(kind, fields[kind.parameter] ?? "", matches, themes)
      },
    ]
    if page > 1 { context["previous"] = address(with: "page", "\(min(page - 1, pages))") }
    if page < pages { context["next"] = address(with: "page", "\(page + 1)") }
    return context
  }

  /// What a person typed as a query in which nothing is syntax but quotes around a phrase.
  private static func query(_ typed: String) -> String {
    let parts = typed.split(separator: "\"", omittingEmptySubsequences: false)
    let terms = parts.enumerated().flatMap { index, part in
      index.isMultiple(of: 2) || index == parts.count - 1
        ? part.split(whereSeparator: \.isWhitespace).map(String.init) : [String(part)]
    }
    // A query of nothing but signs finds what an empty one does.
    let words = terms.filter { !splitIntoWords($0).isEmpty }
    return words.isEmpty ? "*:*" : words.map(quoted).joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private func field(of kind: FacetKind) throws -> String {
    guard kind.fields.count > 1 else { return kind.fields[0] }
    return try state.withIndex(Set(kind.fields)) { index in
      kind.fields.first { !index.isEmpty($0) } ?? kind.fields[0]
    }
  }

  private func results(_ keys: [Int]) throws -> [Context] {
    var results: [Int: Context] = [:]
    try state.snapshot.eachRow(
      """
      SELECT d.key, coalesce(d.name, d.id), coalesce(d.title, d.name, d.id), d.metadata_modified,
        substr(d.notes, 1, 400), coalesce(t.\(labelColumn), t.label_nl, d.organization_title),
        (SELECT group_concat(DISTINCT coalesce(f.label_nl, f.value))
          FROM resource_rows r JOIN terms f ON f.key = r.format_term WHERE r.dataset = d.key)
      FROM all_datasets d LEFT JOIN terms t ON t.key = d.owner_term
      WHERE d.key IN (SELECT value FROM json_each(?))
      """, [.text("[" + keys.map(String.init).joined(separator: ",") + "]")]
    ) { row in
      results[Int(row.integer(0))] = [
        "href": href(dataset: row.text(1) ?? ""), "title": row.text(2) ?? "",
        "modified": row.text(3) ?? "", "modified_text": Self.day(row.text(3)),
        "notes": Self.beginning(row.text(4) ?? ""), "owner": row.text(5) ?? "",
        "formats": (row.text(6) ?? "").replacing(",", with: ", "),
      ]
    }
    return keys.compactMap { results[$0] }
  }

  private static func beginning(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 240 ? line.prefix(240) + "…" : line
  }

  private static let valuesShown = 15

  private func facet(
    _ kind: FacetKind, _ field: String, _ matches: PackageSearch.Matches,
    _ themes: [String: Set<Int>]
  ) throws -> Context? {
    var counts = matches.facets.first { $0.field == field }?.counts ?? []
    if field == "theme" {
      let found = Set(matches.keys)
      counts = themes.map { ($0.key, $0.value.count { found.contains($0) }) }
        .filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }
    let top = counts.prefix(Self.valuesShown)
    guard !top.isEmpty else { return nil }
    let labels = try labels(of: top.map(\.value), field: field == "res_format" ? "format" : field)
    let values = top.map { item -> Context in
      [
        "label": labels[item.value] ?? item.value, "count": number(item.count),
        "href": address(with: kind.parameter, item.value),
      ]
    }
    return [
      "label": text(kind.text), "values": values,
      "open": ["owner", "theme"].contains(kind.parameter),
    ]
  }

  /// This page with another value of a parameter; what is chosen anew begins at the first page.
  private func address(with name: String, _ value: String) -> String {
    address([(name, value)], without: name)
  }

  private func address(without name: String) -> String { address([], without: name) }

  private func address(_ added: [(String, String)], without name: String) -> String {
    let names = ["q"] + Self.facetKinds.map(\.parameter)
    let kept = names.compactMap { parameter -> (String, String)? in
      guard parameter != name, let value = request[parameter], !value.isEmpty else { return nil }
      return (parameter, value)
    }
    let query = (kept + added).map { "\($0.0)=\(($0.1).percentEncoded)" }
    return "\(root)/search" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  }

  func href(search parameter: String, _ value: String) -> String {
    "\(root)/search?\(parameter)=\(value.percentEncoded)"
  }
}
