import CKANServer
import Foundation
import RandomPortal
import SamplePortal
import Testing

@testable import DONLMirror

/// A client that has another base URL sees the same portal.
@Suite("serve, as CKAN")
struct SiteAPITests {
  /// What is asked of the portal and of the mirror; what may differ is in docs/serve.md.
  private static let questions = [
    "package_list", "package_list?limit=5&offset=3", "package_list?limit=-1",
    "package_list?limit=x",
    "package_search", "package_search?rows=0", "package_search?rows=1000&sort=id+asc",
    "package_search?rows=1001&start=300&sort=id+asc", "package_search?start=100000",
    "package_search?q=water", "package_search?q=verkeer+amsterdam&sort=title_string+asc",
    "package_search?q=title:riolering&sort=name+desc",
    "package_search?fq=organization:gemeente-amsterdam&sort=id+asc",
    "package_search?fq=res_format:CSV&rows=3&sort=metadata_modified+asc,+id+asc",
    "package_search?fq_list=state:active&fq=name:alle-velden",
    "package_search?fq=%2Bmetadata_modified:%5B2026-11-01T00:00:00Z+TO+*%5D&rows=0",
    "package_search?fl=id,metadata_modified&rows=1000&sort=id+asc",
    "package_search?fl=id,name,organization,tags,title_string&rows=20&sort=id+asc",
    "package_search?rows=0&facet.field=%5B%22organization%22,%22tags%22,%22theme%22%5D&facet.limit=5",
    "package_search?rows=0&facet.field=%5B%22license_id%22%5D&facet.limit=-1&q=water",
    "package_search?rows=-1", "package_search?rows=x", "package_search?foo=1",
    "package_search?fq=id:(", "package_search?sort=id", "package_search?facet.field=organization",
    "package_search?fq=name:wat*er", "package_search?fq=/regel/",
    "package_search?q=%22water+uit%22",
    "package_show?id=alle-velden", "package_show", "package_show?id=nosuch", "package_show?id=",
    "organization_list", "organization_list?all_fields=true", "organization_list?sort=title+desc",
    "organization_list?all_fields=true&sort=package_count+desc,x", "organization_list?limit=2",
    "organization_show?id=gemeente-amsterdam", "organization_show?id=nosuch", "organization_show",
    "organization_show?id=gemeente-delft&include_datasets=true", "group_list", "group_show?id=x",
    "tag_list", "tag_list?query=WATER", "tag_show?id=verkeer", "tag_show?id=nosuch",
    "resource_search?query=format:csv&limit=3", "resource_search?query=nosuch:x",
    "resource_search?query=name:water&query=format:CSV", "resource_search", "resource_show",
    "resource_show?id=nosuch", "current_package_list_with_resources?limit=2&offset=1",
    "site_read", "help_show?name=package_show", "help_show?name=nosuch", "nosuch_action",
  ]

