import SamplePortal
import Testing

/// What an action answers, written down by hand: that two catalogues answer alike says nothing about it.
@Suite("The actions that read")
struct ReadActionTests {
  private static func records() -> [String] {
    let water = #""organization": {"id": "o-1", "name": "water", "title": "Zwater"}"#
    let land = #""organization": {"id": "o-2", "name": "land", "title": "Aland"}"#
    return [
      record(
        "a", modified: "2026-11-01T00:00:00",
        water
          + #", "tags": [{"id": "t-1", "name": "Beek"}], "resources": [{"id": "r-1", "name": "Kaart", "format": "CSV"}, {"id": "r-2", "name": "kaartblad", "format": "PDF"}]"#
      ),
      record(
        "b", modified: "2026-11-03T00:00:00",
        water
          + #", "tags": [{"id": "t-1", "name": "Beek"}, {"id": "t-2", "name": "dijk"}], "resources": [{"id": "r-3", "name": "Tabel", "format": "csv"}]"#
      ),
      record("c", modified: "2026-11-02T00:00:00", land),
    ]
  }

  private func ask(
    _ action: String, _ query: KeyValuePairs<String, String> = [:]
  ) async throws -> Client.Reply {
    try await SamplePortal.run(Catalogue(records: Self.records())) { portal in
      try await Client(portal: portal).get(action, query)
    }
  }

  @Test(
    "find resources by a part of a field, in either case",
    arguments: [
      (["name:kaart"], ["r-1", "r-2"]), (["format:CSV"], ["r-1", "r-3"]),
      (["name:kaart", "format:csv"], ["r-1"]), (["name:nosuch"], []), (["id:r-3"], ["r-3"]),
    ])
  func resources(queries: [String], ids: [String]) async throws {
    try await SamplePortal.run(Catalogue(records: Self.records())) { portal in
      let client = Client(portal: portal)
      let path =
        "/api/3/action/resource_search?" + queries.map { "query=\($0)" }.joined(separator: "&")
      let result = try await client.send(path: path).result
      #expect(result["count"] as? Int == ids.count)
      let found = result["results"] as? [[String: Any]] ?? []
      #expect(found.compactMap { $0["id"] as? String } == ids)
    }
  }

  @Test("page through resources with the whole count")
  func resourceWindow() async throws {
    let result = try await ask(
      "resource_search", ["query": "name:a", "limit": "1", "offset": "1"]
    ).result
    #expect(result["count"] as? Int == 3)
    let found = result["results"] as? [[String: Any]]
    #expect(found?.compactMap { $0["id"] as? String } == ["r-2"])
  }

  @Test(
    "refuse a search for resources without sense",
    arguments: ["", "kaart", "name:", "nosuch:x"])
  func badResources(query: String) async throws {
    #expect(try await ask("resource_search", ["query": query]).status == 409)
  }

  @Test("show a resource and a tag")
  func parts() async throws {
    let resource = try await ask("resource_show", ["id": "r-2"])
    #expect(
      resource.text.contains(#""result": {"id": "r-2", "name": "kaartblad", "format": "PDF"}}"#))
    #expect(try await ask("resource_show", ["id": "r-9"]).status == 404)
    #expect(try await ask("resource_show").status == 409)
    let tag = try await ask("tag_show", ["id": "dijk"])
    #expect(tag.text.contains(#""result": {"id": "t-2", "name": "dijk"}}"#))
    #expect(try await ask("tag_show", ["id": "Dijk"]).status == 404)
    #expect(try await ask("tag_list", ["query": "IJ"]).list == ["dijk"])
  }

  @Test(
    "order organizations",
    arguments: [
      ("name", ["land", "water"]), ("name desc", ["water", "land"]),
      ("title asc", ["land", "water"]),
      ("title DESC", ["water", "land"]), ("package_count", ["land", "water"]),
      ("package_count desc", ["water", "land"]),
    ])
  func organizations(sort: String, names: [String]) async throws {
    #expect(try await ask("organization_list", ["sort": sort]).list == names)
  }

  @Test("refuse an order of organizations that is none", arguments: ["x", "name up", "name asc x"])
  func badOrder(sort: String) async throws {
    #expect(try await ask("organization_list", ["sort": sort]).status == 409)
  }

  @Test("show an organization with its datasets where asked")
  func organization() async throws {
    let plain = try await ask("organization_show", ["id": "water"]).result
    #expect(plain["package_count"] as? Int == 2)
    #expect(plain["packages"] == nil)
    let whole = try await ask("organization_show", ["id": "o-1", "include_datasets": "true"]).result
    let packages = whole["packages"] as? [[String: Any]]
    #expect(packages?.compactMap { $0["id"] as? String } == ["b", "a"])
  }

  @Test("list the newest datasets first")
  func current() async throws {
    let all = try await ask("current_package_list_with_resources").objects
    #expect(all.compactMap { $0["id"] as? String } == ["b", "c", "a"])
    let one = try await ask(
      "current_package_list_with_resources", ["limit": "1", "offset": "1"]
    ).objects
    #expect(one.compactMap { $0["id"] as? String } == ["c"])
    #expect(try await ask("current_package_list_with_resources", ["limit": "x"]).status == 409)
  }

  @Test("leave facets out where facet is false, and count a value once a dataset")
  func facets() async throws {
    let none = try await ask(
      "package_search", ["facet.field": #"["tags"]"#, "facet": "false"]
    ).result
    #expect((none["facets"] as? [String: Any])?.isEmpty == true)
    let counted = try await ask("package_search", ["facet.field": #"["tags"]"#]).result
    let facets = counted["facets"] as? [String: [String: Int]]
    #expect(facets?["tags"] == ["Beek": 2, "dijk": 1])
  }

  @Test("find words after each other, and no pattern inside a word")
  func phrases() async throws {
    let catalogue = try Catalogue(records: [
      #"{"id": "a", "name": "a", "title": "Water in het land"}"#,
      #"{"id": "b", "name": "b", "title": "Land, water"}"#,
    ])
    try await SamplePortal.run(catalogue) { portal async throws in
      let client = Client(portal: portal)
      #expect(try await client.search(["q": "title:\"water in\""]).ids == ["a"])
      #expect(try await client.search(["q": "\"land water\""]).ids == ["b"])
      #expect(try await client.search(["q": "\"water land\""]).ids == [])
      #expect(try await client.search(["q": "w*ter"]).status == 409)
    }
  }

  @Test("say what an action does, and nothing of what there is not")
  func help() async throws {
    #expect(try await ask("help_show", ["name": "package_search"]).text.contains("facet.field"))
    #expect(try await ask("help_show", ["name": "nosuch"]).status == 404)
    #expect(try await ask("help_show").status == 409)
    #expect(try await ask("recently_changed_packages_activity_list").status == 400)
  }
}
