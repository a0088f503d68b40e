import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// How SQLite answers what readers ask: by an index where one should serve.
@Suite("A reader's question")
struct QueryPlanTests {
  private static func sample() async throws -> Mirror {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
      portal.publish(.sample(day: 2))
      try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
    }
    return mirror
  }

  /// About one dataset, one theme, one owner: by name, id, URI or label, and through a join.
  private static let points = [
    "SELECT * FROM datasets WHERE id = 'x'",
    "SELECT * FROM datasets WHERE name = 'x'",
    "SELECT * FROM datasets WHERE authority = 'x'",
    "SELECT * FROM datasets WHERE owner_org = 'x'",
    "SELECT * FROM resources WHERE dataset_id = 'x'",
    "SELECT * FROM tags WHERE dataset_id = 'x'",
    "SELECT * FROM tags WHERE name = 'x'",
    "SELECT * FROM extras WHERE dataset_id = 'x'",
    "SELECT * FROM records WHERE dataset_id = 'x'",
    "SELECT * FROM uri_values WHERE dataset_id = 'x'",
    "SELECT * FROM uri_values WHERE uri = 'x'",
    "SELECT * FROM uri_values WHERE value = 'x'",
    "SELECT * FROM uri_values WHERE label_nl = 'x'",
    "SELECT * FROM uri_values WHERE label_en = 'x'",
    "SELECT * FROM uri_values WHERE field = 'theme' AND label_nl = 'x'",
    "SELECT * FROM labeled_datasets WHERE id = 'x'",
    "SELECT * FROM labeled_datasets WHERE name = 'x'",
    "SELECT * FROM labeled_datasets WHERE owner = 'x'",
    "SELECT * FROM labeled_datasets WHERE owner_nl = 'x'",
    "SELECT * FROM labeled_resources WHERE dataset_id = 'x'",
    "SELECT * FROM theme_datasets WHERE theme = 'x'",
    "SELECT * FROM changes WHERE dataset_id = 'x'",
    "SELECT * FROM changes WHERE seq > 5",
    "SELECT * FROM concepts WHERE list = 'x' AND uri = 'y'",
    "SELECT * FROM concepts WHERE label_nl = 'x'",
    "SELECT * FROM stale_display_names WHERE dataset_id = 'x'",
    "SELECT * FROM malformed_uris WHERE dataset_id = 'x'",
    "SELECT * FROM datasets d JOIN uri_values u ON u.dataset_id = d.id WHERE d.name = 'x'",
    "SELECT * FROM datasets d JOIN resources u ON u.dataset_id = d.id WHERE d.name = 'x'",
    "SELECT * FROM datasets d JOIN extras u ON u.dataset_id = d.id WHERE d.name = 'x'",
    "SELECT * FROM datasets d JOIN tags u ON u.dataset_id = d.id WHERE d.name = 'x'",
    "SELECT * FROM datasets d JOIN records u ON u.dataset_id = d.id WHERE d.name = 'x'",
    "SELECT * FROM datasets d JOIN labeled_datasets u ON u.id = d.id WHERE d.name = 'x'",
    "SELECT u.* FROM themes t JOIN uri_values u ON u.uri = t.uri WHERE t.uri = 'x'",
  ]

  @Test("about one of a thousand reads no large table from end to end")
  func points() async throws {
    let mirror = try await Self.sample()
    for sql in Self.points {
      let scans = try mirror.plan(of: sql).filter { line in
        line.hasPrefix("SCAN") && !Self.small.contains { line.hasPrefix("SCAN \($0)") }
      }
      #expect(scans == [], "\(sql)")
    }
  }

  /// What is no table, or a small one.
  private static let small = [
    "CONSTANT ROW", "e VIRTUAL TABLE", "f", "uri_fields", "fields", "c", "b", "broader", "p", "n",
    "below", "theme_datasets", "(subquery", "(join",
  ]

  @Test("about everything reads each table in its own order, and each row once")
  func scans() async throws {
    let mirror = try await Self.sample()
    for view in ["uri_values", "labeled_datasets", "labeled_resources", "resources", "extras"] {
      let plan = try mirror.plan(of: "SELECT * FROM \(view)")
      let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.contains("VIRTUAL") }
      #expect(scans.count <= 1, "\(view): \(plan)")
      // In the order of another index each row would be looked up by its key.
      #expect(!plan.contains { $0.contains("SCAN u USING INDEX") }, "\(view): \(plan)")
      #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(view): \(plan)")
    }
  }
}
