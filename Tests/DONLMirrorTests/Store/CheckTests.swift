import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A check of the database")
struct CheckTests {
  @Test("finds nothing after creations, updates, deletions and quarantine, and writes nothing")
  func sound() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      try portal.update { catalogue in
        try catalogue.put(#"{"id": "0099", "name": "bad", "cost": 1e}"#)
        catalogue.delete("0003")
        try catalogue.put(Entry("0002", hour: 30, title: "Another title").json)
      }
      try await mirror.harvest(portal) { $0.isFull = true }
      #expect(try mirror.strings("SELECT kind FROM changes").contains("delete"))
      let before = try Data(contentsOf: URL(filePath: mirror.path))

      let checks = try MirrorReader(path: mirror.path).check()

      #expect(checks.flatMap(\.examples) == [])
      #expect(
        Set(checks.map(\.name)) == [
          "integrity", "foreign_keys", "meta", "sequence", "feed", "rows", "search", "ledger",
          "value_lists", "terms", "field_census", "content_hash", "memory",
          "full_text", "resolution",
        ])
      #expect(try Data(contentsOf: URL(filePath: mirror.path)) == before)
    }
  }

  @Test(
    "names what another hand has changed",
    arguments: [
      ("DELETE FROM all_datasets WHERE id = '0002'", ["feed"]),
      ("UPDATE all_datasets SET title = 'Other' WHERE id = '0002'", ["full_text"]),
      ("UPDATE all_datasets SET content_hash = 'f00' WHERE id = '0002'", ["content_hash", "feed"]),
      ("UPDATE record_rows SET json = replace(json, 'Title', 'Titel')", ["content_hash"]),
      ("UPDATE record_rows SET json = '{' WHERE dataset = 1", ["content_hash"]),
      ("DELETE FROM record_rows WHERE dataset = 1", ["rows"]),
      ("DELETE FROM sightings WHERE dataset = 1", ["rows"]),
      ("DELETE FROM resource_rows WHERE dataset = 1 AND position = 1", ["full_text"]),
      ("DELETE FROM changes WHERE dataset_id = '0002'", ["feed"]),
      ("UPDATE changes SET kind = 'update' WHERE dataset_id = '0002'", ["feed"]),
      (
        "UPDATE all_datasets SET deleted_at = '2026-01-01T00:00:00.000000Z' WHERE id = '0002'",
        ["feed", "rows", "search"]
      ),
      ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'changes'", ["sequence"]),
      ("DELETE FROM meta WHERE key = 'source'", ["meta"]),
      ("UPDATE meta SET value = '99' WHERE key = 'hash_version'", ["meta"]),
      ("DELETE FROM meta WHERE key = 'complete_as_of'", ["meta"]),
      ("INSERT INTO value_lists (name, url, entries) VALUES ('A', '', 3)", ["value_lists"]),
      ("UPDATE runs SET exit_code = NULL", ["ledger"]),
      ("INSERT INTO group_rows (dataset, group_id) VALUES (1, 'none')", ["foreign_keys"]),
      ("DELETE FROM uri_rows WHERE dataset = 1", ["resolution"]),
      ("UPDATE uri_rows SET position = 7 WHERE dataset = 1", ["resolution"]),
      ("UPDATE terms SET value = value || 'x'", ["resolution"]),
      ("UPDATE terms SET standing = 'unlisted' WHERE standing = 'unchecked'", ["terms"]),
      ("INSERT INTO terms (list, value, standing) VALUES ('', 'x', 'free')", ["terms"]),
      ("UPDATE uri_fields SET value_list = 'A' WHERE field = 'authority'", ["terms"]),
      ("UPDATE all_datasets SET license_term = NULL", ["resolution"]),
      ("UPDATE all_datasets SET title = 'x' WHERE id = '0002'", ["resolution"]),
      ("UPDATE resource_rows SET format_term = 1 WHERE dataset = 1", ["resolution"]),
      ("DELETE FROM extra_rows WHERE dataset = 1", ["resolution", "field_census"]),
      ("UPDATE field_sightings SET datasets = datasets + 1", ["field_census"]),
      ("INSERT INTO extra_rows VALUES (1, 99, '{}')", ["rows"]),
    ])
  func tampered(sql: String, names: [String]) async throws {
    let entries = [Entry("0000", rest: #", "nieuw": "x""#)] + Entry.row(5).dropFirst()
    try await story(entries) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.tamper("PRAGMA foreign_keys = OFF; " + sql)

      let failed = try MirrorReader(path: mirror.path).check().filter { !$0.isPassed }

      #expect(Set(names).isSubset(of: failed.map(\.name)), "\(failed)")
    }
  }

  @Test("counts all problems and tells the first ten")
  func manyProblems() async throws {
    try await story(Entry.row(25)) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.tamper("DELETE FROM sightings")

      let rows = try #require(
        try MirrorReader(path: mirror.path).check().first { $0.name == "rows" })

      #expect(rows.problems == 25)
      #expect(rows.examples.count == 10)
    }
  }
}

