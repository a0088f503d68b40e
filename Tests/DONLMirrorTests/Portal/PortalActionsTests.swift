import Foundation
import Testing

@testable import DONLMirror

@Suite("The portal's actions")
struct PortalActionsTests {
  @Test("search with what was asked, and hand the page over as it came")
  func search() async throws {
    let fake = FakePortal([.ok])
    let query = SearchQuery(
      start: 249, rows: 250, filter: "+metadata_modified:[2026-01-01T00:00:00Z TO *]",
      words: "water", fields: ["id", "metadata_modified"])

    let body = try await fake.portal().search(query) { $0.body }

    #expect(body == Array(Answers.page.utf8))
    #expect(
      fake.requests.first?.url == "https://data.nl/api/3/action/package_search"
        + "?start=249&rows=250&sort=id%20asc"
        + "&fq=%2Bmetadata_modified%3A%5B2026-01-01T00%3A00%3A00Z%20TO%20%2A%5D"
        + "&q=water&fl=id%2Cmetadata_modified")
  }

  @Test("show a record as it was sent")
  func show() async throws {
    let fake = FakePortal([.page(#"{"success": true, "result": {"id": "x", "n": 1.50}}"#)])

    let evidence = try await fake.portal().packageShow("x y")

    #expect(evidence == .record(Array(#"{"id": "x", "n": 1.50}"#.utf8)))
    #expect(fake.requests.first?.url == "https://data.nl/api/3/action/package_show?id=x%20y")
  }

  @Test(
    "take only CKAN's word that a dataset is gone",
    arguments: [
      (404, "Not Found Error", Evidence.notFound), (403, "Authorization Error", .notAuthorized),
      (200, "Not Found Error", .notFound),
    ])
  func evidence(status: Int, type: String, evidence: Evidence) async throws {
    let body = #"{"success": false, "error": {"__type": "\#(type)"}}"#

    #expect(try await portal(status, body).packageShow("x") == evidence)
  }

  @Test(
    "are not fooled by others who say so",
    arguments: [
      (404, "<html>Not Found Error</html>"), (403, ""), (404, #""Not found""#),
      (404, #"{"error": {"__type": "Not Found Error"}}"#),
      (404, #"{"success": false, "error": {"__type": "Validation Error"}}"#),
      (404, #"{"success": false, "error": {"__type": "Not Found Error""#),
      (404, #"{"success": false, "error": {"__type": "Not Found Error"}"#),
      (500, #"{"success": false, "error": {"__type": "Not Found Error"}}"#),
    ])
  func noEvidence(status: Int, body: String) async throws {
    let error = await failure { try await portal(status, body).packageShow("x") }

    #expect(error?.reason == .http(status))
  }

  @Test("read organizations page by page until nothing new comes")
  func organizations() async throws {
    let fake = FakePortal([
      .page(groups(0..<25)), .page(groups(25..<42)), .page(groups(0..<0)),
    ])

    let organizations = try await fake.portal().organizations()

    #expect(organizations.map(\.id) == (0..<42).map { "id-\($0)" })
    #expect(organizations[0].title == "Title 0")
    #expect(organizations[0].description == nil)
    let urls = fake.requests.map(\.url)
    #expect(urls.allSatisfy { $0.contains("/organization_list?all_fields=true&limit=25&offset=") })
    #expect(urls.map { $0.split(separator: "=").last } == ["0", "25", "42"])
  }

  @Test("end when the portal ignores the offset")
  func ignoredOffset() async throws {
    let fake = FakePortal([.page(groups(0..<30))])

    #expect(try await fake.portal().groups().count == 30)
    #expect(fake.requests.count == 2)
  }

  @Test("read licenses and the portal's status")
  func small() async throws {
    let licenses = FakePortal([
      .page(#"{"success": true, "result": [{"id": "cc-zero", "title": "CC0", "url": ""}, {}]}"#)
    ])
    let status = FakePortal([
      .page(#"{"success": true, "result": {"ckan_version": "2.8.12", "extensions": ["donl", 1]}}"#)
    ])

    #expect(try await licenses.portal().licenses() == [License(id: "cc-zero", title: "CC0")])
    let expected = PortalStatus(ckanVersion: "2.8.12", extensions: ["donl"])
    #expect(try await status.portal().status() == expected)
  }

  @Test("throw when an answer has another shape")
  func shapes() async throws {
    for result in ["null", "1", "[1]", #"{"a": 1}"#, #"["a", null]"#] {
      let error = await failure {
        try await portal(200, #"{"success": true, "result": \#(result)}"#).packageList()
      }
      #expect(error?.reason == .notCKAN)
    }
    let names = #"{"success": true, "result": ["a"]}"#
    #expect(await failure { try await portal(200, names).groups() }?.reason == .notCKAN)
    #expect(await failure { try await portal(200, names).status() }?.reason == .notCKAN)
  }

  private func portal(_ status: Int, _ body: String) throws -> Portal {
    Portal(
      settings: try .to("https://data.nl") { $0.retries = 0 },
      fetch: { _ in PortalResponse(status: status, body: Array(body.utf8)) }, logger: silent)
  }

  private func groups(_ range: Range<Int>) -> String {
    let entries = range.map {
      #"{"id": "id-\#($0)", "name": "name-\#($0)", "title": "Title \#($0)", "description": ""}"#
    }
    return #"{"success": true, "result": [\#(entries.joined(separator: ","))]}"#
  }
}
