import Foundation
import GRDB
import Testing

@testable import DONLMirror

extension CommandLineTests {
  /// What the package installs beside the program, made from the program itself.
  @Suite("The manual")
  struct Manual {
    @Test("has every command, flag, setting, table and column", .enabled(if: Tool.python.isThere))
    func completeness() async throws {
      let bench = try Workbench()
      let manual = try await Self.manual(on: bench)

      for command in try await Self.commands(on: bench) {
        let page = try #require(manual[(["donl-mirror"] + command).joined(separator: "-") + ".1"])
        let help = try await bench.start(command + ["--help"]).ended.output
        for flag in help.matches(of: /(?m)^  (?<flags>-[^ ,<\n]+(?:, --?[^ ,<\n]+)*)/) {
          for name in flag.flags.split(separator: ", ") {
            #expect(page.contains("\\fB" + name.replacing("-", with: "\\-") + "\\fR"), "\(name)")
          }
        }
      }
      let settings = try #require(manual["donl-mirror-config.5"])
      for setting in Setting.all {
        let key = setting.key.replacing("-", with: "\\-")
        #expect(settings.contains(".TP\n\\fB\(key)\\fR\n"), "\(key)")
      }
      let schema = try #require(manual["donl-mirror-schema.7"])
      for (table, columns) in try Document("docs/schema.md").columns {
        #expect(schema.contains(".SS \"\\fB\(table)\\fR\"\n"), "\(table)")
        for column in columns { #expect(schema.contains(".TP\n\\fB\(column)\\fR\n"), "\(column)") }
      }
      let codes = try #require(manual["donl-mirror.1"])
      let explained = codes.matches(of: /\.TP\n\\fB(?<codes>[0-9, ]+)\\fR/).flatMap { match in
        match.codes.split(separator: ", ").compactMap { Int32($0) }
      }
      #expect(explained.sorted() == ExitStatus.allCases.map(\.rawValue).sorted())
    }

    @Test(
      "gives no reader of manuals a reason to complain",
      .enabled(if: Tool.python.isThere && (Tool.mandoc.isThere || Tool.man.isThere)))
    func form() async throws {
      let bench = try Workbench()
      for name in try await Self.manual(on: bench).keys {
        let page = "manual/man\(name.suffix(1))/\(name)"
        if Tool.mandoc.isThere {
          let said = try await bench.shell("mandoc -T lint -W warning \(page) 2>&1").output
          #expect(said.isEmpty)
        }
        if Tool.man.isThere {
          let said = try await bench.shell(
            "man --warnings -E UTF-8 -l -Tutf8 -Z \(page) 2>&1 >/dev/null"
          ).output
          #expect(said.isEmpty)
        }
      }
    }

    /// The pages by the names of their files.
    private static func manual(on bench: Workbench) async throws -> [String: String] {
      let script = ConfigFileTests.projectRoot + "/Scripts/man-pages"
      let made = try await bench.shell("'\(script)' \"$donl_mirror\" manual")
      #expect(made.code == 0, "\(made.errors)")
      var pages: [String: String] = [:]
      for section in try FileManager.default.contentsOfDirectory(atPath: bench.path("manual")) {
        let folder = bench.folder.appending(path: "manual/\(section)")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
          pages[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
      }
      return pages
    }

    /// Every command there is, as words; the program itself first.
    static func commands(on bench: Workbench) async throws -> [[String]] {
      let dump = try await bench.run("--experimental-dump-help")
      let tool = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8))
      return tool.command.paths
    }

    private struct Dump: Decodable {
      var command: Command

      struct Command: Decodable {
        var commandName: String
        var subcommands: [Command]?
        var shouldDisplay: Bool

        var paths: [[String]] {
          let below = (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
          return [[]] + below.flatMap { sub in sub.paths.map { [sub.commandName] + $0 } }
        }
      }
    }
  }

  @Suite("Completion")
  struct Completion {
    @Test("of bash offers every command", .enabled(if: Tool.bash.isThere))
    func bash() async throws {
      let bench = try Workbench()
      try bench.write(
        """
        source ./completions || exit
        complete -p donl-mirror || exit
        COMP_WORDS=(donl-mirror '') COMP_CWORD=1 COMP_LINE='donl-mirror ' COMP_POINT=12
        _donl-mirror donl-mirror '' donl-mirror
        printf '%s\\n' "${COMPREPLY[@]}"
        COMP_WORDS=(donl-mirror harvest --sa) COMP_CWORD=2
        COMP_LINE='donl-mirror harvest --sa' COMP_POINT=24
        _donl-mirror donl-mirror --sa harvest
        printf '%s\\n' "${COMPREPLY[@]}"
        """, to: "ask")

      try await expectCommands(
        of: "bash", asking: "bash --norc ./ask", on: bench, and: ["--sample", "--sample-day"])
    }

    @Test("of zsh is taken up by its completion system", .enabled(if: Tool.zsh.isThere))
    func zsh() async throws {
      let bench = try Workbench()
      try bench.write(
        """
        mkdir functions && cp completions functions/_donl-mirror && zsh -n completions || exit
        fpath=($PWD/functions $fpath)
        autoload -Uz compinit && compinit -D -u
        autoload +X _donl-mirror && print -- "${_comps[donl-mirror]}"
        """, to: "ask")

      let ended = try await ask("zsh", "zsh -f ./ask", on: bench)
      #expect(ended.output == "_donl-mirror\n")
      #expect(ended.errors.isEmpty)
    }

    @Test("of fish offers every command", .enabled(if: Tool.fish.isThere))
    func fish() async throws {
      let bench = try Workbench()
      try bench.write(
        "source ./completions; complete -C 'donl-mirror '; complete -C 'donl-mirror harvest --'",
        to: "ask")

      try await expectCommands(
        of: "fish", asking: "fish --no-config ./ask", on: bench, and: ["--sample", "--full"])
    }

    private func expectCommands(
      of shell: String, asking script: String, on bench: Workbench, and flags: [String]
    ) async throws {
      let ended = try await ask(shell, script, on: bench)

      #expect(ended.errors.isEmpty)
      let offered = Set(ended.outputLines.compactMap { $0.split(separator: "\t").first })
      for command in try await Manual.commands(on: bench) where command.count == 1 {
        #expect(offered.contains { $0 == command[0] }, "\(command[0])")
      }
      for flag in flags { #expect(offered.contains { $0 == flag }, "\(flag)") }
    }

    private func ask(_ shell: String, _ script: String, on bench: Workbench) async throws -> Ended {
      let made = try await bench.run("--generate-completion-script", shell)
      try bench.write(made.output, to: "completions")
      return try await bench.shell(script)
    }
  }
}

/// A program of the machine that a test needs; without it the test is skipped.
enum Tool: String {
  case python = "python3"
  case bash, zsh, fish, man, mandoc, script

  var isThere: Bool {
    ["/usr/bin/", "/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + rawValue) }
  }
}
