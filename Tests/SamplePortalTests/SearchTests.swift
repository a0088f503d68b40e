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

  @Test("sorts dates by the millisecond, and ties by what was written last")
  func ties() async throws {
    var catalogue = try catalogue(
      ("a", "2026-11-01T12:00:00.123999"), ("b", "2026-11-01T12:00:00.123001"),
      ("c", "2026-11-01T12:00:00"))
    try await SamplePortal.run(catalogue) { portal in
      let client = Client(portal: portal)
      #expect(try await client.search(["sort": "metadata_modified asc"]).ids == ["c", "a", "b"])

      try catalogue.put(record("a", modified: "2026-11-01T12:00:00.123000"))
      portal.publish(catalogue)

      #expect(try await client.search(["sort": "metadata_modified asc"]).ids == ["c", "b", "a"])
      #expect(
        try await client.search(["sort": "metadata_modified desc, id asc"]).ids == ["a", "b", "c"])
    }
  }

  @Test(
    "orders by any field that it knows, and by none that it does not",
    arguments: [
      ("id asc", ["A", "B", "a"]), ("id desc", ["a", "B", "A"]),
      ("name asc", ["B", "a", "A"]), ("name desc,id asc", ["A", "a", "B"]),
      ("nosuchfield asc", ["B", "a", "A"]), ("title_string DESC", ["a", "B", "A"]),
    ])
  func order(sort: String, ids: [String]) async throws {
    let catalogue = try Catalogue(records: [
      record("B", name: "1"), record("a", name: "2"), record("A", name: "3"),
    ])
    try await SamplePortal.run(catalogue) { portal async throws in
      #expect(try await Client(portal: portal).search(["sort": sort]).ids == ids)
    }
  }

  @Test("refuses a sort without a direction", arguments: ["id", "id up", "id asc,", "id asc name"])
  func badSort(sort: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let reply = try await Client(portal: portal).search(["sort": sort])

      #expect(reply.status == 400)
      #expect(reply.errorType == "Search Query Error")
    }
  }

  @Test(
    "caps rows without saying so",
    arguments: [("0", 0), ("", 10), ("2", 2), ("12", 12), ("13", 12), ("99999999999999999999", 12)])
  func rows(asked: String, given: Int) async throws {
    let catalogue = try Catalogue(records: (0..<30).map { record("id-\($0)") })
    var settings = SamplePortal.Settings()
    settings.rowsCap = 12
    try await SamplePortal.run(catalogue, settings: settings) { portal in
      let reply = try await Client(portal: portal).search(["rows": asked])

      #expect(reply.rows.count == given)
      #expect(reply.count == 30)
      #expect(Set(reply.result.keys) == ["count", "sort", "facets", "results", "search_facets"])
    }
  }

  @Test("gives nothing past the end, and the right count")
  func pastTheEnd() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let reply = try await Client(portal: portal).search(["start": "2147483646"])

      #expect(reply.status == 200)
      #expect(reply.count == 303)
      #expect(reply.rows.isEmpty)
    }
  }

  @Test(
    "refuses numbers as CKAN does",
    arguments: [
      (["rows": "-1"], "Validation Error"), (["rows": "abc"], "Validation Error"),
      (["rows": "1.5"], "Validation Error"), (["start": "-1"], "Validation Error"),
      (["start": "2147483647"], "Search Error"),
    ])
  func badNumbers(query: [String: String], type: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      for (name, value) in query {
        let reply = try await Client(portal: portal).search([name: value])

        #expect(reply.status == 409)
        #expect(reply.errorType == type)
        #expect((reply.error["message"] == nil) == (type == "Validation Error"))
      }
    }
  }

  @Test("refuses a parameter that CKAN 2.8 does not know", arguments: ["foo", "include_deleted"])
  func unknownParameter(name: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let client = Client(portal: portal)
      let reply = try await client.search([name: "true", "ext_own": "1"])

      #expect(reply.status == 400)
      #expect(
        reply.error["message"] as? String
          == "Search Query is invalid: \"Invalid search parameters: ['\(name)']\"")
      #expect(try await client.search(["ext_own": "1", "facet": "false"]).status == 200)
    }
  }

  @Test("gives slim rows from the index when fl asks for them")
  func fieldList() async throws {
    let catalogue = try catalogue(
      ("a", "2015-04-11T03:06:17.034706"), ("b", "2015-04-11T03:06:17"))
    try await SamplePortal.run(catalogue) { portal in
      let reply = try await Client(portal: portal).search([
        "fl": "id,metadata_modified nosuch", "sort": "id asc",
      ])

      #expect(
        reply.text.contains(
          #""results": [{"id": "a", "metadata_modified": "2015-04-11T03:06:17.034Z"}, "#
            + #"{"id": "b", "metadata_modified": "2015-04-11T03:06:17Z"}]"#))
    }
  }

  @Test("shows and counts only what anonymous visitors may see")
  func visibility() async throws {
    let catalogue = try Catalogue(records: [
      record("a"), #"{"id": "b", "state": "deleted"}"#, #"{"id": "c", "private": true}"#,
      #"{"id": "d", "state": "draft"}"#,
    ])
    try await SamplePortal.run(catalogue) { portal async throws in
      let client = Client(portal: portal)

      #expect(try await client.search().ids == ["a"])
      #expect(try await client.search().count == 1)
      #expect(try await client.search(["fq": "state:deleted"]).count == 0)
    }
  }

  @Test("counts records that it does not serve")
  func unserved() async throws {
    var catalogue = try Catalogue(records: (0..<6).map { record("id-\($0)") })
    catalogue.unserved = ["id-2", "id-3"]
    try await SamplePortal.run(catalogue) { portal in
      let client = Client(portal: portal)
      let page = try await client.search(["rows": "3", "start": "1", "sort": "id asc"])

      #expect(page.count == 6)
      #expect(page.ids == ["id-1"])
    }
  }

  @Test(
    "finds datasets in which every word of q occurs",
    arguments: [
      ("*:*", 303), ("", 303), ("verkeer amsterdam", 3), ("VERKEER nergens", 0),
      ("title:riolering", 18), ("-amsterdam", 290), ("riolering OR zuivering", 22),
    ])
  func words(query: String, count: Int) async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal async throws in
      #expect(try await Client(portal: portal).search(["q": query, "rows": "0"]).count == count)
    }
  }

  @Test("counts facets of the fields asked for")
  func facets() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let reply = try await client.search(["rows": "0", "facet.field": #"["dataset_status"]"#])
      let facets = reply.result["facets"] as? [String: [String: Int]]

      #expect(facets?["dataset_status"]?["http://data.overheid.nl/status/gepland"] == 10)
      #expect(try await client.search(["facet.field": "organization"]).status == 409)
    }
  }

  @Test("takes the same parameters as a JSON body")
  func post() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let reply = try await Client(portal: portal).send(
        .POST, path: "/data/api/3/action/package_search",
        headers: ["Content-Type": "application/json"],
        body: #"{"rows": 1, "fq_list": ["state:active", "name:alle-velden"]}"#)

      #expect(reply.count == 1)
      #expect(reply.rows.first?["name"] as? String == "alle-velden")
    }
  }
}
