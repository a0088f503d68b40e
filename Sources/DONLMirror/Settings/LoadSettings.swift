import Foundation

extension Settings {
  /// Read when neither the command line nor the environment names a file, if it exists.
  public static let systemFile = "/etc/donl-mirror/config.yaml"

  /// The variable that names the configuration file.
  public static let fileVariable = "DONL_MIRROR_CONFIG"

  /// The settings in effect: built in, then from the file, then from `DONL_MIRROR_*`, then from the
  /// command line. A mistake anywhere is an error, even where a later source would win.
  ///
  /// What is still not set then, systemd's credentials may bring: `token` is the file of
  /// `portal.token-file`, and `proxy` holds `portal.proxy` (systemd.exec(5), `LoadCredential=`).
  ///
  /// - Parameters:
  ///   - file: from `--config`; nil asks `DONL_MIRROR_CONFIG`, then looks for `systemFile`.
  ///   - environment: of the process. Names that start with `DONL_MIRROR_TEST_` are free.
  ///   - overrides: from the command line, by key: `["portal.rows": "100"]`.
  public static func load(
    file: String?, environment: [String: String], overrides: [String: String] = [:]
  ) throws(SettingsError) -> LoadedSettings {
    try load(
      file: file, environment: environment, overrides: overrides, systemFile: systemFile)
  }

  static func load(
    file: String?, environment: [String: String], overrides: [String: String], systemFile: String
  ) throws(SettingsError) -> LoadedSettings {
    let source = try configurationFile(named: file, environment, systemFile)
    let given =
      try (source.map(values) ?? []) + values(ofEnvironment: environment)
      + values(ofCommandLine: overrides)

    var reading = Reading()
    for value in given { try reading.take(value) }
    for value in try credentials(in: environment["CREDENTIALS_DIRECTORY"])
    where reading.lacks(value.setting) {
      try reading.take(value)
    }
    return LoadedSettings(
      settings: reading.settings, file: source?.path, origins: reading.origins)
  }

  /// The settings as far as they can be read, for telling somebody that they cannot: what is wrong is
  /// left at its default.
  public static func salvage(
    file: String?, environment: [String: String], overrides: [String: String]
  ) -> LoadedSettings {
    let source = (try? configurationFile(named: file, environment, systemFile)) ?? nil
    var given = source.map(readableValues) ?? []
    given += knownValues(ofEnvironment: environment).values
    for (key, text) in overrides {
      if let setting = Setting.named(key) { given.append(GivenValue(setting, text, .flag)) }
    }
    var reading = Reading()
    for value in given { try? reading.take(value) }
    let credentials = try? credentials(in: environment["CREDENTIALS_DIRECTORY"])
    for value in credentials ?? [] where reading.lacks(value.setting) { try? reading.take(value) }
    return LoadedSettings(
      settings: reading.settings, file: source?.path, origins: reading.origins)
  }

  private static func configurationFile(
    named file: String?, _ environment: [String: String], _ systemFile: String
  ) throws(SettingsError) -> SettingsFile? {
    if let file { return try SettingsFile(path: file) }
    if let named = environment[fileVariable], !named.isEmpty {
      return try SettingsFile(path: named)
    }
    guard FileManager.default.fileExists(atPath: systemFile) else { return nil }
    return try SettingsFile(path: systemFile)
  }
}

/// A value as a source gives it.
private struct GivenValue {
  let setting: Setting
  let text: String
  let origin: Origin

  init(_ setting: Setting, _ text: String, _ origin: Origin) {
    self.setting = setting
    self.text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    self.origin = origin
  }

  var mistake: SettingsError {
    // Any address may have a password in it, accepted or not.
    let masked = text.contains("://") ? Setting.Secret.password.mask(text) : text
    let isHidden = setting.isSecret && !text.isEmpty
    let shown = isHidden ? "not accepted (and not shown)" : "\"\(masked)\""
    return SettingsError("\(origin): \(setting.key) is \(shown); expected \(setting.accepted).")
  }
}

