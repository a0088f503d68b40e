import ArgumentParser
import DONLMirror
import Foundation

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check or show the configuration.",
    discussion: """
      Example:
        donl-mirror config show
      """,
    subcommands: [Check.self, Show.self])

  struct Check: ParsableCommand {
    private struct Verdict: Encodable {
      var ok: Bool
      var file: String?
      var warnings: [String]
    }

    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Validate file, environment and flags; exit 78 and one sentence on a mistake.",
      discussion: """
        Whether the values can be used on this machine is looked at too: a token file that can be \
        read, a proxy that is one, certificates (SSL_CERT_FILE) that are some, and that no two \
        settings mean one file.

        Example:
          donl-mirror config check --config /etc/donl-mirror/config.yaml
        """)

    @OptionGroup var common: CommonOptions

    func run() throws {
      let loaded = try common.load()
      let environment = ProcessInfo.processInfo.environment
      try loaded.settings.check(environment: environment)
      try loaded.settings.checkFiles(environment: environment, configuration: loaded.file)
      let place = loaded.file ?? "no file, defaults only"
      let warnings = loaded.settings.warnings
      if common.json {
        return try printJSON(Verdict(ok: true, file: loaded.file, warnings: warnings))
      }
      for warning in warnings {
        Console.standardError.write("donl-mirror: warning: \(warning.escapedForTerminal)\n")
      }
      Console.standardOutput.write("configuration ok (\(place))\n")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Print every setting, its value and where it came from; secrets are masked.",
      discussion: """
        Example:
          DONL_MIRROR_PORTAL_ROWS=100 donl-mirror config show
        """)

    @OptionGroup var common: CommonOptions

    func run() throws {
      let loaded = try common.load()
      guard !common.json else { return Console.standardOutput.write(try loaded.json + "\n") }
      let lines = loaded.text.split(separator: "\n").map { String($0).escapedForTerminal + "\n" }
      Console.standardOutput.write(lines.joined())
    }
  }
}
