import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, D1 and D6: what this process knows and nobody else may.
@Suite("Secrets in the field")
struct FieldSecretTests {
  /// With everything that an encoding may change.
  private static let token = #"Xy7/+pQ==wT<&>'k_9-zR~w2%41"#
  private static let password = "p%ss/w0rd+of the proxy"

  /// How servers have been seen to repeat a header.
  private static let spellings: [(name: String, spell: @Sendable (String) -> String)] = [
    ("as it is", { $0 }),
    ("in other case", { $0.uppercased() }),
    ("percent, all of it", { $0.utf8.map { percent($0) }.joined() }),
    (
      "percent, what must be",
      { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
    ),
    ("percent, twice", { $0.utf8.map { "%25" + percent($0).dropFirst() }.joined() }),
    ("JSON", { json($0) }),
    ("JSON, all of it", { $0.utf16.map { "\\u" + hex(Int($0), 4) }.joined() }),
    ("JSON in JSON", { json(json($0)) }),
    ("HTML by names", { html($0) }),
    ("HTML by numbers", { $0.unicodeScalars.map { "&#\($0.value);" }.joined() }),
    ("HTML by hex", { $0.unicodeScalars.map { "&#x\(hex(Int($0.value), 2));" }.joined() }),
    ("JSON in HTML", { html(json($0)) }),
    ("C", { $0.utf8.map { "\\x" + hex(Int($0), 2) }.joined() }),
    ("octal", { $0.utf8.map { "\\" + octal($0) }.joined() }),
    ("base64", { Data($0.utf8).base64EncodedString() }),
    ("base64 behind a user", { Data("someone:\($0)".utf8).base64EncodedString() }),
    ("base64 for URLs", { urlBase64("ab\($0)") }),
    ("hex", { $0.utf8.map { hex(Int($0), 2) }.joined() }),
    ("wrapped", { $0.map { "\($0)\r\n " }.joined() }),
    ("UTF-16", { $0.map { "\($0)\0" }.joined() }),
    ("the beginning", { String($0.prefix(16)) + "…" }),
    ("the end", { "…" + String($0.suffix(16)) }),
  ]

  @Test("D1 no spelling of a secret is left in a text", arguments: spellings.indices)
  func spelling(index: Int) {
    let (name, spell) = Self.spellings[index]
    let secrets = Secrets([Secret(Self.token), Secret(Self.password)])
    for secret in [Self.token, Self.password] {
      let spelled = spell(secret)
      for (before, after) in [
        ("", ""), ("Authorization: ", "\r\nHost: x"), ("<p>a=", "&amp;b</p>"),
      ] {
        let redacted = secrets.redacted(before + spelled + after)
        #expect(redacted.contains("***"), "\(name): \(redacted)")
        // Of base64, what it shares with its neighbours is left: a character or two.
        let kept = redacted.replacing("***", with: "").utf8.count - (before + after).utf8.count
        let limit = name.hasPrefix("base64") ? 18 : name.hasPrefix("the ") ? 3 : 4
        #expect(kept <= limit, "\(name): \(redacted)")
        #expect(redacted.hasPrefix(before.prefix(6)), "\(name): \(redacted)")
        #expect(redacted.hasSuffix(after.suffix(4)), "\(name): \(redacted)")
      }
    }
  }

  @Test("D1 what a header makes of a secret is one too")
  func credentials() {
    let basic = Data("user:p4ss".utf8).base64EncodedString()
    for (secret, text) in [
      ("Bearer abc12345", "invalid key abc12345"), ("Basic \(basic)", "no user user:p4ss"),
      ("Basic \(basic)", "the password p4ss"), ("token abcd", "abcd"),
    ] {
      let redacted = Secrets([Secret(secret)]).redacted(text)
      #expect(redacted.hasSuffix("***"), "\(redacted)")
    }
    let proxy = ProxyRules.Proxy("http://APIKEY99@proxy.example:3128")
    let header = Data("APIKEY99:".utf8).base64EncodedString()
    let redacted = Secrets(proxy?.secrets ?? []).redacted("Basic \(header) of APIKEY99")
    #expect(!redacted.contains("APIKEY99") && !redacted.contains(header.prefix(9)), "\(redacted)")
  }

  @Test("D1 what is no secret stays, and an empty or short one redacts nothing")
  func innocent() {
    let text =
      "The portal answered with HTTP 400; it began: <html>data.overheid.nl &amp; %20</html>"
    #expect(Secrets([Secret(Self.token)]).redacted(text) == text)
    #expect(Secrets([Secret(""), Secret("The")]).redacted(text) == text)
    #expect(Secrets.none.redacted(text) == text)
  }

  /// Where a portal may repeat a header, and what it then answers.
  private static let places: [(name: String, isPlace: @Sendable (SamplePortal.Request) -> Bool)] = [
    ("the opening", { $0["rows"] == "0" || $0["sort"]?.hasPrefix("metadata_modified") == true }),
    ("a page", \.isPage),
    ("the census", \.isCensus),
    ("package_show", { $0.action == "package_show" }),
    ("organizations", { $0.action == "organization_list" }),
    ("the status", { $0.action == "status_show" }),
  ]
  private static let answers: [(status: Int, type: String)] = [
    (400, "text/html"), (403, "application/json"), (404, "text/html"), (409, "application/json"),
    (500, "text/html"), (503, "text/plain"), (200, "text/html"), (200, "application/json"),
  ]

  @Test(
    "D1 a portal that repeats the token, anywhere and in any spelling: it stays here",
    arguments: places.indices, [0, 2, 8])
  func portal(place: Int, spelling: Int) async throws {
    let spelled = Self.spellings[spelling].spell(Self.token)
    let isPlace = Self.places[place].isPlace
    // In another spelling, one answer of each kind.
    for (status, type) in spelling == 0 ? Self.answers : [Self.answers[0], Self.answers[7]] {
      try await story(Entry.row(4)) { mirror, portal in
        try await mirror.tended(portal) { try? $0.takeToken(Self.token, of: mirror) }
        portal.update { $0.delete(Entry.id(1)) }
        // The end of the excerpt lies in the middle of the token.
        for padding in [0, Excerpt.bytesMax - 20] {
          let space = String(repeating: "x", count: padding)
          let text =
            type == "application/json"
            ? #"{"success": false, "error": {"__type": "\#(space)", "message": "\#(spelled)"}}"#
            : "<html>\(space)\(spelled)</html>"
          portal.intercept { request, _ in
            isPlace(request)
              ? .respond(status: status, headers: [("Content-Type", type)], body: text) : nil
          }
          _ = try? await mirror.tended(portal) {
            try? $0.takeToken(Self.token, of: mirror)
            $0.isFull = true
            $0.settings.portal.retries = 1
          }
        }
        try Self.expectNothing(of: [Self.token, spelled], in: mirror)
      }
    }
  }

  @Test("D1 a redirect that holds the token, a status that is it, value lists that repeat it")
  func elsewhere() async throws {
    try await story(Entry.row(4)) { mirror, portal in
      portal.intercept { request, _ in
        guard request.action == "status_show" else { return nil }
        return .rewrite {
          $0.text = $0.text.replacing(
            /"site_title": "[^"]*"/, with: #""site_title": "\#(Self.json(Self.token))""#)
        }
      }
      let lists = Answers.answer("403 Forbidden", Array("Not for \(Self.token)".utf8))
      _ = try await ScriptedServer.using([lists]) { publisher in
        try await mirror.tended(portal) {
          try? $0.takeToken(Self.token, of: mirror)
          $0.settings.lists.url = publisher.url
        }
      }
      #expect(try mirror.meta("portal_title")?.contains("***") == true)
      for location in [
        "http://elsewhere.example/?a=\(Self.spellings[2].spell(Self.token))",
        "\(portal.url)/api/3/action/x?a=\(Self.spellings[2].spell(Self.token))",
      ] {
        portal.intercept { request, _ in
          .respond(status: 302, headers: [("Location", location)], body: "")
        }
        let run = try await mirror.tended(portal) { try? $0.takeToken(Self.token, of: mirror) }
        #expect(run.exitStatus == .refused)
      }
      #expect(mirror.log.lines.contains { $0.message.contains("Following a redirect") })
      try Self.expectNothing(of: [Self.token, Self.spellings[2].spell(Self.token)], in: mirror)
    }
  }

  @Test("D1 a proxy that repeats its password")
  func proxy() async throws {
    let user = "some%one"
    let basic = Data("\(user):\(Self.password)".utf8).base64EncodedString()
    let echo = Answers.answer("403 Forbidden", Array("\(Self.password) Basic \(basic)".utf8))
    // What stands behind the tunnel is told by the proxy, or is the proxy itself.
    let tunnel: ScriptedServer.Script = [.text("HTTP/1.1 200 Connected\r\n\r\n")]
    try await ScriptedServer.using([tunnel, echo]) { server in
      let mirror = try Mirror()
      let password = Self.spellings[2].spell(Self.password)
      let job = mirror.job("http://portal.invalid") {
        $0.settings.portal.proxy = "http://some%25one:\(password)@127.0.0.1:\(server.port)"
        $0.settings.portal.retries = 1
      }
      let summary = try await TendedRun(job).run()

      #expect(summary.exitStatus == .refused)
      #expect(summary.message?.contains("it began: ***") == true, "\(summary.message ?? "")")
      #expect(server.requests.first?.contains(basic) == true)
      try Self.expectNothing(of: [Self.password, basic, password], in: mirror)
    }
  }

  // MARK: - D6

  @Test("D6 the token goes to the portal's scheme, host and port, and to no other")
  func targets() async throws {
    try await ScriptedServer.using([Answers.ok()]) { other in
      try await ScriptedServer.using(
        [Answers.redirect(to: "\(other.url)/x"), Answers.redirect(to: "/y"), Answers.ok()]
      ) { server in
        let settings = try PortalSettings.to(server.url) {
          $0.token = Secret(Self.token)
          $0.allowRedirectHosts = ["127.0.0.1"]
        }
        try await Transport.using(settings, logger: silent) { transport in
          for _ in 1...2 {
            _ = try await transport.get(PortalRequest(url: server.url, timeout: .seconds(60)))
          }
        }
        // The same host at another port is another server.
        #expect(other.requests.count == 1)
        #expect(other.requests.first?.contains("uthorization") == false)
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.contains("Authorization: \(Self.token)\r\n") })
      }
    }
  }

  @Test("D6 E7 the token travels in the header that the gateway wants")
  func header() async throws {
    try await story(Entry.row(4)) { mirror, portal in
      portal.intercept { request, _ in
        request.header("X-Api-Key") == Self.token && request.header("Authorization") == nil
          ? nil : .respond(status: 403, headers: [], body: "No key")
      }
      let summary = try await mirror.harvest(portal) {
        try? $0.takeToken(Self.token, of: mirror)
        $0.settings.portal.tokenHeader = "X-Api-Key"
      }
      #expect(summary.exitStatus == .done)
    }
  }

  /// Neither the log nor what a run leaves behind tells.
  private static func expectNothing(
    of texts: [String], in mirror: Mirror, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var heaps = mirror.log.lines.map { Data("\($0)".utf8) }
    for folder in [mirror.folder, mirror.publicFolder] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      where name != "token" {
        heaps.append(FileManager.default.contents(atPath: folder.path + "/" + name) ?? Data())
      }
    }
    for text in texts.flatMap({ [$0, Excerpt.escape($0)] }) {
      // Whatever is longer than a part of it.
      for part in [text.prefix(16), text.suffix(16), text.dropFirst(text.count / 3).prefix(16)] {
        let bytes = Data(part.utf8)
        #expect(
          !heaps.contains { $0.range(of: bytes) != nil }, "\(part)", sourceLocation: sourceLocation)
      }
    }
  }

  private static func percent(_ byte: UInt8) -> String { "%" + hex(Int(byte), 2).uppercased() }
  private static func hex(_ value: Int, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
  private static func octal(_ byte: UInt8) -> String {
    let text = String(byte, radix: 8)
    return String(repeating: "0", count: 3 - text.count) + text
  }
  private static func json(_ text: String) -> String {
    let quoted = (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return String(quoted.dropFirst().dropLast())
  }
  private static func html(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("'", with: "&#39;").replacing("\"", with: "&quot;")
  }
  private static func urlBase64(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}

extension HarvestJob {
  /// Puts the token into a file beside the mirror.
  fileprivate mutating func takeToken(_ token: String, of mirror: Mirror) throws {
    let file = mirror.folder.appending(path: "token").path
    try Data((token + "\n").utf8).write(to: URL(filePath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    settings.portal.tokenFile = file
  }
}
