import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 22 to 25 and 29: where the portal or the network sends us.
@Suite("Harvest that is sent elsewhere")
struct RouteFaultTests {
  @Test("22 a redirect on the same host")
  func row22() async throws {
    try await FaultStory.tell { story in
      // The API answers below /data and at the root.
      let match = FaultStory.Match { $0.path.hasPrefix("/data/") }
      story.portal.fail(
        .init(.redirects(base: "http://127.0.0.1:\(story.portal.port)"), when: match))

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.retries == 0)
      #expect(summary.tally == Tally(created: FaultStory.size))
      try await story.expectRecovery()
    }
  }

  @Test(
    "22 a redirect from http to https",
    .enabled(if: Certificate.openssl != nil, "there is no openssl command to make certificates"))
  func row22Upgrade() async throws {
    try await FaultStory.tell { story in
      try await Certificate.using { certificate in
        try await SecureFront.using(certificate.context, before: story.portal.port) { port in
          let base = "https://localhost:\(port)"
          let match = FaultStory.Match { $0.path.hasPrefix("/data/") }
          story.portal.fail(.init(.redirects(base: base), when: match))

          let summary = try await story.harvest(
            from: "http://localhost:\(story.portal.port)/data"
          ) { $0.authorities = certificate.authorities }

          #expect(summary.exitStatus == .done)
          #expect(summary.tally == Tally(created: FaultStory.size))
        }
      }
      try await story.expectRecovery()
    }
  }

  @Test("23 a redirect to another host, another port, the cloud's own address, or a file")
  func row23() async throws {
    let port = try ClosedPort()
    defer { withExtendedLifetime(port) {} }
    let bases = [
      "http://portal.invalid", "http://127.0.0.1:\(port.number)", "http://169.254.169.254/latest",
      "file:///etc/passwd",
    ]
    for base in bases {
      try await FaultStory.strikesAtOnce(
        .redirects(base: base), exit: .refused, reason: "redirect_refused", attempts: 1)
    }
  }

  @Test(
    "24 a redirect from https to http",
    .enabled(if: Certificate.openssl != nil, "there is no openssl command to make certificates"))
  func row24() async throws {
    try await Certificate.using { certificate in
      try await FaultStory.fails(exit: .refused, reason: "downgrade", retries: 0) { story in
        story.portal.fail(.init(.redirects(base: "http://localhost:\(story.portal.port)")))
        return try await SecureFront.using(certificate.context, before: story.portal.port) {
          port in
          try await story.harvest(from: "https://localhost:\(port)/data") {
            $0.authorities = certificate.authorities
          }
        }
      }
    }
  }

  @Test("25 a redirect loop")
  func row25() async throws {
    try await FaultStory.fails(exit: .refused, reason: "redirect_loop", retries: 0) { story in
      story.portal.fail(.init(.redirects(base: story.portal.url)))
      return try await story.harvest(full: true)
    }
  }

  @Test("29 the proxy is down")
  func row29() async throws {
    let port = try ClosedPort()
    defer { withExtendedLifetime(port) {} }
    try await FaultStory.fails(exit: .temporary, reason: "proxy", retries: 5) { story in
      // Loopback is never asked through a proxy.
      try await story.harvest(full: true) {
        $0.portal.url = "http://portal.invalid/data"
        $0.portal.proxy = "http://127.0.0.1:\(port.number)"
      }
    }
  }

  @Test("29 the proxy wants a password (407)")
  func row29Password() async throws {
    try await ScriptedServer.using([Answers.answer("407 Proxy Authentication Required")]) {
      proxy in
      try await FaultStory.fails(exit: .refused, reason: "proxy", retries: 0) { story in
        try await story.harvest(full: true) {
          $0.portal.url = "http://portal.invalid/data"
          $0.portal.proxy = "http://127.0.0.1:\(proxy.port)"
        }
      }
    }
  }
}

/// Faults of `Scripts/fault-table`, 26 and 27. A harvest adds little to what the transport's tests try:
/// that the run says so, and that nothing is touched.
@Suite(
  "Harvest over bad TLS",
  .enabled(if: Certificate.openssl != nil, "there is no openssl command to make certificates"))
struct SecurityFaultTests {
  @Test("26 an expired certificate")
  func row26Expired() async throws {
    try await Certificate.using(from: "20200101000000Z", until: "20200201000000Z") { certificate in
      try await refuses(certificate)
    }
  }

  @Test("26 a certificate for another name")
  func row26Name() async throws {
    try await Certificate.using(name: "DNS:example.nl") { certificate in
      try await refuses(certificate)
    }
  }

  @Test("26 an authority that nobody knows")
  func row26Authority() async throws {
    try await Certificate.using { certificate in
      try await refuses(certificate, isTrusted: false)
    }
  }

  @Test("26 TLS 1.1")
  func row26Old() async throws {
    try await Certificate.using { certificate in
      var old = certificate
      old.context = try certificate.context(for: .tlsv11)
      try await refuses(old)
    }
  }

  // A clock years behind sees every certificate so; the message names the clock.
  @Test("27 a certificate that is not valid yet: the clock of this machine is wrong")
  func row27() async throws {
    try await Certificate.using(from: "20900101000000Z", until: "20910101000000Z") { certificate in
      try await refuses(certificate, saying: "clock")
    }
  }

  private func refuses(
    _ certificate: Certificate, isTrusted: Bool = true, saying word: String = ""
  ) async throws {
    try await FaultStory.fails(exit: .refused, reason: "tls", retries: 0, says: word) { story in
      try await SecureFront.using(certificate.context, before: story.portal.port) { port in
        story.portal.resetRequests()
        let summary = try await story.harvest(from: "https://localhost:\(port)/data") {
          if isTrusted { $0.authorities = certificate.authorities }
        }
        #expect(story.portal.requests.isEmpty)
        return summary
      }
    }
  }
}
