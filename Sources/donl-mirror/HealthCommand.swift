import ArgumentParser
import DONLMirror
import Foundation

struct HealthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health",
    abstract: "One line for monitoring: 0 ok, 1 warning, 2 critical, 3 unknown.",
    discussion: """
      Judges the file that readers open: the published copy when publish.path is set. Critical: it \
      is too old, damaged or cannot be opened. Warning: something is held or in quarantine, or the \
      last run failed. Unknown: there is no database yet.

      Example:
        donl-mirror health --max-age 26h
        donl-mirror health --json | jq .age
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "The age that is critical (default: health.max-age).", valueName: "duration"))
  var maxAge: String?

  func run() throws {
    let settings: Settings
    do {
      settings = try common.load(["health.max-age": maxAge]).settings
    } catch let error as SettingsError {
      // Monitoring does not understand a plugin that exits 78.
      Console.standardOutput.write(
        "DONL-MIRROR UNKNOWN - \("\(error)".escapedForTerminal.replacing("|", with: "/"))\n")
      throw ExitCode(Health.State.unknown.rawValue)
    }
    let health = HealthCheck(settings).run()
    if common.json {
      try printJSON(health)
    } else {
      Console.standardOutput.write(health.line.escapedForTerminal + "\n")
    }
    throw ExitCode(health.state.rawValue)
  }
}
