import Foundation

/// A dataset: what it is, where its data are, what is wrong with it, and what it was.
extension SitePages {
  func dataset(_ name: String) throws -> Context {
    guard let id = try state.live(name)?.id else { return try deletedDataset(name) }
    let detail = try state.reader.dataset(id, in: language)
    let history = try history(id)
    let findings = try findings(of: id)
    let resources = resources(detail)
    var context: Context = [
      "title": detail["title"] ?? detail["name"] ?? id, "notes": detail["notes"] ?? "",
      "modified": detail["metadata_modified"] ?? "",
      "modified_text": Self.day(detail["metadata_modified"]), "resources": resources,
      "has_resources": !resources.isEmpty, "terms": terms(detail), "pairs": try pairs(detail),
      "has_tags": !detail.tags.isEmpty,
      "tags": detail.tags.map { ["name": $0, "href": href(search: "tag", $0)] },
      "jsonld": "/dataset/\(id.percentEncoded).jsonld",
      "api": "/data/api/3/action/package_show?id=\(id.percentEncoded)",
      "findings": findings, "has_findings": !findings.isEmpty, "history": history,
    ]
    context["portal"] = Self.link(state.place.source).map { source in
      (source.hasSuffix("/") ? String(source.dropLast()) : source) + "/dataset/"
        + (detail["name"] ?? id).percentEncoded
    }
    context["map"] = map(detail)
    for field in ["authority", "maintainer"] where context["owner"] == nil {
      guard let uri = detail[field] else { continue }
      let term = detail.terms.first { $0.field == field && $0.value == uri }
      context["owner"] = term?.label ?? term?.portalLabel ?? uri
      context["owner_href"] = href(owner: uri)
    }
    if context["owner"] == nil { context["owner"] = detail["organization_title"] }
    return context
  }

  /// What is gone keeps its page: that it is gone, and what it was.
  ///
  /// - Throws: `Failure` 66, `no_dataset`, where none ever had this id or name.
  private func deletedDataset(_ name: String) throws -> Context {
    var gone: Context?
    try state.snapshot.eachRow(
      """
      SELECT id, coalesce(title, name, id), deleted_at, reason, replaced_by FROM deleted_datasets
      WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC, deleted_at DESC LIMIT 1
      """, [.text(name)]
    ) { row in
      var deletion: Context = [
        "at": row.text(2) ?? "", "at_text": Self.day(row.text(2), withTime: true),
        "reason": row.text(3) ?? "",
      ]
      deletion["successor"] = row.text(4).map(href(dataset:))
      gone = [
        "title": row.text(1) ?? "", "deletion": deletion,
        "history": try history(row.text(0) ?? ""),
      ]
    }
    guard let gone else { throw SiteState.missing }
    return gone
  }

  private func resources(_ detail: DatasetDetail) -> [Context] {
    detail.resources.map { resource in
      var item: Context = [
        "name": resource.name ?? resource.url ?? "\(text("resource")) \(resource.position + 1)",
        "url": resource.url ?? "", "description": resource.description ?? "",
      ]
      item["href"] = Self.link(resource.url)
      let format = detail.terms.first {
        $0.resourcePosition == resource.position && $0.field == "format"
      }
      item["format"] = format.map { $0.label ?? $0.portalLabel ?? $0.value } ?? resource.format
      return item
    }
  }

  /// The URI-valued fields of the dataset, each with its values.
  private func terms(_ detail: DatasetDetail) -> [Context] {
    var order: [String] = []
    var values: [String: [Context]] = [:]
    var labels: [String: String] = [:]
    for term in detail.terms where term.resourcePosition == nil {
      if values[term.field] == nil { order.append(term.field) }
      labels[term.field] = term.fieldLabel
      var value: Context = ["text": term.label ?? term.portalLabel ?? term.value]
      value["href"] = Self.link(term.value)
      if let portal = term.portalLabel, let label = term.label, portal != label,
        !portal.hasSuffix("| " + label)
      {
        value["stale"] = "(\(text("portal_says").lowercased()): \(portal))"
      }
      values[term.field, default: []].append(value)
    }
    return order.map { ["label": labels[$0] ?? $0, "values": values[$0] ?? []] }
  }

  /// What is shown elsewhere, or is of no use to a reader.
  private static let hidden: Set = [
    "title", "notes", "content_hash", "private", "state", "first_seen", "last_seen", "type",
    "first_run", "is_repaired", "num_resources", "num_tags", "license_title", "organization_title",
    "metadata_modified",
  ]

