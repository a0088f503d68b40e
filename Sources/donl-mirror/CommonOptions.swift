import ArgumentParser
import DONLMirror
import Foundation

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
    if configured.origin(of: "database.path") != .builtIn,
      Self.file(configured.settings.database.path) != Self.file(db)
    {
      // What is published, measured and watched is the mirror that is configured.
      for key in ["publish.path", "metrics.textfile", "ping.url"] where overrides[key] == nil {
        overrides[key] = ""
      }
    }
    return try Settings.load(file: config, environment: environment, overrides: overrides)
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
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting =
    pretty
    ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    : [.sortedKeys, .withoutEscapingSlashes]
  Console.standardOutput.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
}
