import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

extension FieldCommandTests {
  /// `Scripts/fault-table`, D6, D7, E2, E7, E8 and E10: what people configure, and what they are told.
  @Suite("Settings in the field")
  struct FieldSettings {
    // MARK: - D6

    @Test("D6 a token file that holds no token: 78, in every command that would send it")
    func emptyToken() async throws {
      let bench = try await Workbench.withMirror()
      try bench.write("", to: "empty")
      try bench.write(" \n\t\n", to: "blank")
      try await bench.shell("mkdir folder").expect(0)
      for file in ["empty", "blank", "folder", "/dev/null"] {
        try bench.write("portal: {token-file: \(file)}\n", to: "config.yaml")
        for command in [
          ["config", "check"], ["harvest", "--portal", "http://127.0.0.1:9", "--db", "new.db"],
          ["check", "--portal", "--db", "mirror.db"],
        ] {
          let ended = try await bench.start(
            command + ["--config", "config.yaml"],
            environment: ["DONL_MIRROR_PORTAL_URL": "http://127.0.0.1:9"]
          ).ended
          #expect(ended.code == 78, "\(file), \(command): \(ended.errors)")
          #expect(ended.errors.contains("portal.token-file"), "\(ended.errors)")
        }
      }
      #expect(!bench.files.contains("new.db"))
    }

    @Test("D6 a token file that every user can read: a warning")
    func readableToken() async throws {
      let bench = try Workbench()
      try bench.write("hush-token\n", to: "token")
      try bench.write("portal: {token-file: token}\n", to: "config.yaml")
      for (mode, warns) in [("644", true), ("604", true), ("640", false), ("600", false)] {
        try await bench.shell("chmod \(mode) token").expect(0)
        let check = try await bench.run("config", "check", "--config", "config.yaml")
        #expect(check.code == 0)
        #expect(check.errors.contains("can read portal.token-file") == warns, "\(check.errors)")
        let run = try await bench.run("harvest", "--sample", "--config", "config.yaml")
        #expect(run.code == 0)
        #expect(run.errors.contains("can read portal.token-file") == warns, "\(run.errors)")
      }
    }

    // MARK: - D7

    /// C1 controls, DEL, marks of direction, line ends of Unicode, tags, and what only formats.
    private static let unsafe =
      "\u{7F}\u{80}\u{9B}31m\u{9F}\u{61C}\u{200B}\u{200E}\u{200F}\u{2028}"
      + "\u{2029}\u{202A}\u{202E}\u{2060}\u{2066}\u{2069}\u{FEFF}\u{AD}\u{E0001}\u{85}"

