import Foundation

/// Counts, freshness, what changed, the last runs.
extension SitePages {
  func start() throws -> Context {
    let counts = try responder.counts(state)
    let figures = [
      figure("datasets", counts.datasets, "search"), figure("resources", counts.resources, nil),
      figure("owners_only", counts.owners, "owners"), figure("lists", counts.lists, "lists"),
    ]
    let changes = try latestChanges()
    let health = responder.options.health()
    return [
      "figures": figures, "changes": changes, "has_changes": !changes.isEmpty,
      "health": health.findings.isEmpty
        ? text("healthy") : health.findings.map(\.message).joined(separator: " "),
      "health_class": health.state == .ok ? "good" : "bad", "chart": try runChart(),
    ]
  }

  private func figure(_ key: String, _ count: Int, _ page: String?) -> Context {
    var figure: Context = ["label": text(key), "value": number(count)]
    if let page { figure["href"] = "\(root)/\(page)" }
    return figure
  }

  private func latestChanges() throws -> [Context] {
    var changes: [Context] = []
    try state.snapshot.eachRow(
      """
      SELECT c.kind, c.recorded_at, coalesce(d.title, c.name, c.dataset_id), c.dataset_id,
        c.changed_fields
      FROM changes c LEFT JOIN all_datasets d ON d.id = c.dataset_id
      ORDER BY c.seq DESC LIMIT 12
      """
    ) { row in
      let fields = row.text(4)?.filter { !"[]\"".contains($0) }.replacing(",", with: ", ")
      changes.append([
        "kind": text(row.text(0) ?? ""), "at": row.text(1) ?? "",
        "at_text": Self.day(row.text(1), withTime: true), "title": row.text(2) ?? "",
        "href": href(dataset: row.text(3) ?? ""), "fields": fields ?? "",
      ])
    }
    return changes
  }

  // MARK: Runs

  func runs() throws -> Context {
    var runs: [Context] = []
    try state.snapshot.eachRow(
      """
      SELECT id, started_at, mode, outcome, created, updated, touched, deleted, held, rejected,
        coalesce(message, '')
      FROM runs ORDER BY id DESC LIMIT 200
      """
    ) { row in
      runs.append([
        "id": "\(row.integer(0))", "at": row.text(1) ?? "",
        "at_text": Self.day(row.text(1), withTime: true), "mode": row.text(2) ?? "",
        "outcome": row.text(3) ?? "", "created": number(Int(row.integer(4))),
        "updated": number(Int(row.integer(5))), "touched": number(Int(row.integer(6))),
        "deleted": number(Int(row.integer(7))), "held": number(Int(row.integer(8))),
        "rejected": number(Int(row.integer(9))), "message": row.text(10) ?? "",
      ])
    }
    return ["runs": runs, "chart": try runChart()]
  }

  /// Bars: what each of the last runs brought. The table of runs has the same in figures.
  func runChart() throws -> String {
    var bars: [(label: String, counts: [(String, Int)])] = []
    try state.snapshot.eachRow(
      "SELECT id, created, updated, deleted FROM runs ORDER BY id DESC LIMIT 30"
    ) { row in
      let counts = zip(["created", "updated", "deleted"], Int32(1)...).map {
        ($0, Int(row.integer($1)))
      }
      bars.append(("\(row.integer(0))", counts))
    }
    let (width, height) = (600, 120)
    let most = max(1, bars.map { $0.counts.reduce(0) { $0 + $1.1 } }.max() ?? 1)
    let step = width / 30
    var drawing = ""
    for (index, bar) in bars.reversed().enumerated() {
      var y = height
      for (name, count) in bar.counts where count > 0 {
        let tall = max(1, count * (height - 16) / most)
        y -= tall
        drawing +=
          "<rect class=\"\(name)\" x=\"\(index * step + 1)\" y=\"\(y)\" "
          + "width=\"\(step - 2)\" height=\"\(tall)\"/>"
      }
    }
    let title =
      "\(text("last_runs")): \(text("created")), \(text("updated")), \(text("deleted"))"
    return """
      <svg viewBox="0 0 \(width) \(height + 18)" width="\(width)" height="\(height + 18)" role="img" \
      aria-label="\(SiteFeed.xml(title))"><line class="axis" x1="0" y1="\(height)" x2="\(width)" \
      y2="\(height)"/>\(drawing)<text x="0" y="11">\(SiteFeed.xml(number(most)))</text>\
      <text x="0" y="\(height + 14)">\(SiteFeed.xml(title))</text></svg>
      """
  }
}

/// How many there are of what, in one state.
struct SiteCounts: Sendable {
  var datasets: Int
  var resources: Int
  var owners: Int
  var lists: Int

  init(_ state: SiteState) throws {
    datasets = try state.snapshot.liveCount()
    resources = try state.snapshot.count("SELECT count(*) FROM resource_rows")
    owners = try state.snapshot.count(
      "SELECT count(DISTINCT owner_term) FROM all_datasets WHERE deleted_at IS NULL")
    lists = try state.snapshot.count(
      "SELECT count(*) FROM value_lists WHERE fetched_at IS NOT NULL")
  }
}
