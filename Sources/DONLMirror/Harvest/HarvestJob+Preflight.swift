import Foundation

extension HarvestJob {
  /// What a run would stumble over before it asks the portal anything, as far as that can be seen
  /// without writing: the settings, the database, the folder it stands in.
  ///
  /// - Returns: when the last run began; nil when there was none.
  /// - Throws: `Failure`: 78 settings, 65 database, 73 or 77 folder and files.
  public func preflight() throws -> Date? {
    try settings.check(environment: environment)
    try checkFiles()
    let path = settings.database.path
    try Store.examine(path)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try MirrorReader(path: path).lastRun()
    } catch let failure as Failure where failure.status == .noDatabase {
      // An empty file is as good as none.
      return nil
    }
  }

  func checkFiles() throws(Failure) {
    try settings.checkFiles(environment: environment, configuration: configuration)
  }
}

extension Settings {
  /// Whether the settings can be used together and on this machine.
  ///
  /// - Parameter environment: for `HTTPS_PROXY` and `NO_PROXY`.
  /// - Throws: `Failure` 78.
  public func check(environment: [String: String]) throws {
    _ = try PortalSettings(self, environment: environment)
  }

  /// What is accepted and yet unwise, in a sentence each.
  public var warnings: [String] {
    guard let path = portal.tokenFile, TokenFile(path: path).isWorldReadable else { return [] }
    return ["Every user of this machine can read portal.token-file \(path); chmod o-r \(path)."]
  }
}
