import ArgumentParser
import DONLMirror
import Foundation

#if os(Linux)
  import CLinux
#endif

/// The command line: flags in, exit codes out. Everything else is in the library.
@main
struct DonlMirror: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "donl-mirror",
    abstract: "A local mirror of a CKAN catalogue in one SQLite file.",
    discussion: """
      Example:
        donl-mirror harvest --sample    a sample portal, no network: ./sample.db
        donl-mirror harvest             data.overheid.nl: ./donl-mirror.db
        donl-mirror search riolering    in the mirror
      """,
    version: toolVersion,
    subcommands: [
      HarvestCommand.self, DaemonCommand.self, StatusCommand.self, HealthCommand.self,
      ShowCommand.self, SearchCommand.self, ListsCommand.self, ChangesCommand.self,
      ExportCommand.self, ReportCommand.self, PublishCommand.self, ServeCommand.self,
      CheckCommand.self, ConfigCommand.self,
    ])

  static func main() async {
    // `| head` closes our output; that is no reason to die in the middle of a run.
    signal(SIGPIPE, SIG_IGN)
    keepMemorySmall()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      fail(failure)
    } catch let error as SettingsError {
      fail(Failure(.configuration, reason: "configuration", "\(error)"))
    } catch let error as InvalidPortalSetting {
      fail(Failure(.configuration, reason: "configuration", error.message))
    } catch let code as ExitCode {
      // What a command answers, such as the 1 of `health`.
      exit(withError: code)
    } catch  where exitCode(for: error) == .failure {
      // Neither one of ours nor of the parser's, which has its own codes for help and mistakes.
      fail(Failure(.internalError, reason: "internal", "internal error: \(error)"))
    } catch  where exitCode(for: error) == .validationFailure && ConsoleLog.isJournal {
      // The usage has many lines; a journal wants one.
      fail(Failure(.usage, reason: "usage", message(for: error)))
    } catch {
      exit(withError: error)
    }
  }

  /// No thread keeps an arena of its own. Pages of the portal come and go by the megabyte: the next takes the
  /// place of the last, which the system would have to clear again; what is larger goes back at once.
  private static func keepMemorySmall() {
    #if os(Linux)
      mallopt(M_ARENA_MAX, 1)
      mallopt(M_MMAP_THRESHOLD, 4 << 20)
      mallopt(M_TRIM_THRESHOLD, 2 << 20)
    #endif
  }

  private static func fail(_ failure: Failure) -> Never {
    ConsoleLog.tellEnd(failure)
    exit(withError: ExitCode(failure.status.rawValue))
  }
}
