import Testing

@testable import DONLMirror

@Suite("A redirect")
struct RedirectPolicyTests {
  private let policy = RedirectPolicy(allowedHosts: ["www.overheid.nl", "cdn.nl:8443"])

  @Test(
    "is followed where it stays with the portal or goes where it may",
    arguments: [
      ("/b", "https://data.nl/b"), ("b?x=1", "https://data.nl/a/b?x=1"),
      ("//data.nl/c", "https://data.nl/c"), ("https://DATA.nl/a/", "https://DATA.nl/a/"),
      ("https://data.nl:443/c", "https://data.nl:443/c"),
      ("https://www.overheid.nl/c", "https://www.overheid.nl/c"),
      ("https://cdn.nl:8443/c", "https://cdn.nl:8443/c"),
      (" https://data.nl/c ", "https://data.nl/c"),
    ])
  func followed(location: String, next: String) throws {
    #expect(try policy.next(location, after: ["https://data.nl/a/x"]) == next)
  }

  @Test(
    "is refused where it leads away",
    arguments: [
      "https://evil.nl/", "//evil.nl/", "https://data.nl@evil.nl/", "https://data.nl.evil.nl/",
      "https://127.0.0.1/", "https://[::1]/", "file:///etc/passwd", "javascript:alert(1)",
      "https:///x", "https://cdn.nl/", "https://data.nl:8443/", "https://", "",
    ])
  func refused(location: String) {
    let error = #expect(throws: PortalError.self) {
      try policy.next(location, after: ["https://data.nl/a/x"])
    }

    #expect(error?.reason == .redirectRefused)
    #expect(error?.nature == .refused)
  }

  @Test("never leads from https to http, not even to a host that is allowed")
  func downgrade() {
    for location in ["http://data.nl/a", "http://www.overheid.nl/"] {
      let error = #expect(throws: PortalError.self) {
        try policy.next(location, after: ["https://data.nl/a"])
      }
      #expect(error?.reason == .downgrade)
    }
  }

  @Test("may lead from http to https on any port of the host")
  func upgrade() throws {
    #expect(
      try policy.next("https://data.nl:8443/a", after: ["http://data.nl/a"])
        == "https://data.nl:8443/a")
  }

  @Test("ends after five, or when it comes round")
  func loop() throws {
    let five = (0...4).map { "https://data.nl/\($0)" }
    #expect(try policy.next("/5", after: five) == "https://data.nl/5")
    for (location, trail) in [("/6", five + ["https://data.nl/5"]), ("/0", Array(five.prefix(2)))] {
      let error = #expect(throws: PortalError.self) { try policy.next(location, after: trail) }
      #expect(error?.reason == .redirectLoop)
    }
  }
}
