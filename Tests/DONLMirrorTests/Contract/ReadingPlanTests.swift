import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// What a reader asks about one thing costs what it finds, however large the file is: SQLite's own plan
/// says whether a table is gone through.
@Suite("A question about one thing")
struct ReadingPlanTests {
  /// What each holds grows with the catalogue.
  static let large = [
    "all_datasets", "uri_rows", "resource_rows", "extra_rows", "tag_rows", "group_rows",
    "record_rows",
    "changes", "sightings",
  ]

  static let questions =
    [
      "datasets WHERE name = 'dataset-0007'", "datasets WHERE id = '0007'",
      "datasets WHERE authority = 'x'", "records WHERE dataset_id = '0007'",
      "resources WHERE dataset_id = '0007'", "tags WHERE name = 'x'",
      "tags WHERE dataset_id = '0007'",
      "extras WHERE dataset_id = '0007'", "uri_values WHERE dataset_id = '0007'",
      "uri_values WHERE uri = 'x'", "uri_values WHERE value = 'x'",
      "uri_values WHERE label_nl = 'x'",
      "uri_values WHERE label_en = 'x'", "uri_values WHERE field = 'theme' AND uri = 'x'",
      "theme_datasets WHERE theme = 'x'", "labeled_datasets WHERE id = '0007'",
      "labeled_datasets WHERE name = 'dataset-0007'", "labeled_datasets WHERE owner = 'x'",
      "labeled_resources WHERE dataset_id = '0007'", "changes WHERE dataset_id = '0007'",
      "changes WHERE seq > 100",
    ].map { "SELECT * FROM \($0)" }
    + ["uri_values", "resources", "extras", "tags", "records", "dataset_groups"].map {
      "SELECT * FROM datasets d JOIN \($0) x ON x.dataset_id = d.id WHERE d.name = 'dataset-0007'"
    } + [
      "SELECT * FROM datasets d JOIN uri_values u ON u.dataset_id = d.id WHERE u.label_nl = 'x'",
      """
      SELECT * FROM datasets d JOIN theme_datasets t ON t.dataset_id = d.id WHERE t.theme = 'x'
      """,
    ]

  @Test("goes through no large table")
  func plans() async throws {
    try await story(Entry.row(300)) { mirror, portal in
      try await mirror.harvest(portal)
      for sql in Self.questions {
        #expect(try mirror.wholeTables(in: sql) == [], "\(sql)")
      }
      // A question about everything does: the test can tell.
      #expect(
        try mirror.wholeTables(in: "SELECT * FROM uri_values WHERE position = 1") == ["uri_rows"])
    }
  }

  @Test("of `search --field` goes through no large table")
  func search() async throws {
    try await story(Entry.row(300)) { mirror, portal in
      try await mirror.harvest(portal)
      let reader = try MirrorReader(path: mirror.path)
      let log = SQLLog()
      try reader.queue.read { db in db.trace { log.add($0) } }
      for field in ["theme", "authority", "tag", "format", "title"] {
        _ = try reader.search([], fields: [(field, "x")])
      }
      let statements = log.statements.filter { $0.contains("fts_rows") }
      #expect(!statements.isEmpty)
      for sql in statements { #expect(try mirror.wholeTables(in: sql) == [], "\(sql)") }
    }
  }
}

extension Mirror {
  /// The large tables that a statement goes through from end to end, by the program that SQLite makes of it:
  /// a plan says aliases.
  fileprivate func wholeTables(in sql: String) throws -> [String] {
    try query { db in
      let statement = try db.makeStatement(sql: "EXPLAIN " + sql)
      statement.setUncheckedArguments([])
      var tables: [Int: Int] = [:]
      var rewound: [Int] = []
      for row in try Row.fetchAll(statement) {
        switch row["opcode"] as String {
        case "OpenRead": tables[row["p1"]] = row["p2"]
        case "Rewind", "Last": rewound.append(row["p1"])
        default: break
        }
      }
      let roots = rewound.compactMap { tables[$0] }
      let names = try roots.compactMap {
        try String.fetchOne(
          db, sql: "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?", arguments: [$0])
      }
      return names.filter(ReadingPlanTests.large.contains)
    }
  }
}
