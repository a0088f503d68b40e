/// One setting, described once: its key, kind, place in `Settings`, meaning and secrecy.
/// The default is the initial value in `Settings`.
struct Setting: Sendable {
  let key: String
  let help: String
  let accepted: String
  let isSecret: Bool
  /// Reads trimmed text into its place.
  let read: @Sendable (String, inout Settings) throws(Unaccepted) -> Void
  /// The canonical text of the value; nil when nothing is set.
  let write: @Sendable (Settings) -> String?
  /// The canonical text with the secret part replaced.
  let mask: @Sendable (String) -> String

  init<Value: Sendable>(
    _ key: String, _ place: WritableKeyPath<Settings, Value> & Sendable,
    _ kind: SettingKind<Value>, _ help: String, secret: Secret? = nil
  ) {
    self.key = key
    self.help = help
    accepted = kind.accepted
    isSecret = secret != nil
    let plain: @Sendable (String) -> String = { $0 }
    mask = secret?.mask ?? plain
    read = { text, settings throws(Unaccepted) in
      settings[keyPath: place] = try kind.read(text)
    }
    write = { kind.write($0[keyPath: place]) }
  }

  /// The part of an address that is not shown.
  enum Secret: Sendable {
    case password
    case everythingAfterHost

    var mask: @Sendable (String) -> String {
      switch self {
      case .password: Self.withoutPassword
      case .everythingAfterHost: Self.withoutPath
      }
    }

    private static let withoutPassword: @Sendable (String) -> String = { url in
      let (scheme, rest) = parts(of: url)
      guard let at = rest.lastIndex(of: "@") else { return url }
      let user = rest[..<at].prefix { $0 != ":" }
      return "\(scheme)\(user):***\(rest[at...])"
    }

    private static let withoutPath: @Sendable (String) -> String = { url in
      let (scheme, rest) = parts(of: url)
      let authority = rest.prefix { $0 != "/" && $0 != "?" }
      let host = authority.split(separator: "@").last ?? ""
      return "\(scheme)\(host)/***"
    }

    /// `https://` and what follows it.
    private static func parts(of url: String) -> (scheme: Substring, rest: Substring) {
      guard let colon = url.firstIndex(of: ":") else { return ("", url[...]) }
      let scheme = url[...colon]
      let rest = url[scheme.endIndex...]
      return (url[..<rest.drop { $0 == "/" }.startIndex], rest.drop { $0 == "/" })
    }
  }
}
