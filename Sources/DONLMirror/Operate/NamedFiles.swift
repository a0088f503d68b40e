import Foundation

/// The files that a configuration names, and those whose names follow from them: no two settings may
/// mean one file, because one of them would be written over the other.
struct NamedFiles {
  /// A file by one of its names.
  private struct File {
    var setting: String
    var path: String
    /// False for what is read only: two settings may well read one file.
    var isWritten: Bool
    var identities: Set<String>

    init(_ setting: String, _ path: String, isWritten: Bool) {
      self.setting = setting
      self.path = path
      self.isWritten = isWritten
      // By its name in its folder, by where links lead, and by what is there.
      identities = [FilePlace.named(path), FilePlace.resolved(path)]
      if let inode = FilePlace.inode(path) { identities.insert("inode \(inode)") }
    }
  }

  private var files: [File] = []
  private let settings: Settings

  /// - Parameters:
  ///   - environment: for `SSL_CERT_FILE`.
  ///   - configuration: the file that the settings were read from.
  init(_ settings: Settings, environment: [String: String], configuration: String?) {
    self.settings = settings
    let database = FilePlace.resolved(settings.database.path)
    let mark = DurableFile.temporaryName(of: database + ".mark")
    add(
      "database.path", [settings.database.path, mark] + Self.sidecars.map { database + $0 })
    if let path = settings.publish.path {
      let folder = PublishedFolder(path)
      // The link that readers open, not the generation behind it: that is one of ours.
      add("publish.path", [path] + folder.temporaryNames)
    }
    if let path = settings.metrics.textfile {
      add("metrics.textfile", [path, DurableFile.temporaryName(of: FilePlace.resolved(path))])
    }
    let read = [
      ("portal.token-file", settings.portal.tokenFile),
      ("SSL_CERT_FILE", environment["SSL_CERT_FILE"]), ("the configuration file", configuration),
    ]
    for case (let setting, let path?) in read where !path.isEmpty {
      add(setting, [path], isWritten: false)
    }
  }

  private static let sidecars = ["-wal", "-shm", "-journal", ".lock", ".mark"]

  private mutating func add(_ setting: String, _ paths: [String], isWritten: Bool = true) {
    files += paths.map { File(setting, $0, isWritten: isWritten) }
  }

  /// - Throws: `Failure` 78 that names both.
  func check() throws(Failure) {
    for (index, file) in files.enumerated() {
      for other in files[..<index] where other.setting != file.setting {
        guard file.isWritten || other.isWritten,
          !file.identities.isDisjoint(with: other.identities)
        else { continue }
        throw Self.failure(
          "\(file.setting) (\(file.path)) and \(other.setting) (\(other.path)) are one file")
      }
    }
    try checkPatterns()
    try checkMetrics()
  }

  /// Names that come with numbers: published generations, and what a migration puts aside.
  private func checkPatterns() throws(Failure) {
    let backups = FilePlace.resolved(settings.database.path) + ".before-v"
    let published = settings.publish.path.map { PublishedFolder($0) }
    for file in files {
      for name in file.identities {
        if file.setting != "database.path", name.hasPrefix(backups) {
          throw Self.failure(
            "\(file.setting) (\(file.path)) has the name of a copy that a migration of database.path "
              + "leaves")
        }
        if file.setting != "publish.path", let published, published.isGeneration(name) {
          throw Self.failure(
            "\(file.setting) (\(file.path)) has the name of a published copy of publish.path")
        }
      }
    }
  }

  private func checkMetrics() throws(Failure) {
    guard let textfile = settings.metrics.textfile else { return }
    do throws(Failure) {
      try Metrics.examine(textfile)
    } catch {
      // A folder that is not there yet, or not for this user, is told at the end of the run.
      guard error.reason == "not_ours" else { return }
      throw Failure(.configuration, reason: "configuration", "metrics.textfile: \(error.message)")
    }
  }

  private static func failure(_ what: String) -> Failure {
    Failure(
      .configuration, reason: "same_file",
      "\(what); nothing was changed. Give each a file of its own.")
  }
}

extension Settings {
  /// Whether no two settings mean one file, and no file of others would be written over.
  ///
  /// - Throws: `Failure` 78.
  public func checkFiles(environment: [String: String], configuration: String?) throws(Failure) {
    try NamedFiles(self, environment: environment, configuration: configuration).check()
  }
}
