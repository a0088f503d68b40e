import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("serve, over HTTP")
struct SiteServerTests {
  @Test("says which portal, as of when and how old, and 304 to who has it")
  func conditional() async throws {
    let mirror = try await Mirror.ofSample()
    mirror.advance(by: .seconds(3_600))
    let source = try #require(
      try mirror.strings("SELECT value FROM meta WHERE key = 'source'").first ?? nil)
    try await mirror.serve { site in
      for path in [
        "/api/3/action/package_search", "/", "/changes.atom", "/catalog.nt", "/download",
      ] {
        let first = try await site.get(path)
        #expect(first.status == 200, "\(path)")
        #expect(first["X-Mirror-Source"] == source, "\(path)")
        #expect(first["X-Mirror-Seq"] == "303")
        #expect(first["X-Mirror-Last-Success"]?.hasSuffix("Z") == true)
        #expect(first["Last-Modified"]?.hasSuffix("GMT") == true)
        let tag = try #require(first["ETag"])
        for known in [tag, "\"x\", \(tag)", "*"] {
          let again = try await site.get(path, headers: ["If-None-Match": known])
          #expect(again.status == 304, "\(path)")
          #expect(again.body.readableBytes == 0)
          #expect(again["ETag"] == tag)
        }
        #expect(try await site.get(path, headers: ["If-None-Match": "\"x\""]).status == 200)
        let head = try await site.get(path, .HEAD)
        #expect(head["Content-Length"] == "\(first.body.readableBytes)", "\(path)")
      }
      let search = try await site.get("/api/3/action/package_search")
      #expect(Int(search["Age"] ?? "").map { $0 >= 3_600 } == true)
      let packed = try await site.get(
        "/api/3/action/package_search", headers: ["Accept-Encoding": "gzip"])
      #expect(packed["Content-Encoding"] == "gzip")
      #expect(packed.body.readableBytes < search.body.readableBytes / 2)
    }
  }

  @Test("never says 304 where the clock decides")
  func moving() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let path = "/api/3/action/package_search?rows=0&fq=metadata_modified:%5BNOW-1DAY+TO+*%5D"
      let first = try await site.get(path)
      #expect(first.status == 200)
      #expect(first["ETag"] == nil)
      #expect(first["Cache-Control"] == "no-cache")
      #expect(try await site.get(path, headers: ["If-None-Match": "*"]).status == 200)
      // The start page says how the mirror is, and that ages.
      let fresh = try #require(try await site.get("/")["ETag"])
      mirror.advance(by: .seconds(200_000))
      let aged = try await site.get("/", headers: ["If-None-Match": fresh])
      #expect(aged.status == 200)
      #expect(aged.text.contains("class=\"bad\""))
    }
  }

  @Test("answers who has asked and says no more")
  func halfClosed() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let answer = try await site.say(
        Array("GET /api/3/action/site_read HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
        isClosing: true)
      #expect(answer.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test("shows a change at once, under another tag")
  func follows() async throws {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal)
      try await mirror.serve { site in
        let path =
          "/api/3/action/package_search?rows=0&fq=metadata_modified:%5B2026-11-21T00:00:00Z+TO+*%5D"
        let before = try await site.get(path)
        #expect(before.text.contains(#""count": 0"#))
        portal.publish(.sample(day: 2))
        mirror.advance(by: .seconds(86_400))
        try await mirror.harvest(portal)
        let after = try await site.get(path)
        // 4 new, 1 made again, 6 edited, 40 touched.
        #expect(after.text.contains(#""count": 51"#))
        #expect(after["ETag"] != before["ETag"])
      }
    }
  }

  @Test("hands out the feed page by page, and 410 where it does not go on")
  func feed() async throws {
    let mirror = try await Mirror.ofSample(days: 2)
    try await mirror.serve { site in
      var seq = 0
      var lines: [Substring] = []
      while true {
        let reply = try await site.get("/changes?since=\(seq)&limit=100")
        #expect(reply.status == 200)
        let page = reply.text.split(separator: "\n")
        guard !page.isEmpty else { break }
        lines += page
        seq = try #require(reply["X-Mirror-Next"].flatMap { Int($0) })
      }
      #expect(lines.count == 318)
      #expect(seq == 318)
      let ended = try await site.get("/changes?since=319")
      #expect(ended.status == 410)
      #expect(!ended.text.contains(mirror.path))
      #expect(try await site.get("/changes?since=1&epoch=other").status == 410)
      for wrong in ["since=-1", "since=x", "limit=0", "format=xml"] {
        #expect(try await site.get("/changes?\(wrong)").status == 400)
      }
      let event = try await site.get("/changes?since=317&format=cloudevents")
      #expect(event.json["specversion"] as? String == "1.0")
    }
  }

  @Test("keeps who waits for the next entry waiting until there is one")
  func longPoll() async throws {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal)
      try await mirror.serve { site in
        async let answer = site.get("/changes?since=303&wait=60")
        portal.publish(.sample(day: 2))
        mirror.advance(by: .seconds(86_400))
        try await mirror.harvest(portal)
        #expect(try await answer.text.hasPrefix(#"{"seq":304"#))
      }
    }
  }

  @Test("tells feed readers, also of one owner or theme")
  func atom() async throws {
    let mirror = try await Mirror.ofSample(days: 2)
    let owner = try #require(
      try mirror.strings("SELECT owner FROM labeled_datasets WHERE name = 'alle-velden'").first
        ?? nil)
    try await mirror.serve { site in
      let all = try await site.get("/changes.atom").text
      #expect(all.matches(of: /<entry>/).count == 50)
      let some = try await site.get("/changes.atom?owner=\(escaped(owner))").text
      let entries = some.matches(of: /<entry>/).count
      #expect(entries > 0)
      let theme = try await site.get("/changes.atom?theme=\(escaped("http://x"))").text
      #expect(theme.matches(of: /<entry>/).isEmpty)
      for feed in [all, some, theme] { #expect(isWellFormed(feed)) }
    }
  }

  @Test("serves the file whole and in parts")
  func download() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let whole = try await site.get("/download")
      let size = whole.body.readableBytes
      let bytes = Array(whole.body.readableBytesView)
      #expect(bytes.starts(with: "SQLite format 3".utf8))
      let tag = try #require(whole["ETag"])
      for (range, part) in [
        ("bytes=0-15", 0..<16), ("bytes=100-", 100..<size), ("bytes=-10", size - 10..<size),
        ("bytes=\(size - 1)-999999999999", size - 1..<size),
      ] {
        let reply = try await site.get("/download", headers: ["Range": range, "If-Range": tag])
        #expect(reply.status == 206, "\(range)")
        #expect(Array(reply.body.readableBytesView) == Array(bytes[part]), "\(range)")
        #expect(
          reply["Content-Range"] == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)")
      }
      for (range, status) in [
        ("bytes=\(size)-", 416), ("bytes=-0", 416), ("bytes=9-3", 200), ("lines=1-2", 200),
        ("bytes=0-1,4-5", 200), ("bytes=x-", 200), ("bytes=99999999999999999999-", 200),
      ] {
        #expect(
          try await site.get("/download", headers: ["Range": range]).status == status, "\(range)")
      }
      #expect(
        try await site.get("/download", headers: ["Range": "bytes=0-1", "If-Range": "\"x\""]).status
          == 200)
    }
  }

  @Test("writes the catalogue and each dataset as RDF")
  func rdf() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      for (name, type) in [
        ("catalog.ttl", "text/turtle"), ("catalog.nt", "application/n-triples"),
        ("catalog.jsonld", "application/ld+json"),
      ] {
        let reply = try await site.get("/" + name)
        #expect(reply.status == 200)
        #expect(reply["Content-Type"]?.hasPrefix(type) == true)
        #expect(reply.body.readableBytes > 500_000)
      }
      let dataset = try await site.get("/dataset/alle-velden.jsonld")
      #expect(dataset.json["@graph"] != nil)
      #expect(try await site.get("/dataset/nosuch.jsonld").status == 404)
    }
  }

  @Test("is healthy until the mirror is too old")
  func health() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let well = try await site.get("/health")
      #expect(well.status == 200)
      #expect(well.json["state"] as? String == "ok")
      mirror.advance(by: .seconds(200_000))
      #expect(try await site.get("/health").status == 503)
      let metrics = try await site.get("/metrics").text
      #expect(metrics.contains("donl_mirror_datasets 303\n"))
      #expect(metrics.contains(#"donl_mirror_http_responses_total{class="5xx"} 1"#))
    }
  }

  @Test("goes on with the next generation of a published copy")
  func publishing() async throws {
    let mirror = try Mirror()
    let copy = mirror.folder.appending(path: "public/catalog.db").path
    try FileManager.default.createDirectory(
      at: mirror.folder.appending(path: "public"), withIntermediateDirectories: true)
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal) { $0.settings.publish.path = copy }
      try await Site.serve(copy, now: { [mirror] in mirror.now }) { site in
        let first = try await site.get("/download")
        #expect(first.status == 200)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            for _ in 0..<300 {
              let reply = try await site.get("/api/3/action/package_search?rows=5&q=water")
              #expect(reply.status == 200, "\(reply.text)")
              #expect(reply.text.hasSuffix("}"))
            }
          }
          for round in 1...20 {
            portal.publish(.sample(day: round.isMultiple(of: 2) ? 1 : 2))
            mirror.advance(by: .seconds(86_400))
            try await mirror.harvest(portal) {
              $0.settings.publish.path = copy
              $0.acceptsDeletions = true
            }
          }
          try await group.waitForAll()
        }
        let last = try await site.get("/download")
        #expect(last["ETag"] != first["ETag"])
        let seq = try mirror.count("SELECT max(seq) FROM changes")
        #expect(last["X-Mirror-Seq"] == "\(seq)")
      }
    }
  }

  @Test("answers only under a name that it knows")
  func hosts() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve(allowing: ["mirror.example"]) { site in
      for (host, status) in [
        ("localhost", "200"), ("127.0.0.1:1", "200"), ("[::1]:80", "200"),
        ("mirror.example", "200"),
        ("evil.example", "421"), ("127.0.0.1.evil.example", "421"), ("", "421"), ("[", "421"),
      ] {
        let answer = try await site.say(
          Array(
            "GET /data/api/3/action/site_read HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
              .utf8))
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(host): \(answer.prefix(80))")
      }
    }
  }

  @Test("stands what clients send")
  func oddities() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let end = "Host: localhost\r\nConnection: close\r\n\r\n"
      let long = String(repeating: "x", count: 100_000)
      let heads: [(String, [String])] = [
        ("GET /\(long) HTTP/1.1\r\n\(end)", ["400", "404", "414", "431", ""]),
        ("GET / HTTP/1.1\r\nX: \(long)\r\n\(end)", ["400", "431", ""]),
        ("GARBAGE\r\n\r\n", ["400", ""]), ("GET / HTTP/9.9\r\n\(end)", ["400", "505", ""]),
        ("DELETE / HTTP/1.1\r\n\(end)", ["405"]),
        ("PUT /api/3/action/package_show HTTP/1.1\r\n\(end)", ["405"]),
        ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\(end)", ["405"]),
        ("GET /../../etc/passwd HTTP/1.1\r\n\(end)", ["404"]),
        ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n\(end)", ["404"]),
        ("GET /dataset/%00 HTTP/1.1\r\n\(end)", ["404"]),
        ("GET /dataset/%ff%fe HTTP/1.1\r\n\(end)", ["404"]),
        ("GET /search?q=%ff%00%22%27 HTTP/1.1\r\n\(end)", ["200"]),
        ("GET /search?page=99999999999999999999 HTTP/1.1\r\n\(end)", ["200"]),
        ("GET /search?page=-5&owner=%22)%20OR%20(* HTTP/1.1\r\n\(end)", ["200"]),
        ("GET /api/3/action/package_search?q=%ff HTTP/1.1\r\n\(end)", ["200"]),
        (
          "POST /api/3/action/package_search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\(end){",
          ["400"]
        ),
      ]
      for (head, statuses) in heads {
        let answer = try await site.say(Array(head.utf8), patience: 5)
        let status = answer.isEmpty ? "" : String(answer.dropFirst(9).prefix(3))
        #expect(statuses.contains(status), "\(head.prefix(60)): \(answer.prefix(200))")
        #expect(!answer.contains("root:"))
      }
      let big = try await site.get(
        "/api/3/action/package_search", .POST, body: String(repeating: " ", count: 2 << 20))
      #expect(big.status == 413)
      #expect(try await site.get("/api/3/action/site_read").status == 200)
    }
  }

  @Test("is not held up by clients that say nothing")
  func silence() async throws {
    let mirror = try await Mirror.ofSample()
    try await mirror.serve { site in
      let clients = (0..<50).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
      defer { for client in clients { close(client) } }
      for client in clients {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(site.port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        _ = send(client, "GET / HT", 8, Int32(MSG_NOSIGNAL))
      }
      let reply = try await site.get("/api/3/action/site_read")
      #expect(reply.status == 200)
    }
  }
}
