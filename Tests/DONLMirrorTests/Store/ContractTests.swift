import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The contract")
struct ContractTests {
  @Test("has every promised column", arguments: Contract.catalog + Contract.history)
  func columns(of table: Contract.Table) throws {
    let mirror = try Mirror()
    try Store(path: mirror.path).close()
    let there = try mirror.query { db in
      try Row.fetchAll(db, sql: "SELECT name FROM pragma_table_xinfo(?)", arguments: [table.name])
        .map { $0["name"] as String }
    }

    #expect(Set(table.columns).subtracting(there).isEmpty)
  }

  private static let stamp = #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"#
  private static let date = #"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?"#

  @Test("keeps the promised forms and types in every row of the sample catalogue")
  func forms() async throws {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal) { $0.isFull = true }
      portal.publish(.sample(day: 2))
      try await mirror.harvest(portal) { $0.isFull = true }
    }

    let stamp = try Regex(Self.stamp)
    let date = try Regex(Self.date)
    for (columns, form) in [(Self.stamps, stamp), (Self.dates, date)] {
      for column in columns {
        let values = try mirror.strings(
          "SELECT \(column.name) FROM \(column.table) WHERE \(column.name) IS NOT NULL")
        let odd = values.compactMap(\.self).filter { $0.wholeMatch(of: form) == nil }
        #expect(odd.isEmpty, "\(column.table).\(column.name)")
      }
    }
    for table in Contract.catalog + Contract.history where table.name != "datasets_fts" {
      for column in table.columns {
        let types = try mirror.strings("SELECT DISTINCT typeof(\(column)) FROM \(table.name)")
        let expected = Self.expectedTypes(of: column, in: table.name)
        #expect(
          Set(types.compactMap(\.self)).isSubset(of: expected), "\(table.name).\(column): \(types)")
      }
    }
    #expect(try mirror.count("SELECT count(*) FROM datasets WHERE last_seen IS NULL") == 0)
  }

  private static let stamps: [(table: String, name: String)] = [
    ("datasets", "metadata_created"), ("datasets", "metadata_modified"),
    ("datasets", "first_seen"), ("datasets", "last_seen"),
    ("deleted_datasets", "deleted_at"), ("resources", "created"), ("resources", "last_modified"),
    ("records", "fetched_at"), ("runs", "started_at"), ("runs", "finished_at"),
    ("runs", "checkpoint"), ("changes", "recorded_at"), ("changes", "metadata_modified"),
    ("rejections", "first_seen"), ("rejections", "last_seen"), ("field_census", "first_seen"),
  ]

  private static let dates: [(table: String, name: String)] = [
    ("datasets", "issued"), ("datasets", "modified"),
  ]

  private static let integers: Set = [
    "private", "num_resources", "num_tags", "position", "resource_position", "size", "portal_count",
    "requests", "retries", "bytes", "created", "updated", "touched", "unchanged", "deleted", "held",
    "rejected", "exit_code", "seq", "run_id", "attempts", "entries",
  ]

  private static func expectedTypes(of column: String, in table: String) -> Set<String> {
    if table == "rejections", column == "record" { return ["blob"] }
    if table == "field_census", column == "datasets" { return ["integer"] }
    if table == "runs", column == "id" { return ["integer"] }
    let isStamp = table == "resources" && column == "created"
    return integers.contains(column) && !isStamp ? ["integer", "null"] : ["text", "null"]
  }
}
