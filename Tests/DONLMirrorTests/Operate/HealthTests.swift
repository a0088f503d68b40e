import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("Health")
struct HealthTests {
  @Test("is good after a complete run, of the copy that readers open")
  func good() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(60))
      let health = mirror.health()

      #expect(health.state == .ok)
      #expect(health.file == mirror.published)
      #expect(
        health.line.hasSuffix(
          "3 datasets | age=60s;;93600;0 datasets=3;;;0 held=0;0;;0 quarantined=0;0;;0 wal=0B;;;0"
        ), "\(health.line)")
    }
  }

  @Test("is unknown without a database, critical before a complete run and of a damaged one")
  func nothing() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      #expect(mirror.health().state == .unknown)
      portal.failAfterPage(1)
      try await mirror.tended(portal) {
        $0.rows = 2
        $0.settings.portal.retries = 0
      }
      #expect(mirror.health().state == .critical)
      #expect(mirror.health().line.contains("no run has completed yet"))
      portal.recover()
      try await mirror.tended(portal)
      #expect(mirror.health().state == .ok)
      try Data(repeating: 7, count: 10_000).write(to: URL(filePath: mirror.path))

      #expect(mirror.health().state == .critical)
    }
  }

  @Test("is critical when the last complete run is too old; a quiet portal is not")
  func stale() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(3 * 3600))
      #expect(mirror.health(maxAge: .seconds(2 * 3600)).state == .critical)
      #expect(mirror.health(maxAge: .seconds(2 * 3600)).line.contains("age=10800s;;7200;0"))
      // Nothing changed, so nothing was published anew; the copy is as fresh as the mirror.
      try await mirror.tended(portal)

      #expect(mirror.generation == "catalog-000000003.db")
      #expect(mirror.health(maxAge: .seconds(2 * 3600)).state == .ok)
    }
  }

  @Test("is a warning when it is complete as of a day that is yet to come")
  func future() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(-48 * 3600))

      #expect(mirror.health().state == .warning)
      #expect(mirror.health().line.contains("ahead of this machine's clock"))
    }
  }

  @Test("is critical when readers cannot open the copy, though the mirror is fine")
  func unreadable() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let file = mirror.publicFolder.appending(path: try #require(mirror.generation))
      let whole = try Data(contentsOf: file)
      try FileManager.default.removeItem(at: file)
      #expect(mirror.health().state == .critical)
      try (whole.prefix(8192) + Data(count: 8192)).write(to: file)

      #expect(mirror.health().state == .critical)
    }
  }

  @Test("is a warning when the last run failed, and when something is held or in quarantine")
  func warnings() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.tended(portal)
      let closed = try ClosedPort()
      try await mirror.tended(portal) {
        $0.source = portal.url
        $0.settings.portal.url = "http://127.0.0.1:\(closed.number)"
        $0.settings.portal.retries = 0
      }
      #expect(mirror.health().state == .warning)
      #expect(mirror.health().line.contains("run 2 failed, connect"))
      portal.update { catalogue in
        try? catalogue.put(#"{"id": "broken", "name": "broken", "cost": 1e}"#)
        catalogue.purge(Entry.id(3))
      }
      portal.intercept { request, _ in
        request.action == "package_show" ? .respond(status: 503, body: "") : nil
      }
      try await mirror.tended(portal) {
        $0.isFull = true
        $0.settings.portal.retries = 0
      }

      let health = mirror.health()
      #expect(health.state == .warning)
      #expect(health.held == 1)
      #expect(health.quarantined == 1)
      #expect(health.findings.count == 2, "\(health.line)")
    }
  }

  @Test("of a user who may read the copy alone is judged by the copy")
  func byTheCopy() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(60))
      var settings = Settings()
      settings.publish.path = mirror.published
      settings.database.path = "/nowhere/mirror.db"
      var check = HealthCheck(settings)
      check.now = { mirror.now }

      #expect(check.run().state == .ok)
      #expect(check.run().age == 60)
    }
  }
}

extension Mirror {
  fileprivate func health(maxAge: Duration = .seconds(26 * 3600)) -> Health {
    var settings = Settings()
    settings.database.path = path
    settings.publish.path = published
    settings.health.maxAge = maxAge
    var check = HealthCheck(settings)
    check.now = { [self] in now }
    return check.run()
  }
}
