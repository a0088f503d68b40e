import NIOCore
import NIOPosix
import Testing

@testable import DONLMirror

@Suite("A transport that meets a fault")
struct TransportFaultTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reason: PortalError.Reason
    var nature = PortalError.Nature.temporary
    var script: ScriptedServer.Script
  }

  private static let head = "HTTP/1.1 200 OK\r\n"
  private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
  private static let lengthy = head + "Content-Length: 5000\r\n\r\n"

  static let faults = [
    Fault(
      testDescription: "a reset in the body", reason: .reset,
      script: [.text(lengthy + "abc"), .reset]),
    Fault(testDescription: "a reset before the answer", reason: .reset, script: [.reset]),
    Fault(testDescription: "closed before the answer", reason: .reset, script: [.close]),
    Fault(
      testDescription: "a body shorter than its length", reason: .truncated,
      script: [.text(lengthy + "abc"), .close]),
    Fault(
      testDescription: "a head that breaks off", reason: .reset,
      script: [.text(head + "Content-Le"), .close]),
    Fault(
      testDescription: "chunks that break off", reason: .truncated,
      script: [.text(chunked + "5\r\nab"), .close]),
    Fault(
      testDescription: "no last chunk", reason: .truncated,
      script: [.text(chunked + "2\r\nab\r\n"), .close]),
    Fault(
      testDescription: "a bad chunk size", reason: .truncated,
      script: [.text(chunked + "2\r\nab\r\nzz\r\n")]),
    Fault(
      testDescription: "gzip that breaks off", reason: .truncated,
      script: Answers.gzip(Array(Answers.gzippedPage.dropLast(20)))),
    Fault(
      testDescription: "plain text called gzip", reason: .badEncoding, nature: .notCKAN,
      script: Answers.gzip(Array(Answers.page.utf8))),
    Fault(
      testDescription: "an encoding that was not asked for", reason: .badEncoding,
      nature: .notCKAN, script: Answers.ok("x", headers: ["Content-Encoding: br"])),
    Fault(
      testDescription: "a gzip bomb", reason: .tooLarge, nature: .notCKAN,
      script: Answers.gzip(Answers.gzipBomb)),
    Fault(
      testDescription: "a body without end", reason: .tooLarge, nature: .notCKAN,
      script: [.text(head + "\r\n" + String(repeating: "abcd ", count: 5000))]),
    Fault(
      testDescription: "a huge header", reason: .badResponse,
      script: [.text(head + "X: " + String(repeating: "x", count: 500_000) + "\r\n\r\n")]),
    Fault(
      testDescription: "what is not HTTP", reason: .badResponse,
      script: [.text("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close]),
    Fault(
      testDescription: "a redirect to another host", reason: .redirectRefused, nature: .refused,
      script: Answers.redirect(to: "http://169.254.169.254/latest")),
    Fault(
      testDescription: "a redirect to a file", reason: .redirectRefused, nature: .refused,
      script: Answers.redirect(to: "file:///etc/passwd")),
    Fault(
      testDescription: "a redirect to itself", reason: .redirectLoop, nature: .refused,
      script: Answers.redirect(to: "/")),
  ]

  @Test("names it", arguments: faults)
  func fault(_ fault: Fault) async throws {
    try await ScriptedServer.using([fault.script]) { server in
      let settings = try PortalSettings.to(server.url) { $0.maxPageBytes = 20_000 }

      let error = await failure { try await get(server.url + "/", settings) }

      #expect(error?.reason == fault.reason)
      #expect(error?.nature == fault.nature)
    }
  }

  @Test("waits for the first byte as long as it was told")
  func firstByte() async throws {
    // A head that trickles is no answer yet.
    let trickle: ScriptedServer.Script = [
      .drip(Array(Self.lengthy.utf8), every: .milliseconds(20))
    ]
    for script in [[], trickle] {
      try await ScriptedServer.using([script]) { server in
        let settings = try PortalSettings.to(server.url) { $0.idleTimeout = .milliseconds(150) }

        let error = await failure { try await get(server.url, settings) }

        #expect(error?.reason == .firstByte)
      }
    }
  }

  @Test("waits for the next byte as long as it was told")
  func idle() async throws {
    try await ScriptedServer.using([[.text(Self.lengthy + "abc")]]) { server in
      let settings = try PortalSettings.to(server.url) { $0.idleTimeout = .seconds(1) }

      let error = await failure { try await get(server.url, settings) }

      #expect(error?.reason == .idle)
    }
  }

  @Test("gives up a body that trickles")
  func lowSpeed() async throws {
    let drip = Array(repeating: UInt8(ascii: " "), count: 4000)
    let script: ScriptedServer.Script = [
      .text(Self.lengthy), .drip(drip, every: .milliseconds(10)),
    ]
    try await ScriptedServer.using([script]) { server in
      let settings = try PortalSettings.to(server.url) {
        $0.lowSpeed = (bytesPerSecond: 1000, window: .milliseconds(150))
      }

      let error = await failure { try await get(server.url, settings) }

      #expect(error?.reason == .lowSpeed)
    }
  }

  @Test("ends a request after its time, whatever it is waiting for")
  func total() async throws {
    let endless: ScriptedServer.Script = [
      .text(Self.lengthy), .drip(Array(repeating: 32, count: 4000), every: .milliseconds(10)),
    ]
    for script in [[], endless] {
      try await ScriptedServer.using([script]) { server in
        let settings = try PortalSettings.to(server.url)

        let error = await failure {
          try await get(server.url, settings, timeout: .milliseconds(200))
        }

        #expect(error?.reason == .total)
      }
    }
  }

  @Test("waits for a connection as long as it was told")
  func connectTimeout() async throws {
    // A server that never accepts: once its queue is full, the kernel drops what comes.
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 0)
      .serverChannelOption(.autoRead, value: false)
      .bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(server.localAddress)
    let port = try #require(address.port)
    var queue: [any Channel] = []
    for _ in 1...4 {
      let client = ClientBootstrap(group: group).connectTimeout(.milliseconds(200))
      if let channel = try? await client.connect(to: address).get() { queue.append(channel) }
    }
    let settings = try PortalSettings.to("http://127.0.0.1:\(port)") {
      $0.connectTimeout = .milliseconds(200)
    }

    let error = await failure { try await get("http://127.0.0.1:\(port)/", settings) }

    #expect(error?.reason == .connect)
    #expect(error?.nature == .temporary)
    for channel in queue + [server] { try await channel.close() }
  }

  @Test("names a refused connection")
  func refused() async throws {
    let port = try ClosedPort()
    defer { withExtendedLifetime(port) {} }
    for host in ["127.0.0.1", "localhost"] {
      let url = "http://\(host):\(port.number)"
      let settings = try PortalSettings.to(url)

      let error = await failure { try await get(url, settings) }

      #expect(error?.reason == .connect)
      #expect(error?.nature == .temporary)
    }
  }

  @Test("names a host that no one knows")
  func unknownHost() async throws {
    let settings = try PortalSettings.to("http://portal.invalid")

    let error = await failure { try await get("http://portal.invalid/", settings) }

    #expect(error?.reason == .dns)
    #expect(error?.nature == .temporary)
  }
}
