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
    let encoded = SiteFeed.segment(uri)
    let checks = failing.map { check -> Context in
      var item: Context = [
        "href": "\(root)/owner?uri=\(encoded)&check=\(SiteFeed.segment(check.name))",
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
          "\(root)/owner?uri=\(encoded)&check=\(SiteFeed.segment(check.name))&page=\(page + 1)"
      }
      list["t"] = texts
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

  private func trendChart(_ trend: [(day: String, points: Double)]) -> String {
    let days = trend.suffix(90)
    guard let first = days.first, let last = days.last, days.count > 1 else { return "" }
    let (width, height) = (600.0, 120.0)
    let most = max(1, days.map(\.points).max() ?? 1)
    let places = days.enumerated().map { index, day in
      let x = Double(index) * width / Double(days.count - 1)
      let y = height - day.points / most * (height - 16)
      return "\(Int(x)),\(Int(y))"
    }
    let title =
      "\(text("points")): \(first.day) \(number(first.points)), \(last.day) \(number(last.points))"
    return """
      <svg viewBox="0 0 600 138" width="600" height="138" role="img" \
      aria-label="\(SiteFeed.xml(title))"><line class="axis" x1="0" y1="120" x2="600" y2="120"/>\
      <polyline class="trend" points="\(places.joined(separator: " "))"/>\
      <text x="0" y="134">\(SiteFeed.xml(title))</text></svg>
      """
  }
}

/// The quality of a state: asked once, kept until there is another.
struct SiteQuality: Sendable {
  struct Check: Sendable {
    var name: String
    var titleNl: String
    var titleEn: String
    var why: String

    func title(_ language: LabelLanguage) -> String { language == .dutch ? titleNl : titleEn }
  }

  struct Owner: Sendable {
    /// Nil where records name none.
    var uri: String?
    var labelNl: String?
    var labelEn: String?
    var datasets: Int
    var points: Double
    /// How many datasets fail which check.
    var failing: [String: Int]

    func label(_ language: LabelLanguage) -> String {
      (language == .dutch ? labelNl : labelEn ?? labelNl) ?? uri ?? "–"
    }
  }

  var checks: [Check] = []
  var owners: [Owner] = []

  init(_ state: SiteState) throws {
    try state.snapshot.eachRow(#"SELECT "check", title_nl, title_en, why FROM checks"#) { row in
      checks.append(
        Check(
          name: row.text(0) ?? "", titleNl: row.text(1) ?? "", titleEn: row.text(2) ?? "",
          why: row.text(3) ?? ""))
    }
    let names = checks.map(\.name)
    let columns = names.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ", ")
    try state.snapshot.eachRow(
      """
      SELECT owner, owner_nl, owner_en, datasets, CAST(points AS TEXT), \(columns)
      FROM quality_by_owner ORDER BY points, owner
      """
    ) { row in
      var failing: [String: Int] = [:]
      for (index, name) in names.enumerated() {
        let count = Int(row.integer(Int32(5 + index)))
        if count > 0 { failing[name] = count }
      }
      owners.append(
        Owner(
          uri: row.text(0), labelNl: row.text(1), labelEn: row.text(2),
          datasets: Int(row.integer(3)), points: Double(row.text(4) ?? "") ?? 0,
          failing: failing))
    }
  }
}