  private func pairs(_ detail: DatasetDetail) throws -> [Context] {
    var labels: [String: String] = [:]
    try state.snapshot.eachRow(
      "SELECT field, \(labelColumn) FROM fields WHERE entity = 'dataset'"
    ) { row in
      if let field = row.text(0) { labels[field] = row.text(1) }
    }
    let uris = Set(detail.terms.map(\.field))
    let columns = detail.columns.filter { !Self.hidden.contains($0.key) && !uris.contains($0.key) }
    return (columns + detail.extras).map { pair in
      ["label": labels[pair.key] ?? pair.key, "value": pair.value]
    }
  }

  /// The rectangle that the record names, on a map.
  private func map(_ detail: DatasetDetail) -> String? {
    let extras = Dictionary(detail.extras.map { ($0.key, $0.value) }) { first, _ in first }
    var numbers: [Double]?
    let corners = ["bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat"]
    let named = corners.compactMap { extras[$0].flatMap { Double($0) } }
    if named.count == 4 { numbers = named }
    if numbers == nil, let shape = extras["spatial"], shape.contains("coordinates"),
      let start = shape.range(of: "coordinates")
    {
      // Longitude and latitude by turns, whatever the shape (RFC 7946, 3.1).
      let flat = shape[start.upperBound...].split { !"0123456789.-eE+".contains($0) }
        .compactMap { Double($0) }
      let longitudes = stride(from: 0, to: flat.count - 1, by: 2).map { flat[$0] }
      let latitudes = stride(from: 1, to: flat.count, by: 2).map { flat[$0] }
      if let west = longitudes.min(), let south = latitudes.min(), let east = longitudes.max(),
        let north = latitudes.max()
      {
        numbers = [west, south, east, north]
      }
    }
    guard let numbers, numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 180,
      abs(numbers[2]) <= 180, abs(numbers[1]) <= 90, abs(numbers[3]) <= 90
    else { return nil }
    return "https://www.openstreetmap.org/?bbox="
      + numbers.map { "\($0)" }.joined(separator: ",") + "&box=yes"
  }

  private func findings(of id: String) throws -> [Context] {
    var findings: [Context] = []
    // Whether a title is there twice, the view asks of all datasets at once; here the owner's are enough.
    try state.snapshot.eachRow(
      """
      SELECT c.title_\(language.rawValue), f.resource_position, f.field, f.value
      FROM findings f JOIN checks c ON c."check" = f."check"
      WHERE f.dataset_id = ?1 AND f."check" <> 'duplicate_title'
      UNION ALL
      SELECT (SELECT title_\(language.rawValue) FROM checks WHERE "check" = 'duplicate_title'), NULL, 'title', d.title
      FROM all_datasets d
      WHERE d.id = ?1 AND d.deleted_at IS NULL AND d.title <> '' AND (
        EXISTS (
          SELECT 1 FROM all_datasets o
          WHERE o.owner_term = d.owner_term AND o.title = d.title AND o.key <> d.key AND o.deleted_at IS NULL)
        OR d.owner_term IS NULL AND EXISTS (
          SELECT 1 FROM all_datasets o
          WHERE o.owner_org = d.owner_org AND o.owner_term IS NULL AND o.title = d.title AND o.key <> d.key
            AND o.deleted_at IS NULL))
      LIMIT 200
      """, [.text(id)]
    ) { row in
      findings.append([
        "title": row.text(0) ?? "",
        "where": place(row.isNull(1) ? nil : Int(row.integer(1)), row.text(2)),
        "value": row.text(3) ?? "",
      ])
    }
    return findings
  }

  func place(_ resource: Int?, _ field: String?) -> String {
    [resource.map { "\(text("resource")) \($0 + 1)" }, field].compactMap(\.self)
      .joined(separator: ", ")
  }

  private func history(_ id: String) throws -> [Context] {
    try state.reader.history(of: id).prefix(50).enumerated().map { index, change in
      [
        "at": change.recordedAt, "at_text": Self.day(change.recordedAt, withTime: true),
        "kind": text(change.kind), "forgotten": !change.isRemembered, "open": index == 0,
        "changes": change.isRemembered
          ? change.fields.map { field -> Context in
            [
              "field": field.field, "before": field.shownBefore ?? "",
              "after": field.shownAfter ?? "",
            ]
          } : [],
      ]
    }
  }
}
