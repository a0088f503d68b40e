import SamplePortal
import Testing

@Suite("package_search")
struct SearchTests {
  @Test("serves every record byte for byte")
  func bytes() async throws {
    let awkward = #"{"id":"a",  "title": "caf\u00e9 \/ é", "x": 1e, "state":"active"}"#
    try await SamplePortal.run(Catalogue(records: [awkward])) { portal in
      let reply = try await Client(portal: portal).search()

      #expect(reply.text.contains(#""count": 1, "facets": {}, "results": [\#(awkward)], "sort""#))
    }
  }

  @Test("is newest first by default, and tells so")
  func defaultOrder() async throws {
    let catalogue = try catalogue(
      ("a", "2026-11-01T12:00:00"), ("b", "2026-11-03T12:00:00"), ("c", "2026-11-02T12:00:00"))
    try await SamplePortal.run(catalogue) { portal in
      let reply = try await Client(portal: portal).search()

      #expect(reply.ids == ["b", "c", "a"])
      #expect(reply.result["sort"] as? String == "score desc, metadata_modified desc")
    }
  }
}
