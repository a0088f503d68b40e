import SamplePortal
import Testing

@Suite("The action API")
struct ActionTests {
  @Test(
    "is reached by four paths",
    arguments: ["/data/api/3/action/", "/api/3/action/", "/data/api/action/", "/api/action/"])
  func paths(base: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal async throws in
      #expect(try await Client(portal: portal).send(path: base + "site_read").status == 200)
    }
  }

  @Test("answers an unknown action with a bare string")
  func unknownAction() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let reply = try await Client(portal: portal).get("nosuchaction")

      #expect(reply.status == 400)
      #expect(reply.text == "\"Onjuiste aanvraag - Action name not known: nosuchaction\"")
    }
  }

  @Test("answers a body that is not JSON with a bare string")
  func badJSON() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let reply = try await Client(portal: portal).send(
        .POST, path: "/data/api/3/action/package_search",
        headers: ["Content-Type": "application/json"], body: "{bad")

      #expect(reply.status == 400)
      #expect(reply.json is String)
    }
  }

  @Test("is HTML elsewhere", arguments: ["/", "/data", "/data/dataset/x", "/data/api/3/nosuch"])
  func elsewhere(path: String) async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let reply = try await Client(portal: portal).send(path: path)

      #expect(reply.status == 404)
      #expect(reply.headers.first(name: "Content-Type") == "text/html; charset=utf-8")
    }
  }

  @Test("sends the headers of CKAN and its proxy")
  func headers() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let reply = try await client.search()

      #expect(reply.headers.first(name: "Content-Type") == "application/json;charset=utf-8")
      #expect(
        reply.headers.first(name: "Cache-Control") == "public, max-age=0, must-revalidate")
      #expect(reply.headers.first(name: "Content-Length") == String(reply.body.readableBytes))
      #expect(reply.headers.contains(name: "Date"))
      for absent in ["ETag", "Last-Modified", "Content-Encoding"] {
        #expect(!reply.headers.contains(name: absent))
      }
      let head = try await client.send(.HEAD, path: "/data/api/3/action/package_search")
      #expect(head.body.readableBytes == 0)
      #expect(
        head.headers.first(name: "Content-Length") == reply.headers.first(name: "Content-Length"))
    }
  }

  @Test("packs answers for those who ask, unless told not to")
  func gzip() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let path = "/data/api/3/action/package_list"
      let plain = try await client.send(path: path)
      let packed = try await client.send(path: path, headers: ["Accept-Encoding": "gzip"])
      portal.settings.packsAnswers = false
      let refused = try await client.send(path: path, headers: ["Accept-Encoding": "gzip"])

      #expect(packed.headers.first(name: "Content-Encoding") == "gzip")
      #expect(packed.body.readableBytes < plain.body.readableBytes / 2)
      #expect(try gunzip(packed.body) == plain.body)
      #expect(refused.body == plain.body)
    }
  }

  @Test("shows a dataset by id or name, and tells deleted, private and unknown apart")
  func show() async throws {
    var catalogue = try Catalogue(records: [
      record("a", name: "een"), record("b", name: "twee"),
      #"{"id": "c", "name": "drie", "private": true}"#, record("e", name: "vier"),
    ])
    catalogue.delete("b")
    catalogue.purge("e")
    try await SamplePortal.run(catalogue) { portal in
      let client = Client(portal: portal)
      for id in ["a", "een"] {
        #expect(try await client.get("package_show", ["id": id]).result["id"] as? String == "a")
      }
      for id in ["b", "twee", "c"] {
        let reply = try await client.get("package_show", ["id": id])
        #expect(reply.status == 403)
        #expect(reply.errorType == "Authorization Error")
      }
      for id in ["nosuch", "e"] {
        let reply = try await client.get("package_show", ["id": id])
        #expect(reply.status == 404)
        #expect(reply.errorType == "Not Found Error")
        #expect(reply.envelope["success"] as? Bool == false)
      }
      #expect(try await client.get("package_show").error["name_or_id"] != nil)
    }
  }

  @Test("shows the new dataset under a name that was deleted and used again")
  func recreated() async throws {
    var catalogue = try Catalogue(records: [record("old", name: "naam")])
    catalogue.delete("old")
    try catalogue.put(record("new", name: "naam"))
    try await SamplePortal.run(catalogue) { portal async throws in
      let client = Client(portal: portal)

      #expect(
        try await client.get("package_show", ["id": "naam"]).result["id"] as? String == "new")
      #expect(try await client.get("package_show", ["id": "old"]).status == 403)
    }
  }

  @Test("lists names, all at once unless a window is asked for")
  func packageList() async throws {
    let catalogue = try Catalogue(records: ["c", "a", "d", "b"].map { record($0, name: $0) })
    try await SamplePortal.run(catalogue) { portal async throws in
      let client = Client(portal: portal)
      #expect(try await client.get("package_list").list == ["a", "b", "c", "d"])
      #expect(
        try await client.get("package_list", ["limit": "2", "offset": "1"]).list == ["b", "c"])
      #expect(try await client.get("package_list", ["limit": "0"]).list.count == 4)
      #expect(try await client.get("package_list", ["offset": "9"]).list == [])
      #expect(try await client.get("package_list", ["limit": "-1"]).status == 409)
    }
  }

  @Test("caps organizations with all fields at 25 without saying so")
  func organizations() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let names = try await client.get("organization_list").list
      let first = try await client.get(
        "organization_list", ["all_fields": "true", "limit": "100"]
      ).objects
      let rest = try await client.get(
        "organization_list", ["all_fields": "true", "limit": "25", "offset": "25"]
      ).objects

      #expect(names.count == 36)
      #expect(first.count == 25)
      #expect((first + rest).compactMap { $0["name"] as? String } == names)
      let total = (first + rest).compactMap { $0["package_count"] as? Int }.reduce(0, +)
      #expect(total == 302)
      let one = try await client.get("organization_show", ["id": "kadaster"]).result
      #expect(one["title"] as? String == "Kadaster")
      #expect(one["is_organization"] as? Bool == true)
      #expect(try await client.get("organization_show", ["id": "nosuch"]).status == 404)
    }
  }

  @Test("tells the newest title of an organization, whatever older datasets still say")
  func organizationTitle() async throws {
    let organization = { (title: String) in
      #""organization": {"id": "o", "name": "org", "title": "\#(title)"}"#
    }
    let catalogue = try Catalogue(records: [
      record("a", modified: "2026-11-02T00:00:00", organization("Nieuw")),
      record("b", modified: "2026-11-01T00:00:00", organization("Oud")),
    ])
    try await SamplePortal.run(catalogue) { portal in
      let list = try await Client(portal: portal).get("organization_list", ["all_fields": "true"])

      #expect(list.objects.first?["title"] as? String == "Nieuw")
      #expect(list.objects.first?["package_count"] as? Int == 2)
    }
  }

  @Test("lists groups, tags and licences, and tells its version")
  func otherLists() async throws {
    let catalogue = try Catalogue(records: [
      record("a", #""groups": [{"id": "g", "name": "groep"}], "tags": [{"name": "x"}]"#),
      record("b", #""groups": [], "tags": [{"name": "y"}, {"name": "x"}]"#),
    ])
    try await SamplePortal.run(catalogue) { portal async throws in
      let client = Client(portal: portal)
      portal.settings.ckanVersion = "2.11.6"

      #expect(try await client.get("group_list").list == ["groep"])
      #expect(try await client.get("tag_list").list == ["x", "y"])
      #expect(try await client.get("license_list").objects.count == 6)
      #expect(
        try await client.get("status_show").result["ckan_version"] as? String == "2.11.6")
    }
  }
}
