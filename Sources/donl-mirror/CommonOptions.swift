import ArgumentParser
import DONLMirror
import Foundation
import Logging

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The database (default: database.path; without configuration ./donl-mirror.db).",
      valueName: "file"))
  var db: String?

  @Option(
    help: ArgumentHelp(
      "The configuration file (default: $DONL_MIRROR_CONFIG, then /etc/donl-mirror/config.yaml).",
      valueName: "file"))
  var config: String?

  @Flag(help: "Print JSON.")
  var json = false

  /// - Parameters:
  ///   - flags: of the command, by the key of the setting that they override.
  ///   - isSample: the sample goes into ./sample.db unless told otherwise.
  func load(_ flags: [String: String?] = [:], isSample: Bool = false) throws -> LoadedSettings {
    var overrides = flags.compactMapValues(\.self)
    let environment = ProcessInfo.processInfo.environment
    let configured = try Settings.load(
      file: config, environment: environment, overrides: overrides)
    let isElsewhere = isSample && configured.origin(of: "database.path") == .builtIn
    guard let db = db ?? (isElsewhere ? "./sample.db" : nil) else { return configured }
    overrides["database.path"] = db
    if Self.isTrial(db, beside: configured) {
      for key in ["publish.path", "metrics.textfile", "ping.url"] where overrides[key] == nil {
        overrides[key] = ""
      }
    }
    return try Settings.load(file: config, environment: environment, overrides: overrides)
  }

  /// As `load`, for a run: whoever watches the mirror hears of it when there is nothing to load.
  func loadForRun(
    _ flags: [String: String?] = [:], isSample: Bool = false
  ) async throws -> LoadedSettings {
    do {
      return try load(flags, isSample: isSample)
    } catch let error as SettingsError {
      let environment = ProcessInfo.processInfo.environment
      let salvaged = Settings.salvage(
        file: config, environment: environment, overrides: flags.compactMapValues(\.self))
      var settings = salvaged.settings
      if let db {
        settings.database.path = db
      } else if isSample, salvaged.origin(of: "database.path") == .builtIn {
        settings.database.path = "./sample.db"
      }
      let isTrial = db.map { Self.isTrial($0, beside: salvaged) } ?? false
      guard !isTrial, settings.ping.url != nil || settings.metrics.textfile != nil else {
        throw error
      }
      var job = HarvestJob(
        settings: settings,
        logger: Logger(label: "donl-mirror") { [log = settings.log] _ in ConsoleLog(log) })
      job.environment = environment
      job.configuration = salvaged.file
      await TendedRun(job).tell(of: Failure(.configuration, reason: "configuration", "\(error)"))
      throw error
    }
  }

  /// What is published, measured and watched is the mirror that is configured, and no other.
  private static func isTrial(_ db: String, beside configured: LoadedSettings) -> Bool {
    configured.origin(of: "database.path") != .builtIn
      && file(configured.settings.database.path) != file(db)
  }

  private static func file(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  func reader() throws -> MirrorReader {
    try MirrorReader(path: try load().settings.database.path)
  }
}

/// Data goes to stdout as JSON with sorted keys and names in snake case.
func printJSON(_ value: some Encodable, pretty: Bool = true) throws {
  let json = try JSONOutput.text(of: value, pretty: pretty) {
    $0.keyEncodingStrategy = .convertToSnakeCase
  }
  Console.standardOutput.write(json + "\n")
}
