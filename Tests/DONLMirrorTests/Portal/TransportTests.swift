import NIOCore
import NIOPosix
import Testing

@testable import DONLMirror

@Suite("A transport")
struct TransportTests {
  @Test("reads an answer and says who asks")
  func answer() async throws {
    try await ScriptedServer.using([Answers.ok(headers: ["X-Thing: 1", "x-thing: 2"])]) { server in
      let settings = try PortalSettings.to(server.url) { $0.contact = "beheer@example.nl" }

      let response = try await get(server.url + "/a?fq=a%2Bb%20c", settings)

      #expect(response.status == 200)
      #expect(response.headers["x-thing"] == "1")
      #expect(response.body == Array(Answers.page.utf8))
      let request = try #require(server.requests.first)
      #expect(request.hasPrefix("GET /a?fq=a%2Bb%20c HTTP/1.1\r\n"))
      #expect(request.contains("User-Agent: donl-mirror/\(toolVersion) (+beheer@example.nl)\r\n"))
      #expect(request.contains("Accept-Encoding: gzip\r\n"))
      #expect(!request.lowercased().contains("authorization"))
    }
  }

  @Test("unpacks gzip and counts both sizes")
  func gzip() async throws {
    try await ScriptedServer.using([Answers.gzip(Answers.gzippedPage)]) { server in
      let tally = PortalTally()

      let response = try await get(server.url, try .to(server.url), tally: tally)

      #expect(response.body == Array(Answers.page.utf8))
      #expect(tally.counts.decodedBytes == Answers.page.utf8.count)
      #expect(tally.counts.wireBytes > Answers.gzippedPage.count)
      #expect(tally.counts.requests == 1)
    }
  }

  @Test("keeps its connection for the next request")
  func keepAlive() async throws {
    try await ScriptedServer.using([Answers.ok()]) { server in
      let tally = PortalTally()
      try await Transport.using(try .to(server.url), tally: tally, logger: silent) { transport in
        for _ in 1...3 {
          _ = try await transport.get(PortalRequest(url: server.url, timeout: .seconds(60)))
        }
      }

      #expect(server.requests.count == 3)
      #expect(server.connections == 1)
      #expect(tally.counts.connections == 1)
    }
  }

  @Test("ignores what comes after the length that was given")
  func surplus() async throws {
    try await ScriptedServer.using([Answers.ok() + [.text("surplus")]]) { server in
      let response = try await get(server.url, try .to(server.url))

      #expect(response.body == Array(Answers.page.utf8))
    }
  }

  @Test("reads chunks, and a body that ends with the connection")
  func framing() async throws {
    let chunks: ScriptedServer.Script = [
      .text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
      .text("2\r\nde\r\n0\r\n\r\n"),
    ]
    let untilClosed: ScriptedServer.Script = [.text("HTTP/1.1 200 OK\r\n\r\nabcde"), .close]
    for script in [chunks, untilClosed] {
      try await ScriptedServer.using([script]) { server in
        let response = try await get(server.url, try .to(server.url))

        #expect(response.body == Array("abcde".utf8))
      }
    }
  }

  @Test("hands over an error with its body, even when that breaks off")
  func errorAnswer() async throws {
    let whole = Answers.answer("503 Busy", Array("later".utf8), headers: ["Retry-After: 7"])
    let torn: ScriptedServer.Script = [
      .text("HTTP/1.1 503 Busy\r\nContent-Length: 99\r\nRetry-After: 7\r\n\r\nlater"), .close,
    ]
    for script in [whole, torn] {
      try await ScriptedServer.using([script]) { server in
        let response = try await get(server.url, try .to(server.url))

        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "7")
        #expect(response.body == Array("later".utf8))
      }
    }
  }

  @Test("asks an IPv6 address", .enabled(if: hasIPv6, "this machine has no IPv6 loopback"))
  func ipv6() async throws {
    try await ScriptedServer.using([Answers.ok()], host: "::1") { server in
      let response = try await get(server.url, try .to(server.url))

      #expect(response.status == 200)
    }
  }

  @Test("sends the token to the portal and to no one else")
  func token() async throws {
    try await ScriptedServer.using([Answers.ok()]) { other in
      let elsewhere = "http://localhost:\(other.port)/x"
      try await ScriptedServer.using([Answers.redirect(to: elsewhere)]) { server in
        let settings = try PortalSettings.to(server.url) {
          $0.token = Secret("s3cret\n")
          $0.allowRedirectHosts = ["localhost"]
        }

        _ = try await get(server.url, settings)

        #expect(server.requests.first?.contains("Authorization: s3cret\r\n") == true)
        #expect(other.requests.count == 1)
        #expect(other.requests.first?.contains("s3cret") == false)
        #expect(!"\(settings)".contains("s3cret"))
      }
    }
  }

  @Test("refuses a token or a contact that would tear a header, without showing it")
  func headers() async throws {
    let changes: [@Sendable (inout PortalSettings) -> Void] = [
      { $0.token = Secret("s3cret\r\nX: y") }, { $0.contact = "s3cret\r\nX: y" },
    ]
    for change in changes {
      let settings = try PortalSettings.to("http://localhost", change)

      let error = await #expect(throws: InvalidPortalSetting.self) {
        try await get("http://localhost", settings)
      }

      #expect(error?.message.contains("s3cret") == false)
    }
  }

  @Test("follows a redirect on the same host")
  func redirect() async throws {
    try await ScriptedServer.using([Answers.redirect(to: "/b?x=%2B"), Answers.ok()]) { server in
      let response = try await get(server.url + "/a", try .to(server.url))

      #expect(response.status == 200)
      #expect(server.requests.last?.hasPrefix("GET /b?x=%2B HTTP/1.1\r\n") == true)
    }
  }

  @Test("stops at once when it is cancelled, before the answer and in it")
  func cancellation() async throws {
    let half: ScriptedServer.Script = [.text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]
    for script in [[], half] {
      try await ScriptedServer.using([script]) { server in
        let settings = try PortalSettings.to(server.url)
        let url = server.url
        let task = Task { await failure { try await get(url, settings) } }
        await server.nextRequest()
        task.cancel()

        #expect(await task.value == .cancelled)
      }
    }
  }
}

/// One GET through a transport of its own.
func get(
  _ url: String, _ settings: PortalSettings, tally: PortalTally = PortalTally(),
  timeout: Duration = .seconds(60)
) async throws -> PortalResponse {
  try await Transport.using(settings, tally: tally, logger: silent) { transport in
    try await transport.get(PortalRequest(url: url, timeout: timeout))
  }
}

private let hasIPv6: Bool = {
  let group = MultiThreadedEventLoopGroup.singleton
  guard let channel = try? ServerBootstrap(group: group).bind(host: "::1", port: 0).wait() else {
    return false
  }
  channel.close(promise: nil)
  return true
}()
