import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A ping")
struct PingTests {
  private static let fine = [
    ScriptedServer.Step.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
  ]
  private static let secret = "0a1b2c3d-secret"

  @Test("tells of the start and the success, and by a query too")
  func success() async throws {
    try await story(Entry.row(2)) { mirror, portal in
      try await ScriptedServer.using([Self.fine]) { watcher in
        try await mirror.tended(portal) { $0.settings.ping.url = "\(watcher.url)/\(Self.secret)" }
        try await mirror.tended(portal) {
          $0.settings.ping.url = "\(watcher.url)/push/?id=\(Self.secret)"
        }

        #expect(
          watcher.requestLines == [
            "GET /\(Self.secret)/start HTTP/1.1", "GET /\(Self.secret) HTTP/1.1",
            "GET /push/start?id=\(Self.secret) HTTP/1.1", "GET /push/?id=\(Self.secret) HTTP/1.1",
          ])
        #expect(watcher.requests.filter { $0.contains("Authorization") } == [])
      }
    }
  }

  @Test("tells of a failure, and not of a run that never began")
  func failure() async throws {
    try await story(Entry.row(2)) { mirror, portal in
      try await ScriptedServer.using([Self.fine]) { watcher in
        let url = "\(watcher.url)/\(Self.secret)"
        portal.failAfterPage(0)
        try await mirror.tended(portal) {
          $0.settings.ping.url = url
          $0.settings.portal.retries = 0
        }
        #expect(
          watcher.requestLines == [
            "GET /\(Self.secret)/start HTTP/1.1", "GET /\(Self.secret)/fail HTTP/1.1",
          ])

        _ = try await HarvestLock.hold(beside: mirror.path) {
          await #expect(throws: Failure.self) {
            try await mirror.tended(portal) { $0.settings.ping.url = url }
          }
        }
        #expect(watcher.requests.count == 2)
      }
    }
  }

  @Test(
    "that fails is a warning without the address",
    arguments: [
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: https://example.org/\(secret)\r\nContent-Length: 0\r\n\r\n",
      "nonsense \(secret)\r\n\r\n",
    ])
  func refused(answer: String) async throws {
    try await story(Entry.row(2)) { mirror, portal in
      try await ScriptedServer.using([[.text(answer), .close]]) { watcher in
        let run = try await mirror.tended(portal) {
          $0.settings.ping.url = "\(watcher.url)/\(Self.secret)"
        }

        #expect(run.exitStatus == .done)
        let warnings = mirror.log.lines.filter { $0.level == .warning }
        #expect(warnings.map(\.reason) == ["ping", "ping"])
        for line in mirror.log.lines {
          #expect(!"\(line.message)\(line.metadata)".contains(Self.secret), "\(line)")
        }
      }
    }
  }
}

extension ScriptedServer {
  fileprivate var requestLines: [String] {
    requests.compactMap { $0.components(separatedBy: "\r\n").first }
  }
}