/// What has been read so far; a later value wins.
private struct Reading {
  private(set) var settings = Settings()
  private(set) var origins: [String: Origin] = [:]

  mutating func take(_ value: GivenValue) throws(SettingsError) {
    do {
      try value.setting.read(value.text, &settings)
    } catch {
      throw value.mistake
    }
    origins[value.setting.key] = value.origin
  }

  func lacks(_ setting: Setting) -> Bool { setting.write(settings) == nil }
}

/// The values of a file. An empty section is nothing; an unknown key is a mistake.
private func values(of file: SettingsFile) throws(SettingsError) -> [GivenValue] {
  var values: [GivenValue] = []
  for entry in file.entries {
    let origin = Origin.file(file.path, line: entry.line)
    if let setting = Setting.named(entry.key) {
      values.append(GivenValue(setting, entry.text ?? "", origin))
    } else if Setting.isSection(entry.key) {
      guard entry.text == nil else {
        throw SettingsError(
          "\(origin): \(entry.key) is a section; its settings stand indented on the lines below.")
      }
    } else {
      throw SettingsError("\(origin): there is no setting \(entry.key)\(hint(entry.key)).")
    }
  }
  return values
}

/// The values of a file, without what is no setting.
private func readableValues(of file: SettingsFile) -> [GivenValue] {
  file.entries.compactMap { entry in
    guard let setting = Setting.named(entry.key) else { return nil }
    return GivenValue(setting, entry.text ?? "", .file(file.path, line: entry.line))
  }
}

/// The values of the environment; a name of ours that no setting has is a mistake.
private func values(
  ofEnvironment environment: [String: String]
) throws(SettingsError) -> [GivenValue] {
  let prefix = "DONL_MIRROR_"
  let (values, names) = knownValues(ofEnvironment: environment)
  let free = Set(names + [Settings.fileVariable])
  let unknown = environment.keys.filter {
    $0.hasPrefix(prefix) && !$0.hasPrefix(prefix + "TEST_") && !free.contains($0)
  }
  if let name = unknown.min() {
    let nearest = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? "."
    throw SettingsError("No setting belongs to the environment variable \(name)\(nearest)")
  }
  return values
}

/// The values of the environment, and the names that it can have them under.
private func knownValues(
  ofEnvironment environment: [String: String]
) -> (values: [GivenValue], names: [String]) {
  let names = Setting.all.map(\.variable)
  let values = zip(Setting.all, names).compactMap { setting, name in
    environment[name].map { GivenValue(setting, $0, .environment(name)) }
  }
  return (values, names)
}

private func values(
  ofCommandLine overrides: [String: String]
) throws(SettingsError) -> [GivenValue] {
  var values: [GivenValue] = []
  for (key, text) in overrides.sorted(by: { $0.key < $1.key }) {
    guard let setting = Setting.named(key) else {
      throw SettingsError("\(Origin.flag): there is no setting \(key)\(hint(key)).")
    }
    values.append(GivenValue(setting, text, .flag))
  }
  return values
}

/// The settings that credentials bring; what is not there is not missed.
private func credentials(in folder: String?) throws(SettingsError) -> [GivenValue] {
  guard let folder, !folder.isEmpty else { return [] }
  var values: [GivenValue] = []
  let token = folder + "/token"
  if let setting = Setting.named("portal.token-file"),
    FileManager.default.fileExists(atPath: token)
  {
    values.append(GivenValue(setting, token, .credential(token)))
  }
  let proxy = folder + "/proxy"
  if let setting = Setting.named("portal.proxy"), FileManager.default.fileExists(atPath: proxy) {
    guard let text = try? String(contentsOfFile: proxy, encoding: .utf8) else {
      throw SettingsError("The credential \(proxy) cannot be read.")
    }
    values.append(GivenValue(setting, text, .credential(proxy)))
  }
  return values
}

private func hint(_ key: String) -> String {
  nearestName(to: key, among: Setting.all.map(\.key)).map { "; the nearest is \($0)" } ?? ""
}

