import Testing

@testable import DONLMirror

@Suite("A proxy")
struct ProxyTests {
  @Test("is asked for a way to the portal, with its password")
  func connect() async throws {
    let scripts: [ScriptedServer.Script] = [
      [.text("HTTP/1.1 200 Connected\r\n\r\n")], Answers.ok(),
    ]
    try await ScriptedServer.using(scripts) { server in
      let settings = try through("http://user:pass@127.0.0.1:\(server.port)")

      let response = try await get("http://portal.invalid/x", settings)

      #expect(response.status == 200)
      let connect = try #require(server.requests.first)
      #expect(connect.hasPrefix("CONNECT portal.invalid:80 HTTP/1.1\r\n"))
      #expect(connect.contains("proxy-authorization: Basic dXNlcjpwYXNz\r\n"))
      #expect(server.requests.last?.contains("roxy-authorization") == false)
      #expect(!"\(settings)".contains("pass"))
    }
  }

  @Test(
    "that refuses is named",
    arguments: [
      ("407 Proxy Authentication Required", PortalError.Nature.refused),
      ("502 Bad Gateway", .temporary),
    ])
  func refusal(status: String, nature: PortalError.Nature) async throws {
    try await ScriptedServer.using([Answers.answer(status)]) { server in
      let settings = try through("127.0.0.1:\(server.port)")

      let error = await failure { try await get("http://portal.invalid/x", settings) }

      #expect(error?.reason == .proxy)
      #expect(error?.nature == nature)
    }
  }

  @Test("that is down or unknown is named")
  func down() async throws {
    let port = try ClosedPort()
    defer { withExtendedLifetime(port) {} }
    for proxy in ["127.0.0.1:\(port.number)", "proxy.invalid:3128"] {
      let settings = try through(proxy)

      let error = await failure { try await get("http://portal.invalid/x", settings) }

      #expect(error?.reason == .proxy)
      #expect(error?.nature == .temporary)
    }
  }

  @Test("is not asked for loopback")
  func loopback() async throws {
    try await ScriptedServer.using([Answers.ok()]) { server in
      let settings = try through("proxy.invalid:3128")

      #expect(try await get(server.url, settings).status == 200)
    }
  }

  @Test("is found in the environment, by scheme and in either case")
  func environment() throws {
    let rules = try ProxyRules(environment: [
      "HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2", "ALL_PROXY": "socks5://c",
    ])

    #expect(rules.proxy(scheme: "https", host: "x.nl", port: 443) == ProxyRules.Proxy("b:2"))
    #expect(
      rules.proxy(scheme: "http", host: "x.nl", port: 80) == ProxyRules.Proxy("socks5://c:1080"))
    let emptied = try ProxyRules(environment: ["HTTPS_PROXY": "http://a:1", "https_proxy": ""])
    #expect(emptied.proxy(scheme: "https", host: "x.nl", port: 443) == nil)
    #expect(try ProxyRules(environment: [:]) == ProxyRules())
  }

  @Test("that cannot be read is an error that shows no password")
  func unreadable() {
    for text in ["https://user:pass@a:1", "ftp://user:pass@a", "http://"] {
      let error = #expect(throws: InvalidPortalSetting.self) {
        try ProxyRules(environment: ["HTTPS_PROXY": text])
      }
      #expect(error?.message.contains("HTTPS_PROXY") == true)
      #expect(error?.message.contains("pass") == false)
    }
  }

  @Test(
    "is passed by for NO_PROXY",
    arguments: [
      ("*", true), ("overheid.nl", true), (".overheid.nl", true), ("*.overheid.nl", true),
      ("DATA.overheid.nl", true), ("verheid.nl", false), ("nl", true), ("", false),
      ("data.overheid.nl:443", true), ("data.overheid.nl:80", false), ("x.nl, overheid.nl", true),
      ("x.nl overheid.nl", true), ("[::2]", false), (".", false), ("::", false), ("[", false),
    ])
  func exceptions(list: String, isPassedBy: Bool) throws {
    let rules = try ProxyRules(environment: ["ALL_PROXY": "http://p:1", "NO_PROXY": list])

    let proxy = rules.proxy(scheme: "https", host: "data.overheid.nl", port: 443)

    #expect((proxy == nil) == isPassedBy)
  }

  @Test("is passed by for an IPv6 address", arguments: ["[2001:db8::1]:80", "2001:db8::1"])
  func ipv6(list: String) throws {
    let rules = try ProxyRules(environment: ["ALL_PROXY": "http://p:1", "NO_PROXY": list])

    #expect(rules.proxy(scheme: "http", host: "[2001:db8::1]", port: 80) == nil)
    #expect(rules.proxy(scheme: "http", host: "[2001:db8::2]", port: 80) != nil)
  }

  private func through(_ proxy: String) throws -> PortalSettings {
    let proxy = try #require(ProxyRules.Proxy(proxy))
    return try .to("http://portal.invalid") { $0.proxy = ProxyRules(proxy) }
  }
}
