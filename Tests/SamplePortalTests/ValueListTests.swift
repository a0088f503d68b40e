import Foundation
import SamplePortal
import Testing

@Suite("The sample portal's value lists")
struct ValueListTests {
  private static let themes = "/waardelijsten/overheid_taxonomiebeleidsagenda.json"

  @Test("are JSON in three shapes, below their folder and at the service of the site")
  func shapes() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let standard = try await client.send(path: Self.themes)
      #expect(standard.status == 200)
      let entries = try #require(standard.json as? [String: [String: Any]])
      #expect(entries.values.allSatisfy { ($0["labels"] as? [String: String])?.count == 2 })

      let license = try await client.send(path: "/waardelijsten/ckan_license.json")
      #expect((license.json as? [[String: Any]])?.allSatisfy { $0["title"] is String } == true)

      let service = try await client.send(path: Catalogue.communitiesPath)
      let communities = try #require(service.json as? [[String: Any]])
      #expect(communities.contains { ($0["children"] as? [Any])?.isEmpty == false })

      #expect(try await client.send(path: "/waardelijsten/niets.json").status == 404)
    }
  }

  @Test("are answered with 304 to who has them")
  func conditional() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let first = try await client.send(path: Self.themes)
      let tag = try #require(first.headers.first(name: "ETag"))
      let date = try #require(first.headers.first(name: "Last-Modified"))
      for header in [("If-None-Match", tag), ("If-Modified-Since", date)] {
        let reply = try await client.send(path: Self.themes, headers: .init([header]))
        #expect(reply.status == 304)
        #expect(reply.text.isEmpty)
      }

      portal.publish(.sample(day: 2))
      let reply = try await client.send(path: Self.themes, headers: ["If-None-Match": tag])

      #expect(reply.status == 200)
      #expect(reply.text != first.text)
    }
  }

  @Test("fail where a script says so, by their path")
  func faults() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal in
      let client = Client(portal: portal)
      let script = Data(
        #"""
        {"rules": [{"when": {"path": "overheid_frequency.json"},
                    "fault": {"answers": {"status": 503}}}]}
        """#.utf8)
      portal.fail(try JSONDecoder().decode(SamplePortal.FaultScript.self, from: script))

      #expect(try await client.send(path: "/waardelijsten/overheid_frequency.json").status == 503)
      #expect(try await client.send(path: Self.themes).status == 200)
    }
  }

  @Test("are those of a folder, when they are published from one")
  func folder() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "sample-lists-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("{}".utf8).write(to: folder.appending(path: "mine.json"))
    var catalogue = Catalogue()
    try catalogue.publishLists(in: folder.path)

    #expect(catalogue[list: "mine.json"] == PublishedList("{}"))
    #expect(throws: CatalogueError.self) { try catalogue.publishLists(in: folder.path + "/no") }
  }
}