extension Setting {
  /// `DONL_MIRROR_PORTAL_REQUESTS_IN_FLIGHT`.
  fileprivate var variable: String {
    "DONL_MIRROR_" + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
  }

  static func named(_ key: String) -> Setting? {
    all.first { $0.key == key }
  }

  fileprivate static func isSection(_ name: String) -> Bool {
    all.contains { $0.key.hasPrefix(name + ".") }
  }
}

/// Where the value of a setting came from.
public enum Origin: Sendable, Equatable, CustomStringConvertible {
  case builtIn
  case file(String, line: Int)
  /// The name of the variable.
  case environment(String)
  case flag
  /// A file that systemd made for the service alone.
  case credential(String)

  public var description: String {
    switch self {
    case .builtIn: "default"
    case .file(let path, let line): "\(path):\(line)"
    case .environment(let name): name
    case .flag: "command line"
    case .credential(let path): "credential \(path)"
    }
  }
}

/// The settings in effect, and where each came from.
public struct LoadedSettings: Sendable {
  public let settings: Settings
  /// The configuration file that was read, if any.
  public let file: String?
  private let origins: [String: Origin]

  init(settings: Settings, file: String?, origins: [String: Origin]) {
    self.settings = settings
    self.file = file
    self.origins = origins
  }

  /// - Parameter key: `portal.rows`; an unknown key is `.builtIn`.
  public func origin(of key: String) -> Origin {
    origins[key] ?? .builtIn
  }

  /// A line of `config show`.
  public struct Row: Sendable, Equatable, Encodable {
    public let key: String
    /// In canonical form, secrets masked; nil when nothing is set.
    public let value: String?
    /// `default`, `file:line`, the name of a variable, or `command line`.
    public let origin: String
    public let help: String
    /// Completes "accepts …".
    public let accepted: String

    enum CodingKeys: CodingKey { case key, value, origin, help, accepted }

    public func encode(to encoder: any Encoder) throws {
      var row = encoder.container(keyedBy: CodingKeys.self)
      try row.encode(key, forKey: .key)
      // Written even when nil, so that every row has the same members.
      try row.encode(value, forKey: .value)
      try row.encode(origin, forKey: .origin)
      try row.encode(help, forKey: .help)
      try row.encode(accepted, forKey: .accepted)
    }
  }

  /// Every setting, in the order of `config/config.yaml`.
  public var rows: [Row] {
    Setting.all.map { setting in
      Row(
        key: setting.key, value: setting.write(settings).map(setting.mask),
        origin: origin(of: setting.key).description, help: setting.help,
        accepted: setting.accepted)
    }
  }

  /// What `config show` prints: key, value and origin in columns; `-` where nothing is set.
  public var text: String {
    let rows = rows
    let width = { (texts: [String]) in texts.map(\.count).max() ?? 0 }
    let keys = width(rows.map(\.key))
    let values = width(rows.map { $0.value ?? "-" })
    return rows.map { row in
      return padded(row.key, to: keys) + "  " + padded(row.value ?? "-", to: values) + "  "
        + row.origin
    }
    .joined(separator: "\n")
  }

  /// What `config show --json` prints: an array of rows.
  public var json: String {
    get throws {
      try JSONOutput.text(of: rows, pretty: true)
    }
  }
}

private func padded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

/// The name that was probably meant: least edits away, the last part of a dotted name counting
/// nearly as much as the whole (`rows` means `portal.rows`).
func nearestName(to name: String, among names: [String]) -> String? {
  let wanted = name.lowercased()
  return names.min { distance(wanted, $0) < distance(wanted, $1) }
}

private func distance(_ wanted: String, _ name: String) -> Int {
  let name = name.lowercased()
  let last = name.split(separator: ".").last.map(String.init) ?? name
  return min(edits(from: wanted, to: name), edits(from: wanted, to: last) + 1)
}

/// Levenshtein's distance.
private func edits(from source: String, to target: String) -> Int {
  let target = Array(target)
  var row = Array(0...target.count)
  for (index, character) in source.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in target.indices {
      let replaced = diagonal + (character == target[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
    }
  }
  return row[target.count]
}