    @Test("D7 no character that a terminal obeys leaves raw, in JSON or in text")
    func controls() async throws {
      let bench = try Workbench()
      let title = "Kaart" + Self.unsafe + "einde"
      let encoded = String(decoding: try JSONEncoder().encode(title), as: UTF8.self)
      var catalogue = try Catalogue([Entry("0001", title: "T"), Entry("0002")])
      let bad = #"{"id": "0003", "name": \#(encoded), "title": 1e}"#
      try catalogue.put(bad)
      try catalogue.put(
        Entry("0001", title: "T").json.replacing(#""title": "T""#, with: #""title": \#(encoded)"#))
      try await SamplePortal.run(catalogue) { portal in
        let run = try await bench.run(
          "harvest", "--portal", portal.url, "--db", "mirror.db",
          environment: ["DONL_MIRROR_LOG_FORMAT": "json"])
        #expect(run.code == 3)
        portal.intercept { _, _ in
          .respond(status: 400, headers: [], body: "<p>\(title)</p>")
        }
        for format in ["json", "text"] {
          let refused = try await bench.run(
            "harvest", "--portal", portal.url, "--db", "mirror.db", "--full", "--json",
            environment: ["DONL_MIRROR_LOG_FORMAT": format, "DONL_MIRROR_PORTAL_RETRIES": "0"])
          Self.expectSafe(refused)
        }
      }
      for command in [
        ["show", "0001"], ["search", "kaart"], ["status"], ["check"], ["config", "show"],
        ["health"],
        ["lists", "show"],
      ] {
        for json in [["--json"], []] {
          let ended = try await bench.start(
            command + json + ["--db", "mirror.db"],
            environment: ["DONL_MIRROR_METRICS_TEXTFILE": bench.path("m\u{9B}\u{202E}.prom")]
          ).ended
          Self.expectSafe(ended)
          guard !json.isEmpty, command[0] == "show" else { continue }
          let object = try JSONSerialization.jsonObject(with: Data(ended.output.utf8))
          #expect("\(object)".unicodeScalars.contains("\u{202E}"))
          #expect(ended.output.contains(#"\u009b31m"#), "\(ended.output)")
          #expect(ended.output.contains(#"\udb40\udc01"#), "\(ended.output)")
        }
      }
    }

    private static func expectSafe(_ ended: Ended) {
      let raw = Set(unsafe.unicodeScalars.filter { !$0.isASCII || $0.value == 0x7F })
      let found = (ended.output + ended.errors).unicodeScalars.filter(raw.contains)
      #expect(found.isEmpty, "\(found.map { String($0.value, radix: 16) }): \(ended.output)")
    }

    // MARK: - E2

    private static let fine = [
      ScriptedServer.Step.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
    ]

    @Test(
      "E2 certificates that are none: 78, whichever command would use them",
      arguments: ["nowhere.pem", "letter.pem", "blank.pem", "folder"])
    func certificates(file: String) async throws {
      let bench = try Workbench()
      try bench.write("Dear reader\n", to: "letter.pem")
      try bench.write("", to: "blank.pem")
      try await bench.shell("mkdir folder").expect(0)
      try await SamplePortal.run(.sample(day: 1)) { portal in
        try await bench.run("harvest", "--portal", portal.url, "--db", "mirror.db").expect(0)
        let environment = ["SSL_CERT_FILE": bench.path(file), "DONL_MIRROR_PORTAL_URL": portal.url]
        for command in [
          ["config", "check"], ["harvest", "--db", "new.db"], ["harvest", "--db", "mirror.db"],
          ["harvest", "--dry-run", "--db", "mirror.db"], ["daemon", "--db", "mirror.db"],
          ["check", "--portal", "--db", "mirror.db"],
          ["lists", "refresh", "--portal", portal.url, "--db", "mirror.db"],
        ] {
          let ended = try await bench.start(command, environment: environment).ended
          #expect(ended.code == 78, "\(command): \(ended.code ?? -1) \(ended.errors)")
          #expect(ended.errors.contains("SSL_CERT_FILE"), "\(command): \(ended.errors)")
        }
      }
    }

    /// What ends a run before it asks the portal, by its configuration and exit code.
    private static let mistakes: [(what: String, yaml: String, code: Int32)] = [
      ("a value", "portal: {rows: many}\n", 78),
      ("an unknown key", "portal: {row: 1}\n", 78),
      ("a key without a section", "rows: 1\n", 78),
      ("a missing token", "portal: {token-file: nowhere}\n", 78),
      ("an empty token", "portal: {token-file: empty}\n", 78),
      ("two names of one file", "metrics: {textfile: mirror.db}\n", 78),
      ("a proxy", "portal: {proxy: 'https://'}\n", 78),
      ("another portal", "portal: {url: 'http://127.0.0.1:9'}\n", 78),
      ("another program's file", "database: {path: letter.db}\n", 65),
      ("a folder that is not there", "database: {path: nowhere/mirror.db}\n", 73),
    ]

    @Test("E2 a run that ends before it begins is pinged as failed", arguments: mistakes)
    func pings(what: String, yaml: String, code: Int32) async throws {
      let bench = try await Workbench.withMirror()
      try bench.write("", to: "empty")
      try bench.write("Dear reader, this is no database.\n", to: "letter.db")
      try await ScriptedServer.using([Self.fine]) { watcher in
        let database = yaml.contains("database:") ? "" : "database: {path: mirror.db}\n"
        try bench.write(
          yaml + database + "ping: {url: '\(watcher.url)/0a1b2c3d-hush'}\n", to: "config.yaml")
        // Whatever gets past the mistake asks nobody.
        let nowhere = [
          "DONL_MIRROR_PORTAL_URL": "http://127.0.0.1:9", "DONL_MIRROR_PORTAL_RETRIES": "0",
        ]
        var failures = 0
        // The daemon tells a missing folder, and another portal, when its first run is due.
        let isSeenAtOnce = code != 73 && !yaml.contains("url:")
        for command in isSeenAtOnce ? [["harvest"], ["daemon"]] : [["harvest"]] {
          let ended = try await bench.start(
            command + ["--config", "config.yaml"], environment: nowhere
          ).ended
          #expect(ended.code == code, "\(command): \(ended.code ?? -1) \(ended.errors)")
          failures += 1
          #expect(
            watcher.requests.filter { $0.hasPrefix("GET /0a1b2c3d-hush/fail ") }.count == failures,
            "\(command): \(watcher.requests)")
          #expect(!(ended.errors + ended.output).contains("hush"))
        }
        // A trial elsewhere, and a rehearsal, are nobody's to watch.
        let before = watcher.requests.count
        for more in [["--db", "other.db"], ["--dry-run"]] where code == 78 && database != "" {
          _ = try await bench.start(
            ["harvest", "--config", "config.yaml"] + more, environment: nowhere
          ).ended
        }
        #expect(watcher.requests.count == before, "\(watcher.requests)")
      }
    }

    @Test("E2 certificates and a proxy that cannot be used do not keep the ping from leaving")
    func pingPastMistakes() async throws {
      let bench = try Workbench()
      try await ScriptedServer.using([Self.fine]) { watcher in
        for environment in [
          ["SSL_CERT_FILE": "nowhere.pem"], ["HTTPS_PROXY": "ftp://x"],
        ] {
          let before = watcher.requests.count
          let ended = try await bench.start(
            ["harvest", "--db", "mirror.db"],
            environment: environment.merging(["DONL_MIRROR_PING_URL": watcher.url + "/p"]) { $1 }
          ).ended
          #expect(ended.code == 78)
          #expect(watcher.requests.dropFirst(before).map { $0.hasPrefix("GET /p/fail ") } == [true])
        }
      }
    }

    // MARK: - E7

    @Test("E7 an API that is not below /api/3/action is asked where the setting says")
    func gateway() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let address = portal.url.replacing("/data", with: "/gateway/catalogue/v1/action")
        for spelling in [address, address + "/"] {
          let ended = try await bench.run("harvest", "--portal", spelling, "--db", "mirror.db")
          #expect(ended.code == 0, "\(ended.errors)")
        }
        #expect(
          portal.requests.allSatisfy {
            $0.path == "/gateway/catalogue/v1/action/\($0.action ?? "")"
          })
        #expect(try bench.rows("SELECT count(*) FROM datasets") == ["303"])
        #expect(try bench.rows("SELECT value FROM meta WHERE key = 'source'") == ["\"\(address)\""])
        let check = try await bench.run("check", "--portal", "--db", "mirror.db")
        #expect(check.code == 0, "\(check.output)\(check.errors)")
      }
    }

    @Test(
      "E7 the header of the token is one that can carry it: else 78",
      arguments: [
        ("X-Api-Key", 0), ("api_key", 0), ("", 78), ("Host", 78), ("a b", 78), ("a:", 78),
      ])
    func headerName(name: String, code: Int32) async throws {
      let bench = try Workbench()
      try bench.write("portal: {token-header: '\(name)'}\n", to: "config.yaml")
      let ended = try await bench.run("config", "check", "--config", "config.yaml")
      #expect(ended.code == code, "\(ended.errors)")
    }

    // MARK: - E8

    @Test(
      "E8 an internationalized host is asked by its name in DNS, however it is written",
      arguments: [
        "bücher.example", "BÜCHER.example", "b%C3%BCcher.example", "xn--bcher-kva.example",
        "XN--BCHER-KVA.example", "bu\u{308}cher.example",
      ])
    func host(name: String) async throws {
      #expect(
        try PortalAddress("https://\(name)/data").site == "https://xn--bcher-kva.example/data")
      let bench = try Workbench()
      let refuses = Answers.answer("403 Forbidden")
      try await ScriptedServer.using([refuses]) { proxy in
        // A proxy is told the name as DNS is.
        let ended = try await bench.run(
          "harvest", "--portal", "http://\(name)/data", "--db", "mirror.db",
          environment: [
            "HTTP_PROXY": "http://127.0.0.1:\(proxy.port)", "DONL_MIRROR_PORTAL_RETRIES": "0",
          ])
        #expect(ended.code == 69 || ended.code == 75, "\(ended.errors)")
        #expect(
          proxy.requests.allSatisfy { $0.hasPrefix("CONNECT xn--bcher-kva.example:80 ") },
          "\(proxy.requests)")
        #expect(!proxy.requests.isEmpty)
      }
    }

    @Test("E8 the same for redirects, exceptions of the proxy, and settings with hosts")
    func hostsElsewhere() throws {
      let policy = RedirectPolicy(allowedHosts: ["xn--bcher-kva.example"])
      for name in ["bücher.example", "b%C3%BCcher.example", "xn--bcher-kva.example"] {
        let next = try policy.next("http://\(name)/x", after: ["http://a.example/"])
        #expect(Target.withASCIIHost(next) == "http://xn--bcher-kva.example/x")
        let rules = try ProxyRules(environment: ["HTTP_PROXY": "http://p:1", "NO_PROXY": name])
        if !name.contains("%") {
          let isDirect =
            rules.proxy(scheme: "http", host: "xn--bcher-kva.example", port: 80) == nil
          #expect(isDirect, "\(name)")
        }
        #expect(ProxyRules.Proxy("http://\(name):3128")?.host == "xn--bcher-kva.example")
      }
      let loaded = try Settings.load(
        file: nil, environment: [:],
        overrides: ["portal.allow-redirect-hosts": "Bücher.example, a.example:8443"],
        systemFile: "/nowhere")
      #expect(
        loaded.settings.portal.allowRedirectHosts == ["xn--bcher-kva.example", "a.example:8443"])
      #expect(throws: SettingsError.self) {
        try Settings.load(
          file: nil, environment: [:],
          overrides: ["portal.allow-redirect-hosts": "a.example/x"], systemFile: "/nowhere")
      }
    }

    // MARK: - E10

    @Test("E10 one of a thing is called by its singular")
    func plurals() async throws {
      let bench = try Workbench()
      var catalogue = try Catalogue([Entry("0001")])
      try catalogue.put(#"{"id": "0002", "name": "unreadable", "cost": 1e}"#)
      try await SamplePortal.run(catalogue) { portal in
        var said: [Ended] = []
        for _ in 1...2 {
          said.append(
            try await bench.run("harvest", "--portal", portal.url, "--db", "mirror.db", "--full"))
        }
        portal.update { $0.delete("0001") }
        said.append(
          try await bench.run(
            "harvest", "--portal", portal.url, "--db", "mirror.db", "--full",
            environment: [
              "DONL_MIRROR_DELETIONS_LIMIT_COUNT": "0", "DONL_MIRROR_DELETIONS_LIMIT_PERCENT": "0",
            ]))
        for command in [["status"], ["health"], ["check"]] {
          said.append(try await bench.start(command + ["--db", "mirror.db"]).ended)
        }
        for text in said.flatMap({ [$0.output, $0.errors] }) {
          let plurals = text.matches(
            of:
              /(?:^|[^=0-9.])1 (records|datasets|deletions|pages|requests|bytes|seconds|times|lists|changes)\b/
          )
          #expect(plurals.isEmpty, "\(text)")
        }
        #expect(said.contains { $0.errors.contains("1 record is in quarantine") })
      }
    }
  }
}
