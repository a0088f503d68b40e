import Foundation
import SamplePortal
import Testing

@Suite("fq")
struct FilterTests {
  /// Five datasets; the dates are those of the range tests.
  private static let records = [
    record("a", modified: "2026-11-01T12:00:00.123999", #""theme": ["t:1", "t:2"]"#),
    record("b", modified: "2026-11-01T12:00:00.123001", #""theme": "t:1""#),
    record("c", modified: "2026-11-01T12:00:00.124000", #""theme": []"#),
    record("B", modified: "2026-10-31T23:59:59", #""theme": null"#),
    record("d", name: "met spatie", modified: "2026-11-02T00:00:00"),
  ]

  private func ids(_ filter: String) async throws -> [String] {
    try await SamplePortal.run(Catalogue(records: Self.records)) { portal in
      portal.settings.now = { Date(timeIntervalSince1970: 1_793_664_000) }
      let reply = try await Client(portal: portal).search(["fq": filter, "sort": "id asc"])
      #expect(reply.status == 200, "\(reply.text)")
      return reply.ids
    }
  }

  @Test(
    "compares dates in milliseconds, with brackets that mix",
    arguments: [
      ("+metadata_modified:[2026-11-01T12:00:00.123Z TO *]", ["a", "b", "c", "d"]),
      ("metadata_modified:{2026-11-01T12:00:00.123Z TO *]", ["c", "d"]),
      ("metadata_modified:{2026-11-01T12:00:00.123456Z TO *]", ["c", "d"]),
      ("metadata_modified:[* TO 2026-11-01T12:00:00.123Z}", ["B"]),
      ("metadata_modified:[2026-11-01T12:00:00.123999Z TO 2026-11-01T12:00:00.124Z}", ["a", "b"]),
      ("metadata_modified:[\"2026-11-01T12:00:00.124Z\" TO \"2026-11-02T00:00:00Z\"]", ["c", "d"]),
      ("metadata_modified:\"2026-11-01T12:00:00.123456Z\"", ["a", "b"]),
      ("metadata_modified:[* TO *]", ["B", "a", "b", "c", "d"]),
    ])
  func dates(filter: String, expected: [String]) async throws {
    #expect(try await ids(filter) == expected)
  }

  // The clock stands at 2026-11-03T00:00:00Z.
  @Test(
    "knows NOW and its arithmetic",
    arguments: [
      ("metadata_modified:[NOW-1DAY TO NOW]", ["d"]),
      ("metadata_modified:[NOW-36HOURS TO NOW/DAY]", ["a", "b", "c", "d"]),
      ("metadata_modified:[2026-11-01T12:00:00Z/DAY-1SECOND TO NOW]", ["B", "a", "b", "c", "d"]),
    ])
  func now(filter: String, expected: [String]) async throws {
    #expect(try await ids(filter) == expected)
  }

  @Test(
    "compares ids as bytes",
    arguments: [
      (#"+id:{"a" TO *]"#, ["b", "c", "d"]), ("id:[a TO c}", ["a", "b"]),
      ("id:[* TO Z]", ["B"]), (#"+id:("a" OR "B" OR "nosuch")"#, ["B", "a"]),
    ])
  func idRanges(filter: String, expected: [String]) async throws {
    #expect(try await ids(filter) == expected)
  }

  @Test(
    "joins clauses as Solr does",
    arguments: [
      ("+id:a +id:b", []), ("id:a id:b", []), ("theme:\"t:1\"", ["a", "b"]),
      ("theme:\"t:1\" -theme:\"t:2\"", ["b"]), ("-id:a", ["B", "b", "c", "d"]),
      ("NOT id:a", ["B", "b", "c", "d"]), ("+(id:a OR id:c)", ["a", "c"]),
      ("+(id:a OR id:c) +theme:\"t:1\"", ["a"]), ("(id:a)", ["a"]), ("id:a AND id:a", ["a"]),
      ("+(theme:\"t:1\" AND id:b)", ["b"]), ("theme:*", ["a", "b"]), ("name:\"met spatie\"", ["d"]),
      (
        "+(metadata_modified:{2026-11-01T12:00:00.123Z TO *] OR "
          + "(metadata_modified:\"2026-11-01T12:00:00.123Z\" AND id:{a TO *]))", ["b", "c", "d"]
      ),
      ("nosuchfield:x", []), ("name:name-*", ["B", "a", "b", "c"]), ("name:met\\ spatie", ["d"]),
    ])
  func clauses(filter: String, expected: [String]) async throws {
    #expect(try await ids(filter) == expected)
  }

  @Test(
    "is ignored whole when it has an OR at top level",
    arguments: ["id:nope1 OR id:nope2", "(id:nope1) OR (id:nope2)", "+id:nope1 OR +id:nope2"])
  func bareOr(filter: String) async throws {
    #expect(try await ids(filter) == ["B", "a", "b", "c", "d"])
  }

  @Test(
    "fails as Solr fails, with 409",
    arguments: [
      "metadata_modified:[2026-11-01T12:00:00 TO *]", "metadata_modified:[2026-11-01 TO *]",
      "metadata_modified:[2026-11-01T12:00:00+00:00 TO *]", "metadata_modified:[2026",
      "metadata_modified:[2026-11-01T12:00:00Z to *]", "+(id:a OR id:b", "id:\"a", "id:a)",
      "metadata_modified:[NOW-1FORTNIGHT TO *]", "id:", "OR id:a", "{!term f=id}a", "a:b:c",
    ])
  func refusals(filter: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let reply = try await Client(portal: portal).search(["fq": filter])

      #expect(reply.status == 409)
      #expect(reply.errorType == "Search Error")
    }
  }
}
