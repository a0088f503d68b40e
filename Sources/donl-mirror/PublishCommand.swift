import ArgumentParser
import DONLMirror
import Foundation

struct PublishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Write the read-only copy that everybody may open.",
    discussion: """
      A run does so by itself when publish.path is set. PATH becomes a link to the newest copy; \
      the link moves when the copy is whole, so readers see the old one or the new one. Nothing is \
      written when nothing has changed, nor while the last run was not complete (75).

      Example:
        donl-mirror publish public/catalog.db
        sqlite3 "$(readlink -f public/catalog.db)" 'SELECT count(*) FROM datasets'
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("Where (default: publish.path).", valueName: "path"))
  var path: String?

  @OptionGroup var lock: LockOptions

  func run() async throws {
    let loaded = try common.load(["publish.path": path])
    let settings = loaded.settings
    guard let publisher = Publisher(settings) else {
      throw Failure(
        .usage, reason: "usage",
        "Say where to publish: publish.path is not set, and there is no PATH.")
    }
    try settings.checkFiles(
      environment: ProcessInfo.processInfo.environment, configuration: loaded.file)
    let mirror = try MirrorReader(path: settings.database.path)
    let patience = lock.waitLock
    let publication = try await Interruption.cancelling { _ in
      try await HarvestLock.hold(beside: mirror.path, patience: patience) {
        try await publisher.publish(mirror)
      }
    }
    if common.json { return try printJSON(publication) }
    Console.standardOutput.write(publication.line.escapedForTerminal + "\n")
  }
}
