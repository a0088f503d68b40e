import Foundation
import SamplePortal
import Testing

@Suite("The sample portal")
struct PortalTests {
  @Test("remembers what was asked")
  func requests() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let client = Client(portal: portal)
      _ = try await client.send(
        path: "/data/api/3/action/package_search", ["fq": "+id:\"a b\"", "rows": "1"],
        headers: ["User-Agent": "toets/1", "Accept-Encoding": "gzip"])

      let request = try #require(portal.requests.first)
      #expect(request.method == "GET")
      #expect(request.path == "/data/api/3/action/package_search")
      #expect(request.action == "package_search")
      #expect(request["fq"] == "+id:\"a b\"")
      #expect(request["rows"] == "1")
      #expect(request.userAgent == "toets/1")
      #expect(request.acceptEncoding == "gzip")
      portal.resetRequests()
      #expect(portal.requests.isEmpty)
    }
  }

  @Test("publishes and changes its catalogue while it runs")
  func publishing() async throws {
    try await SamplePortal.run(.sample(day: 1)) { portal async throws in
      let client = Client(portal: portal)
      #expect(try await client.search(["rows": "0"]).count == 303)
      portal.publish(.sample(day: 2))
      #expect(try await client.search(["rows": "0"]).count == 304)
      portal.update { $0.delete($0.records[0].id) }
      #expect(try await client.search(["rows": "0"]).count == 303)
    }
  }

  @Test("lets a test answer in its place, by the ordinal of the request")
  func responding() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      portal.intercept { _, ordinal in
        ordinal == 2
          ? .respond(status: 503, headers: [("Retry-After", "7")], body: "even geduld") : nil
      }
      let client = Client(portal: portal)

      #expect(try await client.search().status == 200)
      let reply = try await client.search()
      #expect(reply.status == 503)
      #expect(reply.headers.first(name: "Retry-After") == "7")
      #expect(reply.text == "even geduld")
      #expect(try await client.search().status == 200)
    }
  }

  @Test("changes the catalogue before an answer, or after it")
  func changing() async throws {
    try await SamplePortal.run(Catalogue(records: [record("a"), record("b")])) {
      portal async throws in
      portal.intercept { _, ordinal in
        switch ordinal {
        case 1: .after { $0.purge("a") }
        case 2: .before { $0.purge("b") }
        default: nil
        }
      }
      let client = Client(portal: portal)

      #expect(try await client.search().count == 2)
      #expect(try await client.search().count == 0)
    }
  }

  @Test("rewrites an answer")
  func rewriting() async throws {
    try await SamplePortal.run(Catalogue()) { portal async throws in
      portal.intercept { _, _ in
        .rewrite {
          $0.text = $0.text.replacingOccurrences(of: "\"count\": 0", with: "\"count\": 7")
        }
      }

      #expect(try await Client(portal: portal).search().count == 7)
    }
  }

  @Test("holds an answer back until it is let go")
  func delaying() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
      portal.intercept { _, _ in
        .delay {
          arrived.yield()
          for await _ in gate { break }
        }
      }
      async let reply = Client(portal: portal).search()
      for await _ in arrivals { break }
      portal.publish(try Catalogue(records: [record("a")]))
      open.yield()

      #expect(try await reply.count == 1)
    }
  }

  @Test("stops while an answer is held back")
  func stopping() async throws {
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    defer { open.finish() }
    let port = try await SamplePortal.run(Catalogue()) { portal in
      portal.intercept { _, _ in
        .delay {
          arrived.yield()
          for await _ in gate { break }
        }
      }
      Task { try await Client(portal: portal).search() }
      for await _ in arrivals { break }
      return portal.port
    }

    // The port is free again, so nothing of the first portal is left.
    try await SamplePortal.run(Catalogue(), port: port) { portal async throws in
      #expect(try await Client(portal: portal).search().status == 200)
    }
  }

  @Test("says so when its port is taken")
  func taken() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      _ = await #expect(throws: (any Error).self) {
        try await SamplePortal.run(Catalogue(), port: portal.port) { _ in }
      }
    }
  }

  @Test("sets its Date by the clock it is given")
  func clock() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      portal.settings.now = { Date(timeIntervalSince1970: 1_795_467_008.999) }

      let reply = try await Client(portal: portal).search()
      #expect(reply.headers["Date"] == ["Mon, 23 Nov 2026 20:50:08 GMT"])
    }
  }

  @Test("can be a portal that ignores sort or fq")
  func ignoring() async throws {
    try await SamplePortal.run(Catalogue(records: [record("b"), record("a")])) { portal in
      portal.settings.ignoresSort = true
      portal.settings.ignoresFilter = true
      let reply = try await Client(portal: portal).search(["sort": "id asc", "fq": "id:a"])

      #expect(reply.ids == ["b", "a"])
    }
  }

  @Test("is switched by another process only where that is offered")
  func control() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let client = Client(portal: portal)
      let publish = {
        try await client.send(.POST, path: "/_control/publish", body: #"{"day": 2}"#)
      }
      #expect(try await publish().status == 404)

      portal.settings.offersControl = true
      #expect(try await publish().text == #"{"datasets": 304}"#)
      #expect(try await client.search(["rows": "0"]).count == 304)
      let reply = try await client.send(
        .POST, path: "/_control/publish", body: #"{"data": "/no/such/file"}"#)
      #expect(reply.status == 400)
      #expect(reply.text.contains("/no/such/file"))
    }
  }
}
