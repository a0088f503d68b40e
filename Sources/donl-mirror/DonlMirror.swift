import ArgumentParser
import DONLMirror
import Foundation

/// The command line: flags in, exit codes out. Everything else is in the library.
@main
struct DonlMirror: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "donl-mirror",
    abstract: "A local mirror of a CKAN catalogue in one SQLite file.",
    discussion: """
      Example:
        donl-mirror harvest --sample          a small sample portal, no network, into ./sample.db
        donl-mirror harvest                   data.overheid.nl, into ./donl-mirror.db
        donl-mirror search riolering
      """,
    version: toolVersion,
    subcommands: [
      HarvestCommand.self, StatusCommand.self, ShowCommand.self, SearchCommand.self,
      ConfigCommand.self,
    ])

  static func main() async {
    // `| head` closes our output; that is no reason to die in the middle of a run.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Console.standardError.write("donl-mirror: \(failure.message)\n")
      exit(withError: ExitCode(failure.status.rawValue))
    } catch let error as SettingsError {
      Console.standardError.write("donl-mirror: \(error)\n")
      exit(withError: ExitCode(ExitStatus.configuration.rawValue))
    } catch {
      exit(withError: error)
    }
  }
}