@Suite("A check against the portal")
struct PortalCheckTests {
  private static func compare(
    _ mirror: Mirror, _ portal: SamplePortal
  ) async throws -> PortalComparison {
    var settings = Settings()
    settings.portal.retries = 0
    var check = PortalCheck(settings: settings, logger: mirror.log.logger)
    check.clock.sleep = { _ in try Task.checkCancellation() }
    return try await check.run(MirrorReader(path: mirror.path), at: portal.url)
  }

  @Test("finds what is only here, only there and of another stamp, and explains quarantine")
  func differences() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try portal.update { try $0.put(#"{"id": "0099", "name": "bad", "cost": 1e}"#) }
      try await mirror.harvest(portal)
      let same = try await Self.compare(mirror, portal)
      #expect(same.differences.map(\.id) == ["0099"])
      #expect(same.unexplained == 0)

      try portal.update { catalogue in
        catalogue.delete("0001")
        try catalogue.put(Entry("0002", hour: 30).json)
        try catalogue.put(Entry("0050", hour: 31).json)
      }
      let before = try Data(contentsOf: URL(filePath: mirror.path))
      let moved = try await Self.compare(mirror, portal)

      #expect(moved.unexplained == 3)
      #expect(
        moved.differences.map { "\($0.kind.rawValue) \($0.id)" } == [
          "only_here 0001", "other_stamp 0002", "only_there 0050", "only_there 0099",
        ])
      #expect(try Data(contentsOf: URL(filePath: mirror.path)) == before)

      try await mirror.harvest(portal) { $0.isFull = true }
      #expect(try await Self.compare(mirror, portal).unexplained == 0)
    }
  }

  @Test("explains deletions that the guard holds")
  func held() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.publish(Catalogue())
      try await mirror.harvest(portal)

      let comparison = try await Self.compare(mirror, portal)

      #expect(comparison.differences.count == 5)
      #expect(comparison.unexplained == 0)
    }
  }

  @Test("goes by names where the portal refuses to list ids")
  func names() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      try portal.update { try $0.put(Entry("0050", hour: 31).json) }
      portal.intercept { request, _ in
        request["fl"] == nil
          ? nil
          : .respond(
            status: 409,
            body: #"{"success": false, "error": {"__type": "Validation Error"}}"#)
      }
      let comparison = try await Self.compare(mirror, portal)

      #expect(!comparison.comparesStamps)
      #expect(comparison.differences.map(\.id) == ["name-0050"])
    }
  }

  @Test("fails as the portal fails", arguments: zip([503, 403], [75, 69]))
  func failing(status: Int, exit: Int32) async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.intercept { _, _ in .respond(status: status, body: "no") }
      let failure = await #expect(throws: Failure.self) {
        try await Self.compare(mirror, portal)
      }

      #expect(failure?.status.rawValue == exit)
    }
  }

  @Test("refuses to compare with another portal")
  func otherPortal() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal) { $0.source = "http://elsewhere.example" }
      let failure = await #expect(throws: Failure.self) {
        try await Self.compare(mirror, portal)
      }

      #expect(failure?.reason == "other_portal")
    }
  }

  @Test("says what to set where the mirror has no address to ask at")
  func noAddress() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal) { $0.source = "sample" }
      let check = PortalCheck(settings: Settings(), logger: mirror.log.logger)
      let failure = await #expect(throws: Failure.self) {
        try await check.run(try MirrorReader(path: mirror.path), at: nil)
      }

      #expect(failure?.reason == "no_portal")
      #expect(failure?.message.hasSuffix("which has no address; set portal.url.") == true)
    }
  }
}
