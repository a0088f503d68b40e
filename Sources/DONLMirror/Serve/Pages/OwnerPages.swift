import Foundation

/// Data owners, with what is wrong with their records.
extension SitePages {
  func owners() throws -> Context {
    let quality = try responder.quality(state)
    let titles = Dictionary(
      uniqueKeysWithValues: quality.checks.map { ($0.name, $0.title(language)) })
    let owners = quality.owners.map { owner -> Context in
      let worst = owner.failing.max { ($0.value, $1.key) < ($1.value, $0.key) }
      return [
        "href": href(owner: owner.uri ?? ""), "label": owner.label(language),
        "datasets": number(owner.datasets), "points": number(owner.points),
        "worst": worst.map { "\(titles[$0.key] ?? $0.key) (\(number($0.value)))" } ?? "",
      ]
    }
    let checks = quality.checks.map { check -> Context in
      let count = quality.owners.reduce(0) { $0 + ($1.failing[check.name] ?? 0) }
      return ["title": check.title(language), "why": check.why, "datasets": number(count)]
    }
    return ["owners": owners, "checks": checks]
  }

  private static let findingsAPage = 100

  func owner() throws -> Context {
    let uri = request["uri"] ?? ""
    let quality = try responder.quality(state)
    guard let owner = quality.owners.first(where: { ($0.uri ?? "") == uri }) else {
      throw Failure(.noDatabase, reason: "no_owner", "No live dataset has that data owner.")
    }
    let wanted = request["check"]
    let failing = quality.checks.filter { owner.failing[$0.name] ?? 0 > 0 }
    let encoded = uri.percentEncoded
    let checks = failing.map { check -> Context in
      var item: Context = [
        "href": "\(root)/owner?uri=\(encoded)&check=\(check.name.percentEncoded)",
        "title": check.title(language), "datasets": number(owner.failing[check.name] ?? 0),
      ]
      if check.name == wanted { item["current"] = true }
      return item
    }
    let trend = try trend(of: uri)
    var context: Context = [
      "label": owner.label(language), "datasets": number(owner.datasets),
      "points": number(owner.points), "search": href(search: "owner", uri),
      "atom": "/changes.atom?owner=\(encoded)", "checks": checks, "has_checks": !checks.isEmpty,
      "has_trend": trend.count > 1, "chart": trendChart(trend),
    ]
    if let check = failing.first(where: { $0.name == wanted }) {
      let page = min(max(1, request["page"].flatMap { Int($0) } ?? 1), 1_000_000)
      let findings = try findings(check.name, of: uri, page: page)
      var list: Context = [
        "title": check.title(language), "why": check.why, "findings": findings,
      ]
      if findings.count == Self.findingsAPage {
        list["more"] =
          "\(root)/owner?uri=\(encoded)&check=\(check.name.percentEncoded)&page=\(page + 1)"
      }
      context["check"] = list
    }
    return context
  }

  private func findings(_ check: String, of owner: String, page: Int) throws -> [Context] {
    var findings: [Context] = []
    try state.snapshot.eachRow(
      """
      SELECT coalesce(d.title, d.name, d.id), d.id, f.resource_position, f.field, f.value
      FROM findings f
      JOIN all_datasets d ON d.id = f.dataset_id
      LEFT JOIN terms t ON t.key = d.owner_term
      WHERE f."check" = ? AND coalesce(t.value, '') = ?
      ORDER BY 1, 2, f.resource_position LIMIT ? OFFSET ?
      """,
      [
        .text(check), .text(owner), .integer(Int64(Self.findingsAPage)),
        .integer(Int64((page - 1) * Self.findingsAPage)),
      ]
    ) { row in
      findings.append([
        "title": row.text(0) ?? "", "href": href(dataset: row.text(1) ?? ""),
        "where": place(row.isNull(2) ? nil : Int(row.integer(2)), row.text(3)),
        "value": row.text(4) ?? "",
      ])
    }
    return findings
  }

  private func trend(of owner: String) throws -> [(day: String, points: Double)] {
    var days: [(day: String, points: Double)] = []
    try state.snapshot.eachRow(
      "SELECT day, points FROM quality_over_time WHERE owner = ? ORDER BY day", [.text(owner)]
    ) { row in
      days.append((row.text(0) ?? "", Double(row.text(1) ?? "") ?? 0))
    }
    return days
  }
}
