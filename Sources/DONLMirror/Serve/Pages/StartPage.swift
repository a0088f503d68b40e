import Foundation

/// Counts, freshness, what changed, the last runs.
extension SitePages {
  func start(_ health: Health?) throws -> Context {
    let counts = try responder.counts(state)
    let figures = [
      figure("datasets", counts.datasets, "search"), figure("resources", counts.resources, nil),
      figure("owners_only", counts.owners, "owners"), figure("lists", counts.lists, "lists"),
    ]
    let changes = try latestChanges()
    let findings = health?.findings ?? []
    return [
      "figures": figures, "changes": changes, "has_changes": !changes.isEmpty,
      "health": findings.isEmpty
        ? text("healthy") : findings.map(\.message).joined(separator: " "),
      "health_class": findings.isEmpty ? "good" : "bad", "chart": try runChart(),
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
