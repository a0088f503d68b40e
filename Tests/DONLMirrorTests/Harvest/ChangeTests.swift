import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The feed")
struct ChangeTests {
  @Test("is quiet about churn; the rows follow the portal")
  func touched() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.lastChange()
      portal.update { $0.put(Entry("a", hour: 9, resources: ["churned0", "churned1"])) }
      let run = try await mirror.harvest(portal)

      #expect(run.tally.touched == 1)
      #expect(run.tally.updated == 0)
      #expect(try mirror.feed(after: before) == [])
      let ids = try mirror.strings(
        "SELECT id FROM resources WHERE dataset_id = 'a' ORDER BY position")
      #expect(ids == ["churned0", "churned1"])
      let stamp = try mirror.strings("SELECT metadata_modified FROM datasets WHERE id = 'a'")
      #expect(stamp == ["2026-05-01T09:00:00.000000Z"])
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  /// Search is left alone where nothing changed that it reads.
  @Test(
    "is followed by search, whatever part of a dataset changed",
    arguments: [
      #""title": "Zeldzaam""#, #""notes": "Zeldzaam""#, #""name": "zeldzaam""#,
      #""organization": {"id": "org", "name": "utrecht", "title": "Zeldzaam"}"#,
      #""tags": [{"name": "water"}, {"name": "zeldzaam"}]"#,
      #""resources": [{"id": "r0", "name": "Zeldzaam", "url": "https://example.org/a"}]"#,
    ], [[], ["title", "notes", "name"]])
  func search(member: String, churn: [String]) async throws {
    let found = "SELECT dataset_id FROM datasets_fts WHERE datasets_fts MATCH 'zeldzaam'"
    let change: @Sendable (inout HarvestJob) -> Void = { $0.settings.portal.churnKeys = churn }
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal, change)
      portal.update { $0.put(Entry("a", hour: 9, rest: ", " + member)) }
      try await mirror.harvest(portal, change)
      #expect(try mirror.strings(found) == ["a"])
      #expect(try MirrorReader(path: mirror.path).check().flatMap(\.examples) == [])

      portal.update { $0.put(Entry("a", hour: 10)) }
      try await mirror.harvest(portal, change)
      #expect(try mirror.strings(found) == [])
      #expect(try MirrorReader(path: mirror.path).check().flatMap(\.examples) == [])
    }
  }

  @Test("lists the fields that an update changed")
  func changedFields() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("a", hour: 9, title: "Other", tags: ["air"])) }
      try await mirror.harvest(portal)

      let fields = try mirror.strings("SELECT changed_fields FROM changes WHERE kind = 'update'")
      #expect(fields == [#"["tags","title"]"#])
      let hashes = try mirror.strings(
        """
        SELECT c.content_hash FROM changes c JOIN datasets d ON d.id = c.dataset_id
        WHERE c.kind = 'update' AND c.content_hash = d.content_hash
        """)
      #expect(hashes.count == 1)
    }
  }

  @Test("says nothing about other spelling of the same record")
  func spelling() async throws {
    try await story([Entry("a"), Entry("b")]) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.lastChange()
      portal.onPages { _, _ in
        .rewrite { $0.text = $0.text.replacing("Title", with: "T\\u0069tle") }
      }
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.tally == Tally(unchanged: 2))
      #expect(try mirror.feed(after: before) == [])
    }
  }

  @Test("grows by seq and bears one stamp a page")
  func sequence() async throws {
    try await story(Entry.row(9)) { mirror, portal in
      try await mirror.harvest(portal) { $0.rows = 4 }

      let feed = try mirror.feed()
      #expect(feed == Entry.row(9).map { "create \($0.id)" })
      #expect(try mirror.count("SELECT count(DISTINCT seq) FROM changes") == 9)
    }
  }

  @Test("counts every record that was served in exactly one counter")
  func counters() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal) { $0.rows = 3 }
      portal.update {
        $0.put(Entry("0002", hour: 30, title: "Edited"))
        $0.put(Entry("0003", hour: 30, resources: ["churned"] + ["r1"]))
        $0.put(Entry("0006", hour: 30, title: "Bad \u{1}"))
        $0.put(Entry("0021", hour: 30))
        $0.delete("0019")
      }
      let run = try await mirror.harvest(portal) {
        $0.isFull = true
        $0.rows = 3
      }

      #expect(run.tally.received == portal.catalogue.count)
      #expect(
        run.tally
          == Tally(
            created: 1, updated: 1, touched: 1, unchanged: 16, deleted: 1, rejected: 1))
      let row = try mirror.rows(
        "SELECT created, updated, touched, unchanged, deleted, rejected FROM runs WHERE id = ?",
        [run.id])
      #expect(row == [[1, 1, 1, 16, 1, 1].map { $0.databaseValue }])
    }
  }
}
