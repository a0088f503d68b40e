import Foundation
import NIOPosix
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

@Suite("The pages")
struct SitePageTests {
  private static let evil =
    #"<script>alert(1)</script>"><img src=x onerror=alert(2)>' onmouseover='x"#

  /// A record in which every text is an attack.
  private static func attack() throws -> String {
    let text = try #require(
      String(data: JSONSerialization.data(withJSONObject: [evil]), encoding: .utf8))
    let json = text.dropFirst().dropLast()
    return """
      {"id": "00000000-0000-4000-8000-00000000e0e0", "name": "evil", "title": \(json), "notes": \(json), \
      "state": "active", "private": false, "type": "dataset", "url": "javascript:alert(3)", \
      "metadata_modified": "2026-11-20T00:00:00.000001", "authority": \(json), \
      "license_id": \(json), "license_title": \(json), "theme": [\(json)], \
      "theme_displayname": \(json), "identifier": \(json), "spatial": \(json), \
      "tags": [{"name": \(json)}], "extras": [{"key": \(json), "value": \(json)}], \
      "organization": {"id": "x", "name": \(json), "title": \(json)}, \
      "resources": [{"id": "r", "name": \(json), "description": \(json), "url": "javascript:alert(4)", \
      "format": \(json)}, {"id": "s", "url": "data:text/html,x", "name": "s"}]}
      """
  }

  private static let pages = [
    "/", "/search", "/search?q=riolering", "/owners", "/themes", "/lists", "/runs",
    "/dataset/alle-velden", "/list/DONL%3AOrganization",
  ]

  @Test("are whole in both languages, under a policy that lets nothing run")
  func pages() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      for page in Self.pages {
        for (root, language) in [("", "nl"), ("/en", "en")] {
          let reply = try await site.get(root + page)
          #expect(reply.status == 200, "\(root)\(page)")
          #expect(reply.text.contains("<html lang=\"\(language)\">"))
          #expect(reply["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
          #expect(!reply.text.contains("<script"))
          #expect(!reply.text.contains("{{"))
          #expect(!reply.text.contains(" style="))
        }
      }
    }
  }

  @Test("have no dead link")
  func links() async throws {
    let mirror = try await Mirror.ofSample(days: 2)
    try await mirror.serve { site in
      var seen: Set<String> = []
      var next = ["/", "/en"]
      while let path = next.popLast(), seen.count < 500 {
        guard seen.insert(path).inserted else { continue }
        let reply = try await site.get(path)
        #expect(reply.status == 200, "\(path)")
        guard reply["Content-Type"]?.hasPrefix("text/html") == true else { continue }
        for match in reply.text.matches(of: /href="(\/[^"]*)"/) {
          next.append(String(match.1).replacing("&amp;", with: "&"))
        }
      }
      #expect(seen.count == 500)
    }
  }

  @Test("show what a record says, and do nothing that it says")
  func attacks() async throws {
    let mirror = try Mirror()
    let record = try Self.attack()
    var catalogue = try Catalogue.few()
    try catalogue.put(record)
    try await SamplePortal.run(catalogue) { portal in
      try await mirror.harvest(portal)
      let other = record.replacing("2026-11-20T", with: "2026-11-22T")
        .replacing("\"identifier\": ", with: "\"identifier\": \"new\", \"was\": ")
      try portal.update { try $0.put(other) }
      mirror.advance(by: .seconds(86_400))
      try await mirror.harvest(portal)
    }
    let owner = escaped(Self.evil)
    try await mirror.serve { site in
      let pages = [
        "/", "/search", "/search?q=\(owner)", "/search?owner=\(owner)&tag=\(owner)",
        "/dataset/evil",
        "/owners", "/owner?uri=\(owner)", "/owner?uri=\(owner)&check=malformed_uri",
        "/en/dataset/evil",
        "/dataset/\(owner)", "/list/\(owner)", "/\(owner)?x=\(owner)",
      ]
      for page in pages {
        let text = try await site.get(page).text
        #expect(!text.contains("<script>alert"), "\(page)")
        #expect(!text.contains("<img"), "\(page)")
        #expect(text.matches(of: /href="(?:javascript|data):/).isEmpty, "\(page)")
        // An attribute that ends early would leave one behind.
        let bare = text.replacing(/="[^"]*"/, with: "=")
        #expect(bare.matches(of: /<[^>]* on\w+=/).isEmpty, "\(page)")
      }
      let shown = try await site.get("/dataset/evil").text
      #expect(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      #expect(shown.contains("javascript:alert(4)"))
      let feed = try await site.get("/changes.atom?owner=\(owner)").text
      #expect(isWellFormed(feed))
    }
  }

  @Test("tell what a dataset was, and what is wrong with it")
  func dataset() async throws {
    let mirror = try await Mirror.ofSample(days: 2)
    let name = try #require(
      try mirror.strings(
        "SELECT name FROM changes WHERE kind = 'update' AND changed_fields LIKE '%\"title\"%'"
      ).first
        ?? nil)
    try await mirror.serve { site in
      let page = try await site.get("/dataset/\(name)").text
      #expect(page.contains("(herzien)"))
      #expect(page.contains("class=\"before\""))
      let english = try await site.get("/en/dataset/\(name)").text
      #expect(english.contains("<h2 id=\"history\">History</h2>"))
      let count = try await site.get("/api/3/action/package_search?q=riolering&rows=0")
      let found = try #require((count.json["result"] as? [String: Any])?["count"] as? Int)
      let search = try await site.get("/search?q=riolering").text
      #expect(found > 17)
      #expect(search.contains("\(found) datasets gevonden"))
      let facet = try await site.get("/search?q=riolering&format=CSV").text
      #expect(facet.contains("CSV"))
    }
  }
  @Test("draw the whole tree of themes, and count what a click then finds")
  func themes() async throws {
    let mirror = try await Mirror.ofSample()
    // A third level, a theme below what is on no list, and a ring of two.
    let list = "Overheid:TaxonomieBeleidsagenda"
    let parent = try #require(
      try mirror.strings("SELECT uri FROM themes WHERE parent IS NOT NULL ORDER BY uri").first
        ?? nil)
    for (uri, above) in [
      ("t:deep", parent), ("t:lost", "t:nowhere"), ("t:ring1", "t:ring2"), ("t:ring2", "t:ring1"),
    ] {
      try mirror.tamper(
        """
        INSERT INTO terms (list, value, standing, label_nl, parent, first_seen, last_seen)
        SELECT '\(list)', '\(uri)', 'listed', '\(uri)', '\(above)', first_seen, last_seen
        FROM terms WHERE list = '\(list)' AND first_seen IS NOT NULL LIMIT 1
        """)
    }
    let uris = try mirror.strings("SELECT uri FROM concepts WHERE list = '\(list)'").compactMap(
      \.self)
    try await mirror.serve { site in
      let page = try await site.get("/themes").text
      for uri in uris {
        let link = /href="(\/search\?theme=[^"]*)">[^<]*<\/a> <span class="count">([0-9.]+)</
        let found = page.matches(of: link).filter {
          String($0.1).removingPercentEncoding == "/search?theme=\(uri)"
        }
        #expect(found.count == 1, "\(uri)")
        guard let found = found.first else { continue }
        let search = try await site.get(String(found.1)).text
        #expect(search.contains(">\(found.2) datasets gevonden<"), "\(uri): \(found.2)")
      }
      let branch = try #require(page.range(of: "t:deep"))
      #expect(page[..<branch.lowerBound].matches(of: /<ul>/).count > 1)
    }
  }

  @Test("find out what takes long once for all, and keep nobody else waiting")
  func crowd() async throws {
    let mirror = try await Mirror.ofSample()
    let made = Mutex(0)
    let site = MirrorSite(path: mirror.path)
    let kept = Kept { state in
      made.withLock { $0 += 1 }
      return state.place.last
    }
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    let tag = try site.read { $0.tag }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask { try await kept.prepare(tag, of: site, on: threads) }
      }
      try await group.waitForAll()
    }
    #expect(made.withLock { $0 } == 1)
    #expect(try site.read(kept.value) == 303)
    #expect(made.withLock { $0 } == 1)
    try await threads.shutdownGracefully()
    try await mirror.serve { site in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for page in ["/owners", "/en/owners", "/api/3/action/site_read"] {
          for _ in 0..<20 { group.addTask { try await site.get(page).status } }
        }
        for try await status in group { #expect(status == 200) }
      }
    }
  }

  @Test("name the same titles twice as the view does")
  func duplicates() async throws {
    let mirror = try Mirror()
    var catalogue = Catalogue.sample(day: 1)
    let twice = try #require(catalogue.records.first { $0.name == "alle-velden" })
    try catalogue.put(
      twice.json.replacing(twice.id, with: "00000000-0000-4000-8000-0000000000aa")
        .replacing("\"alle-velden\"", with: "\"alle-velden-2\""))
    try await SamplePortal.run(catalogue) { portal in
      _ = try await mirror.harvest(portal)
    }
    let expected = Set(
      try mirror.strings("SELECT dataset_id FROM findings WHERE \"check\" = 'duplicate_title'")
        .compactMap(\.self))
    let title = try #require(
      try mirror.strings("SELECT title_nl FROM checks WHERE \"check\" = 'duplicate_title'").first
        ?? nil)
    let ids = try mirror.strings("SELECT id FROM datasets").compactMap(\.self)
    #expect(expected.count >= 2)
    try await mirror.serve { site in
      for id in ids {
        let page = try await site.get("/dataset/\(id)").text
        #expect(page.contains("<li>\(title)") == expected.contains(id), "\(id)")
      }
    }
  }
}
