import Foundation

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
