import Foundation
import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("The log")
  struct Log {
    private func harvest(_ script: String, _ environment: [String: String] = [:]) async throws
      -> Ended
    {
      let bench = try Workbench()
      return try await SamplePortal.run(try .withUnreadable()) { portal in
        try await bench.shell(
          script, environment: environment.merging(["portal": portal.url]) { $1 })
      }
    }

    @Test("begins each line with its time and level")
    func text() async throws {
      let ended = try await harvest(#""$donl_mirror" harvest --portal "$portal""#)

      #expect(ended.errorLines.count == 4)
      #expect(ended.errorLines[0].contains("Z info run 1 full started portal_count=304 why=first"))
      #expect(ended.errorLines[1].contains("Z warning A record was put in quarantine"))
      #expect(ended.errorLines[3].contains("Z notice run 1 full complete datasets=303 created=303"))
    }

    @Test("honors its level", arguments: ["error", "critical"])
    func level(_ level: String) async throws {
      let ended = try await harvest(
        #""$donl_mirror" harvest --portal "$portal""#, ["DONL_MIRROR_LOG_LEVEL": level])

      #expect(ended.code == 3)
      #expect(ended.errors.isEmpty)
      #expect(ended.outputLines.count == 1)
    }

    @Test("has the journal's priorities when stderr is the journal, and only then")
    func journal() async throws {
      let script = #"""
        : >journal
        JOURNAL_STREAM=$(stat -c %d:%i journal) "$donl_mirror" harvest --portal "$portal" 2>journal
        cat journal >&2
        """#
      let ended = try await harvest(script)

      #expect(ended.errorLines.first?.hasPrefix("<6>run 1 full started") == true)
      #expect(ended.errorLines.contains { $0.hasPrefix("<4>A record was put in quarantine") })

      let elsewhere = try await harvest(
        #"JOURNAL_STREAM=1:1 "$donl_mirror" harvest --portal "$portal""#)

      #expect(!elsewhere.errors.contains("<6>"))
    }

    @Test("sums up once where stdout and stderr are the same journal")
    func oneSummary() async throws {
      let script = #"""
        : >journal
        export JOURNAL_STREAM=$(stat -c %d:%i journal)
        "$donl_mirror" harvest --portal "$portal" >journal 2>&1
        cat journal >&2
        """#
      let ended = try await harvest(script)

      let summaries = ended.errorLines.filter { $0.contains("run 1 full complete") }
      #expect(summaries.count == 1)
      #expect(summaries.first?.hasPrefix("<5>run 1 full complete datasets=303 ") == true)
      #expect(ended.errorLines.allSatisfy { $0.wholeMatch(of: /<[3-7]>.*/) != nil })
    }

    @Test(
      "has the last words of every command, in the journal, at its priority and on one line",
      arguments: [
        ["harvest", "--config", "nowhere.yaml"], ["status", "--db", "nowhere.db"],
        ["harvest", "--nonsense"], ["daemon", "--db", "nowhere/a.db", "--config", "nowhere.yaml"],
      ])
    func lastWords(command: [String]) async throws {
      let script = #"""
        : >journal
        JOURNAL_STREAM=$(stat -c %d:%i journal) "$donl_mirror" $command 2>journal
        cat journal >&2
        """#
      let ended = try await Workbench().shell(
        script, environment: ["command": command.joined(separator: " ")])

      #expect(ended.errorLines.count == 1)
      #expect(ended.errors.wholeMatch(of: /<3>.* reason=[a-z_]+\n/) != nil, "\(ended.errors)")
    }

    @Test(
      "gives an event one line, whatever the portal or a path has in it",
      arguments: ["text", "journal", "json"])
    func forgery(format: String) async throws {
      let environment = ["DONL_MIRROR_LOG_FORMAT": format]
      let bench = try Workbench()
      let missing = try await bench.run(
        "harvest", "--sample", "--db", "a\n<3>b\u{2028}c\u{85}d\u{1B}[1m/x.db",
        environment: environment)
      let refused = try await SamplePortal.run(.sample(day: 1)) { portal in
        let message = #"a\n<3>b\u2028c\u0085d\u001b[1m"#
        let body = #"{"success": false, "error": {"__type": "X", "message": "\#(message)"}}"#
        portal.intercept { _, _ in
          .respond(status: 403, headers: [("Content-Type", "application/json")], body: body)
        }
        return try await bench.run("harvest", "--portal", portal.url, environment: environment)
      }

      #expect([missing.code, refused.code] == [73, 69])
      for (ended, lines) in [(missing, 1), (refused, 2)] {
        #expect(ended.errorLines.count == lines, "\(ended.errors)")
        #expect(ended.errors.contains("<3>b"))
        let ends: Set<Unicode.Scalar> = ["\u{1B}", "\u{85}", "\u{2028}"]
        #expect(format == "json" || !ended.errors.unicodeScalars.contains(where: ends.contains))
      }
    }

    @Test("keeps secrets to itself, at every level")
    func secrets() async throws {
      let bench = try Workbench()
      try bench.write("hush-token\n", to: "token")
      try bench.write(
        "portal: {token-file: token}\nping: {url: 'https://ping.example/hush-ping'}\n",
        to: "config.yaml")
      try await SamplePortal.run(.sample(day: 1)) { portal in
        for status in [200, 403, 503] {
          if status != 200 {
            portal.fail(.init(.answers(status: status, headers: nil, body: nil)))
          }
          let ended = try await bench.run(
            "harvest", "--portal", portal.url, "--config", "config.yaml",
            environment: [
              "DONL_MIRROR_LOG_LEVEL": "trace", "DONL_MIRROR_PORTAL_RETRIES": "1",
              "no_proxy": "127.0.0.1", "https_proxy": "http://me:hush-proxy@127.0.0.1:9",
            ])

          #expect(!(ended.errors + ended.output).contains("hush"))
        }
        #expect(portal.requests.contains { $0.headers.contains { $0.value == "hush-token" } })
      }
    }

    @Test("gives every warning and error in our sources a reason")
    func reasons() throws {
      let sources = URL(filePath: ConfigFileTests.projectRoot).appending(path: "Sources")
      let paths = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
      var calls = 0
      for path in paths ?? [] where path.hasSuffix(".swift") {
        let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
        for start in text.ranges(of: /logger\s*\.(warning|error|critical|log)\(/) {
          var depth = 1
          let call = text[start.upperBound...].prefix { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return depth > 0
          }
          calls += 1
          #expect(call.contains("\"reason\":"), "\(path): \(call)")
        }
      }
      #expect(calls > 10)
    }

    @Test("is one JSON object a line where asked")
    func json() async throws {
      let ended = try await harvest(
        #""$donl_mirror" harvest --portal "$portal""#, ["DONL_MIRROR_LOG_FORMAT": "json"])

      #expect(ended.errorLines.count == 4)
      for line in ended.errorLines {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["level"] != nil)
        #expect(object?["message"]?.isEmpty == false)
        #expect(object?["time"]?.hasSuffix("Z") == true)
      }
    }

    @Test(
      "makes way for a progress bar on a terminal",
      .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"),
        "a terminal is made by script(1)"))
    func bar() async throws {
      let script = #"script -qec '"$donl_mirror" harvest --rows 100 --portal "$portal"' /dev/null"#
      let terminal = try await harvest(script, ["TERM": "xterm"])

      #expect(terminal.code == 3)
      #expect(terminal.output.contains("\r\u{1B}[Kfull [####"))
      #expect(terminal.output.contains(" of 304, "))
      let end = try #require(terminal.output.range(of: "\r\u{1B}[Kfull [", options: .backwards))
      // The bar is gone when the summary comes.
      #expect(terminal.output[end.upperBound...].contains("\r\u{1B}[K"))
      #expect(terminal.output.hasSuffix("requests=12 retries=0\r\n"))

      let dumb = try await harvest(script, ["TERM": "dumb"])

      #expect(!dumb.output.contains("\u{1B}"))
    }
  }
}
