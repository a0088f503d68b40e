import Foundation
import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("Output")
  struct Output {
    @Test("of the sample is one line, and everything is in ./sample.db")
    func sample() async throws {
      let bench = try Workbench()
      let first = try await bench.run("harvest", "--sample")

      #expect(first.code == 0)
      #expect(first.outputLines.count == 1)
      #expect(first.output.hasPrefix("run 1 full complete datasets=303 created=303 updated=0 "))
      #expect(first.output.hasSuffix("\n"))
      #expect(!first.errors.contains("\u{1B}"))
      #expect(bench.files.contains("sample.db"))

      let quiet = try await bench.run("harvest", "--sample", "--json")

      #expect(quiet.code == 0)
      #expect(quiet.outputLines.count == 1)
      let summary = try quiet.json()
      #expect(summary["message_type"] as? String == "summary")
      #expect(summary["created"] as? Int == 0)
      #expect(summary["requests"] as? Int == 3)
      let columns = try bench.rows("SELECT name FROM pragma_table_info('runs')", of: "sample.db")
      let ours: Set = ["message_type", "schema", "dry_run", "datasets", "pages"]
      #expect(Set(summary.keys).subtracting(ours).isSubset(of: columns.map { $0.trimmingQuotes }))
    }

    @Test("of a rehearsal says what would change, and no byte is written")
    func rehearsal() async throws {
      let bench = try Workbench()
      let empty = try await bench.run("harvest", "--sample", "--dry-run", "--json")

      #expect(empty.code == 0)
      #expect(try empty.json()["created"] as? Int == 303)
      #expect(try empty.json()["dry_run"] as? Bool == true)
      #expect(bench.files.isEmpty)

      _ = try await bench.run("harvest", "--sample")
      let before = bench.bytes("sample.db")
      let files = bench.files
      let ended = try await bench.run("harvest", "--sample", "--sample-day", "2", "--dry-run")

      #expect(ended.output.hasPrefix("would be: run 2 incremental complete"))
      #expect(!ended.output.contains(" updated=0 "))
      #expect(bench.bytes("sample.db") == before)
      #expect(bench.bytes("sample.db-wal") ?? Data() == Data())
      #expect(bench.files == files)
    }

    @Test("of status is for a person, or JSON")
    func status() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(try .withUnreadable()) { portal in
        let ended = try await bench.run("harvest", "--portal", portal.url)
        #expect(ended.code == 3)
      }
      let status = try await bench.run("status")

      #expect(status.code == 0)
      #expect(status.errors.isEmpty)
      #expect(status.output.contains("datasets        303 live, 0 deleted"))
      #expect(status.output.contains("full complete  303 created, 1 rejected"))
      #expect(status.output.contains("00000000-dead-4000-8000-000000000000  bad_json: "))

      let json = try await bench.run("status", "--json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(object["datasets"] as? Int == 303)
      #expect((object["runs"] as? [[String: Any]])?.first?["exit_code"] as? Int == 3)
    }

    @Test("of every command's help has an example, whole on its line")
    func help() async throws {
      let bench = try Workbench()
      let commands = [
        [], ["harvest"], ["status"], ["show"], ["search"], ["config"], ["config", "check"],
        ["config", "show"], ["lists"], ["lists", "refresh"], ["lists", "show"],
      ]
      for command in commands {
        let help = try await bench.start(command + ["--help"]).ended

        #expect(help.code == 0)
        let lines = help.output.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "Example:"), "\(command)")
        let example = lines[(start + 1)...].prefix { !$0.isEmpty }
        #expect(!example.isEmpty)
        #expect(example.allSatisfy { $0.hasPrefix("  ") && $0.contains("donl-mirror") })
      }
      let bare = try await bench.start([]).ended

      #expect(bare.code == 0)
      #expect(bare.output.contains("SUBCOMMANDS:"))
    }

    @Test(
      "to a reader that leaves early is cut without a fuss",
      arguments: [
        "search water --limit 100", "status --json", "show alle-velden", "config show",
        "lists show", "lists show Overheid:TaxonomieBeleidsagenda",
      ])
    func closedPipe(command: String) async throws {
      let bench = try Workbench()
      _ = try await bench.run("harvest", "--sample", "--db", "donl-mirror.db")
      // true reads nothing at all; the code that counts is that of donl-mirror.
      let ended = try await bench.shell(
        #"{ { "$donl_mirror" \#(command); echo $? >code; } | true; } && cat code"#)

      #expect(ended.output == "0\n")
      #expect(ended.errors.isEmpty)
    }

    @Test("of config tells whether it is good, and where each value comes from")
    func config() async throws {
      let bench = try Workbench()
      try bench.write("portal:\n  rows: 99\n", to: "mine.yaml")
      let check = try await bench.run("config", "check", "--config", "mine.yaml")

      #expect(check.code == 0)
      #expect(check.output == "configuration ok (mine.yaml)\n")

      let show = try await bench.run(
        "config", "show", "--config", "mine.yaml", environment: ["DONL_MIRROR_LOG_LEVEL": "debug"])
      func line(_ key: String) -> String? { show.outputLines.first { $0.hasPrefix(key + " ") } }

      #expect(show.code == 0)
      #expect(line("portal.rows")?.contains("99") == true)
      #expect(line("portal.rows")?.contains("mine.yaml") == true)
      #expect(line("log.level")?.contains("DONL_MIRROR_LOG_LEVEL") == true)
    }
  }
}

extension String {
  fileprivate var trimmingQuotes: String {
    trimmingCharacters(in: CharacterSet(charactersIn: "\""))
  }
}
