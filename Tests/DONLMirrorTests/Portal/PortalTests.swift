import Foundation
import Logging
import Synchronization
import Testing

@testable import DONLMirror

@Suite("A portal")
struct PortalTests {
  @Test("is asked again while the trouble passes, and each time is logged and counted")
  func retries() async throws {
    let fake = FakePortal([.failure(.reset), .status(502), .page(#"{"success": true, "re"#), .ok])
    let log = LogRecorder()

    let names = try await fake.portal(logger: log.logger).packageList()

    #expect(names == ["a"])
    #expect(fake.waits == [.seconds(0.5), .seconds(1), .seconds(2)])
    #expect(fake.tally.counts.retries == 3)
    #expect(log.lines.map(\.level) == [.warning, .warning, .warning])
    #expect(log.lines.map { $0.metadata["reason"] } == ["reset", "http_502", "truncated_json"])
  }

  @Test("is given up after the retries of the settings, or fewer where the caller says so")
  func exhaustion() async throws {
    for (retries, attempts) in [(nil, 6), (2, 3), (0, 1)] as [(Int?, Int)] {
      let fake = FakePortal([.status(500)])

      let error = await failure {
        try await fake.portal().search(SearchQuery(rows: 10), retries: retries) { $0.status }
      }

      #expect(error?.reason == .http(500))
      #expect(error?.attempts == attempts)
      #expect(fake.requests.count == attempts)
    }
  }

  @Test("is not asked again when it refuses", arguments: [401, 403, 404, 410, 400])
  func refusal(status: Int) async throws {
    let fake = FakePortal([.status(status)])

    let error = await failure { try await fake.portal().status() }

    #expect(error?.reason == .http(status))
    #expect(fake.requests.count == 1)
  }

  @Test("is waited for with growing patience that has an end")
  func backoff() async throws {
    let fake = FakePortal([.status(500)])
    let portal = try fake.portal { $0.retries = 9 }

    _ = await failure { try await portal.status() }

    let seconds = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    #expect(fake.waits == seconds.map { .seconds($0) })
  }

  @Test(
    "is obeyed when it says how long to wait", arguments: ["7", "Sun, 06 Nov 1994 08:49:44 GMT"])
  func retryAfter(text: String) async throws {
    for status in [429, 503] {
      let headers = ["retry-after": text, "date": "Sun, 06 Nov 1994 08:49:37 GMT"]
      let fake = FakePortal([.status(status, headers), .ok])

      _ = try await fake.portal().packageList()

      #expect(fake.waits == [.seconds(7)])
    }
  }

  @Test("is left alone when it asks for more than ten minutes")
  func impatience() async throws {
    let fake = FakePortal([.status(429, ["retry-after": "601"]), .ok])

    let error = await failure { try await fake.portal().packageList() }

    #expect(error?.reason == .throttled)
    #expect(error?.nature == .temporary)
    #expect(fake.waits == [])
  }

  @Test("sets our own pace when its Retry-After is nonsense", arguments: ["soon", "0", "-5"])
  func nonsense(text: String) async throws {
    let fake = FakePortal([.status(429, ["retry-after": text]), .ok])

    _ = try await fake.portal().packageList()

    #expect(fake.waits == [.seconds(0.5)])
  }

  @Test("is not waited for beyond the run's deadline")
  func deadline() async throws {
    let fake = FakePortal([.status(503, ["retry-after": "100"]), .ok])
    let portal = try fake.portal(deadline: .seconds(99))

    let error = await failure { try await portal.packageList() }

    #expect(error?.reason == .http(503))
    #expect(fake.requests.count == 1)
    #expect(fake.waits == [])
  }

  @Test("gets no request after the deadline, and none that could outlast it")
  func remainingTime() async throws {
    let fake = FakePortal([.ok])
    let portal = try fake.portal(deadline: .seconds(30)) { $0.pause = .seconds(20) }

    _ = try await portal.packageList()
    _ = try await portal.packageList()
    let error = await failure { try await portal.packageList() }

    #expect(fake.requests.map(\.timeout) == [.seconds(30), .seconds(10)])
    #expect(error?.reason == .deadline)
    #expect(error?.nature == .temporary)
  }

  @Test("is given a pause before every request but the first")
  func pause() async throws {
    let fake = FakePortal([.ok])
    let portal = try fake.portal { $0.pause = .seconds(3) }

    for _ in 1...3 { _ = try await portal.packageList() }

    #expect(fake.waits == [.seconds(3), .seconds(3)])
  }

  @Test("is asked again when the reader does not understand, and then it is not CKAN")
  func unreadable() async throws {
    struct Confused: Error {}
    let fake = FakePortal([.ok])

    let error = await failure {
      try await fake.portal().call("x") { _ -> Int in throw Confused() }
    }

    #expect(error?.reason == .notJSON)
    #expect(error?.nature == .notCKAN)
    #expect(fake.requests.count == 6)
  }

  @Test("is believed at once when the reader says what is wrong")
  func readersError() async throws {
    let fake = FakePortal([.page(#"{"success": true, "result": {"no": "list"}}"#)])

    let error = await failure { try await fake.portal().packageList() }

    #expect(error?.reason == .notCKAN)
    #expect(fake.requests.count == 1)
  }

  @Test("is waited for no longer when the run is cancelled")
  func cancellation() async throws {
    let fake = FakePortal([.status(500)])
    let waiting = AsyncStream<Void>.makeStream()
    var clock = PortalClock()
    clock.sleep = { _ in
      waiting.continuation.yield()
      try await Task.sleep(for: .seconds(3600))
    }
    let portal = Portal(
      settings: try .to("https://data.nl"), fetch: fake.fetch, clock: clock, logger: silent)
    let task = Task { await failure { try await portal.status() } }
    for await _ in waiting.stream { break }
    task.cancel()

    #expect(await task.value == .cancelled)
    #expect(fake.requests.count == 1)
  }

  @Test("is throttled with a notice, since that is its right")
  func notice() async throws {
    let fake = FakePortal([.status(429, ["retry-after": "7"]), .ok])
    let log = LogRecorder()

    _ = try await fake.portal(logger: log.logger).packageList()

    #expect(log.lines.map(\.level) == [.notice])
    #expect(log.lines.first?.metadata["reason"] == "throttled")
    #expect(log.lines.first?.metadata["wait"] == "7.0s")
  }

  @Test("is met over real sockets: throttled, broken, then read")
  func sockets() async throws {
    let throttled = Answers.answer("429 Slow Down", headers: ["Retry-After: 1"])
    let torn = Answers.gzip(Array(Answers.gzippedPage.dropLast(9)))
    let scripts = [throttled, [.reset], torn, Answers.gzip(Answers.gzippedPage)]
    try await ScriptedServer.using(scripts) { server in
      let settings = try PortalSettings.to(server.url + "/data")
      let tally = PortalTally()
      var clock = PortalClock()
      clock.sleep = { _ in }

      let names = try await Transport.using(settings, tally: tally, logger: silent) { transport in
        let portal = Portal(
          settings: settings, fetch: transport.get, clock: clock, tally: tally, logger: silent)
        return try await portal.packageList(limit: 1, offset: 2)
      }

      #expect(names == ["a"])
      #expect(tally.counts.requests == 4)
      #expect(tally.counts.retries == 3)
      let path = "GET /data/api/3/action/package_list?limit=1&offset=2 HTTP/1.1\r\n"
      #expect(server.requests.allSatisfy { $0.hasPrefix(path) })
    }
  }
}
