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

      #expect(ended.errorLines.count == 3)
      #expect(ended.errorLines[0].contains("Z info run 1 full started portal_count=304 why=first"))
      #expect(ended.errorLines[1].contains("Z warning A record was put in quarantine"))
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

    @Test("is one JSON object a line where asked")
    func json() async throws {
      let ended = try await harvest(
        #""$donl_mirror" harvest --portal "$portal""#, ["DONL_MIRROR_LOG_FORMAT": "json"])

      #expect(ended.errorLines.count == 3)
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