  @Test("answers as the portal does, byte for byte", arguments: [1, 2])
  func equality(day: Int) async throws {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal)
      if day == 2 {
        portal.publish(.sample(day: 2))
        mirror.advance(by: .seconds(86_400))
        try await mirror.harvest(portal)
      }
      let portalURL = "http://127.0.0.1:\(portal.port)"
      try await mirror.serve { site in
        for question in Self.questions {
          let path = "/data/api/3/action/\(question)"
          let asked = try await Site.get(portalURL + path)
          let mirrored = try await site.get(path)
          #expect(mirrored.status == asked.status, "\(question)")
          let text = mirrored.text.replacing(site.url, with: portalURL)
          #expect(text == asked.text, "\(question)")
        }
      }
    }
  }

  @Test(
    "takes all three roots, GET, POST with JSON and POST with a form",
    arguments: ["/data/api/3/action/", "/api/3/action/", "/api/action/", "/data/api/action/"])
  func roots(root: String) async throws {
    let mirror = try Mirror()
    _ = try await SamplePortal.run(.sample(day: 1)) { try await mirror.harvest($0) }
    try await mirror.serve { site in
      let path = root + "package_search"
      let got = try await site.get(path + "?rows=1&fq=name:alle-velden")
      let json = try await site.get(
        path, .POST, headers: ["Content-Type": "application/json"],
        body: #"{"rows": 1, "fq": "name:alle-velden", "facet.field": null}"#)
      let form = try await site.get(
        path, .POST, headers: ["Content-Type": "application/x-www-form-urlencoded"],
        body: "rows=1&fq=name%3Aalle-velden")
      #expect(got.status == 200)
      #expect(got.text.contains(#""count": 1"#))
      #expect(json.text == got.text)
      #expect(form.text == got.text)
    }
  }

  @Test("tells of deleted datasets that they may not be read, and of others that there are none")
  func deleted() async throws {
    let mirror = try Mirror()
    let gone = try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal)
      portal.publish(.sample(day: 2))
      mirror.advance(by: .seconds(86_400))
      try await mirror.harvest(portal)
      return try mirror.strings("SELECT id FROM deleted_datasets ORDER BY id").compactMap(\.self)
    }
    #expect(gone.count == 4)
    try await mirror.serve { site in
      for id in gone {
        let reply = try await site.get("/api/3/action/package_show?id=\(id)")
        #expect(reply.status == 403)
      }
      let feed = try await site.get(
        "/api/3/action/recently_changed_packages_activity_list?limit=5")
      let activities = try #require(feed.json["result"] as? [[String: Any]])
      #expect(activities.count == 5)
      #expect(Set(activities[0].keys).isSuperset(of: ["activity_type", "object_id", "timestamp"]))
    }
  }

  @Test(
    "refuses what it does not support",
    arguments: [
      "q=water~2", "q=water^2", "fq=title:w?ter", "fq=%7B!term%20f=id%7Da",
      "sort=views_recent+desc",
      "fq=te*st:x", "fq=metadata_modified:%5BNOW-1MONTH+TO+NOW%5D", "q=_query_:%22x%22", "mm=1&q=x",
    ])
  func refusals(query: String) async throws {
    let mirror = try Mirror()
    _ = try await SamplePortal.run(.sample(day: 1)) { try await mirror.harvest($0) }
    try await mirror.serve { site in
      let reply = try await site.get("/api/3/action/package_search?rows=0&\(query)")
      #expect(reply.status == 409, "\(reply.text)")
    }
  }

  @Test(
    "is not brought down by what is long or deep",
    arguments: [
      String(repeating: "(", count: 500_000),
      String(repeating: "(", count: 5_000) + "a" + String(repeating: ")", count: 5_000),
      Array(repeating: "a", count: 100_000).joined(separator: " OR "),
      "-" + String(repeating: "-(", count: 10_000),
      "a" + String(repeating: "&fq_list=res_name:*", count: 20_000),
      "\"" + String(repeating: "a ", count: 200_000),
    ])
  func bombs(query: String) async throws {
    let mirror = try Mirror()
    _ = try await SamplePortal.run(.sample(day: 1)) { try await mirror.harvest($0) }
    try await mirror.serve { site in
      let reply = try await site.get(
        "/api/3/action/package_search", .POST,
        headers: ["Content-Type": "application/x-www-form-urlencoded"], body: "q=" + query)
      #expect(reply.status == 409, "\(reply.text.prefix(300))")
      let after = try await site.get("/api/3/action/site_read")
      #expect(after.status == 200)
    }
  }
}

@Suite("serve, against a reference")
struct SolrReferenceTests {
  private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(
    "answers random questions as a second implementation does",
    .enabled(if: python != nil, "there is no python3"), arguments: [7, 8])
  func questions(seed: Int) async throws {
    let mirror = try await Mirror.ofSample(days: 2)
    let records = mirror.folder.appending(path: "records.jsonl")
    let lines = try mirror.strings("SELECT json FROM records").compactMap {
      $0?.replacing("\n", with: " ")
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: records)
    let script = URL(filePath: #filePath).appending(path: "../../../../Scripts/solr-reference")
      .standardizedFileURL.path
    let python = try #require(Self.python)
    try await mirror.serve { site in
      let bench = try Workbench()
      let told = try await bench.start(
        [script, site.url, records.path, "300", "\(seed)"], of: python
      ).ended
      try FileManager.default.removeItem(at: bench.folder)
      #expect(told.code == 0, "\(told.output)\(told.errors)")
    }
  }
}

/// What we harvest from our own server is what we serve.
@Suite("A mirror of the mirror")
struct MirrorOfMirrorTests {
  private static let state = """
    SELECT id || ' ' || content_hash || ' ' || metadata_modified || ' ' || coalesce(name, '')
      || ' ' || coalesce((SELECT group_concat(label_nl, ';') FROM (
        SELECT label_nl FROM uri_values u WHERE u.dataset_id = d.id
        ORDER BY resource_position, field, position)), '')
    FROM datasets d ORDER BY id
    """
  private static let records = "SELECT dataset_id || json FROM records ORDER BY dataset_id"

  private func expectSame(_ one: Mirror, _ other: Mirror) throws {
    let pairs = zip(try one.strings(Self.state), try other.strings(Self.state))
    let difference = pairs.first { $0 != $1 }
    #expect(difference == nil)
    #expect(
      try one.count("SELECT count(*) FROM datasets") == other.count("SELECT count(*) FROM datasets")
    )
    #expect(try one.strings(Self.records) == other.strings(Self.records))
  }

  @Test("has the same datasets after each day, and after every kind of run")
  func days() async throws {
    let mirror = try Mirror()
    let second = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let lists = portal.listsURL
      try await mirror.harvest(portal) { $0.settings.lists.url = lists }
      try await mirror.serve { site in
        let first = try await second.job(site.url + "/data") {
          $0.settings.lists.url = site.url + "/waardelijsten"
        }.run()
        #expect(first.outcome == .complete)
        try expectSame(mirror, second)
        for name in [1, 2] {
          if name == 1 { portal.publish(.sample(day: 2)) }
          for clock in [mirror, second] { clock.advance(by: .seconds(86_400)) }
          try await mirror.harvest(portal) { $0.settings.lists.url = lists }
          let next = try await second.job(site.url + "/data") {
            $0.settings.lists.url = site.url + "/waardelijsten"
          }.run()
          #expect(next.outcome == .complete)
          #expect(name == 1 ? next.tally.deleted == 4 : next.tally.updated == 0)
          try expectSame(mirror, second)
        }
      }
    }
  }

  @Test(
    "of the register as well",
    .enabled(if: SharedData.isPresent, "../shared/data is not here"))
  func register() async throws {
    let mirror = try Mirror()
    let second = try Mirror()
    let catalogue = try Catalogue(contentsOf: SharedData.registerPath("2015-04-11"))
    _ = try await SamplePortal.run(catalogue) { try await mirror.harvest($0) }
    try await mirror.serve { site in
      let run = try await second.job(site.url + "/data").run()
      #expect(run.outcome == .complete)
    }
    #expect(try second.count("SELECT count(*) FROM datasets") > 3_000)
    try expectSame(mirror, second)
  }

  @Test("comes to the same behind a gateway that answers at random", arguments: 1...12)
  func faults(seed: Int) async throws {
    let mirror = try Mirror()
    let second = try Mirror()
    _ = try await SamplePortal.run(.sample(day: 1)) { try await mirror.harvest($0) }
    let site = MirrorSite(path: mirror.path)
    try await SamplePortal.run(Catalogue()) { portal in
      let url = portal.url
      let gateway = Gateway(seed: UInt64(seed)) { request in
        let answer = try? site.read { state in
          try Actions(SiteCatalogue(state: state, now: Date()), rowsCap: 40, base: url)
            .answer(request)
        }
        return answer ?? SamplePortal.Answer(status: 500, body: .init())
      }
      portal.settings.now = { second.now }
      portal.intercept { request, _ in gateway.intervene(request) }
      for _ in 0..<8 {
        // It may fail in any way; what it may not do is seen below.
        _ = try? await second.job(url).run()
        second.advance(by: .seconds(7_200))
      }
      #expect(gateway.mishaps > 10)
      gateway.becomeHonest()
      let run = try await second.job(url) { $0.isFull = true }.run()
      #expect(run.outcome == .complete)
    }
    try expectSame(mirror, second)
    let kinds = try second.strings("SELECT DISTINCT kind FROM changes")
    #expect(kinds == ["create"], "nothing was deleted, and nothing was ever otherwise")
  }
}
