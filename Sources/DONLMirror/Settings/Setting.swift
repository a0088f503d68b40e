import Foundation

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

/// The text is not what the setting accepts.
struct Unaccepted: Error {}

/// What a setting holds: how its text is read and written, and the words for what is accepted.
struct SettingKind<Value: Sendable>: Sendable {
  /// Completes "expected …".
  let accepted: String
  /// Gets trimmed text.
  let read: @Sendable (String) throws(Unaccepted) -> Value
  /// Nil when nothing is set.
  let write: @Sendable (Value) -> String?
}

extension SettingKind where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    Self(accepted: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
      text throws(Unaccepted) in
      guard let value = Int(text), range.contains(value) else { throw Unaccepted() }
      return value
    } write: {
      String($0)
    }
  }

  /// In bytes.
  static func size(_ range: ClosedRange<Int>) -> Self {
    let (least, most) = (Units.writtenSize(range.lowerBound), Units.writtenSize(range.upperBound))
    return Self(
      accepted: "a size with its unit (B, KiB, MiB, GiB, kB, MB, GB) from \(least) to \(most),"
        + " such as 64MiB"
    ) { text throws(Unaccepted) in
      guard let value = Units.size(text), range.contains(value) else { throw Unaccepted() }
      return value
    } write: {
      Units.writtenSize($0)
    }
  }
}

extension SettingKind where Value == Double {
  static var percent: Self {
    Self(accepted: "a percentage from 0 to 100") { text throws(Unaccepted) in
      let number = text.hasSuffix("%") ? text.dropLast() : text[...]
      guard let value = Double(number), (0...100).contains(value) else { throw Unaccepted() }
      return value
    } write: {
      $0 == $0.rounded() ? String(Int($0)) : String($0)
    }
  }
}

extension SettingKind where Value == Duration {
  static func duration(atLeast least: Duration) -> Self {
    let floor = least == .zero ? "" : " of at least \(Units.writtenDuration(least))"
    return Self(accepted: "a duration\(floor) with its unit, such as 30s, 5m, 2h or 7d") {
      text throws(Unaccepted) in
      guard let value = Units.duration(text), value >= least else { throw Unaccepted() }
      return value
    } write: {
      Units.writtenDuration($0)
    }
  }
}

extension SettingKind where Value == Duration? {
  /// Nil is `forever`.
  static func durationOrForever(atLeast least: Duration) -> Self {
    let duration = SettingKind<Duration>.duration(atLeast: least)
    return Self(accepted: "forever, or \(duration.accepted)") { text throws(Unaccepted) in
      text == "forever" ? nil : try duration.read(text)
    } write: {
      $0.flatMap(duration.write) ?? "forever"
    }
  }
}

extension SettingKind
where Value: RawRepresentable<String> & CaseIterable {
  static var oneOf: Self {
    Self(accepted: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")) {
      text throws(Unaccepted) in
      guard let value = Value(rawValue: text) else { throw Unaccepted() }
      return value
    } write: {
      $0.rawValue
    }
  }
}

extension SettingKind where Value == String {
  static var path: Self {
    Self(accepted: "a path") { text throws(Unaccepted) in
      guard !text.isEmpty, !text.contains("\0") else { throw Unaccepted() }
      return text
    } write: {
      $0
    }
  }

  /// Printable ASCII, so that a header can carry it and nothing can be smuggled in after it.
  static var headerText: Self {
    Self(accepted: "at most 200 printable ASCII characters") { text throws(Unaccepted) in
      let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      guard isPlain, !text.isEmpty, text.utf8.count <= 200 else { throw Unaccepted() }
      return text
    } write: {
      $0
    }
  }

  /// A name that RFC 9110 allows, and that is not one of those that the request needs itself.
  static var headerName: Self {
    Self(accepted: "the name of a header, such as Authorization or X-Api-Key") {
      text throws(Unaccepted) in
      let isToken = text.utf8.allSatisfy { headerBytes.contains($0) }
      guard isToken, (1...100).contains(text.utf8.count),
        !ownHeaders.contains(text.lowercased())
      else { throw Unaccepted() }
      return text
    } write: {
      $0
    }
  }

  private static var headerBytes: Set<UInt8> {
    Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
  }

  private static var ownHeaders: Set<String> {
    [
      "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host",
      "if-modified-since", "if-none-match", "keep-alive", "proxy-authorization", "range", "te",
      "trailer", "transfer-encoding", "upgrade", "user-agent",
    ]
  }

  /// An address below which paths are appended.
  static var baseURL: Self {
    Self(accepted: "an http or https address without user, query or fragment") {
      text throws(Unaccepted) in
      guard let url = webAddress(text), url.user == nil, url.query == nil else {
        throw Unaccepted()
      }
      return String(text.reversed().drop { $0 == "/" }.reversed())
    } write: {
      $0
    }
  }

  static var url: Self {
    Self(accepted: "an http or https address") { text throws(Unaccepted) in
      guard webAddress(text) != nil else { throw Unaccepted() }
      return text
    } write: {
      $0
    }
  }

  static var proxy: Self {
    Self(accepted: "an address of the form http://host:port") { text throws(Unaccepted) in
      guard let url = webAddress(text), url.scheme == "http", url.query == nil,
        ["", "/"].contains(url.path)
      else { throw Unaccepted() }
      return text
    } write: {
      $0
    }
  }

  /// Only a host may be written in any script: of what stands elsewhere nobody knows the encoding.
  private static func withASCIIHost(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }), let scheme = text.range(of: "://") else {
      return text
    }
    let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
    let start = authority.lastIndex(of: "@").map(authority.index(after:)) ?? authority.startIndex
    let name = authority[start...].prefix { $0 != ":" }
    guard let host = Target.host(named: String(name)) else { return text }
    return text.replacingCharacters(in: name.startIndex..<name.endIndex, with: host)
  }

  private static func webAddress(_ text: String) -> URLComponents? {
    guard
      let url = URLComponents(string: withASCIIHost(text), encodingInvalidCharacters: false),
      let scheme = url.scheme, ["http", "https"].contains(scheme),
      let host = url.host, !host.isEmpty, url.fragment == nil,
      url.port.map((1...65535).contains) ?? true
    else { return nil }
    return url
  }
}

extension SettingKind where Value == [String] {
  /// Written as a YAML list, or with commas.
  static var hosts: Self {
    Self(accepted: "a list of host names") { text throws(Unaccepted) in
      var hosts: [String] = []
      for item in text.split(separator: ",") {
        guard let host = host(item.trimmingCharacters(in: .whitespaces)) else {
          throw Unaccepted()
        }
        hosts.append(host)
      }
      return hosts
    } write: {
      $0.isEmpty ? nil : $0.joined(separator: ",")
    }
  }

  /// In ASCII and lower case; nil when the text is not a host, with or without a port.
  private static func host(_ text: String) -> String? {
    guard !text.contains(where: { "/@?#[]%\\".contains($0) || $0.isWhitespace }),
      let parts = URLComponents(string: "https://" + text), let host = Target.host(of: parts),
      host.utf8.allSatisfy({ hostBytes.contains($0) })
    else { return nil }
    return host + (parts.port.map { ":\($0)" } ?? "")
  }

  private static var hostBytes: Set<UInt8> { Set("abcdefghijklmnopqrstuvwxyz0123456789-.".utf8) }

  /// Outermost keys of a record; `resources.KEY` and `extras.KEY` for those of its parts.
  static var recordKeys: Self {
    Self(accepted: "a list of keys but id and name, such as hits, resources.hits or extras.views") {
      text throws(Unaccepted) in
      let keys = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard keys.allSatisfy(ChurnKeys.isKey) else { throw Unaccepted() }
      return Set(keys).sorted()
    } write: {
      $0.isEmpty ? nil : $0.joined(separator: ",")
    }
  }
}

extension SettingKind {
  /// The optional variant: empty text is nil.
  static func optional<Wrapped>(_ kind: SettingKind<Wrapped>) -> Self where Value == Wrapped? {
    Self(accepted: kind.accepted + ", or nothing") { text throws(Unaccepted) in
      text.isEmpty ? nil : try kind.read(text)
    } write: { value in
      value.flatMap(kind.write)
    }
  }
}

/// Durations and sizes as people write them: a whole number and a unit.
enum Units {
  /// Ten years; a longer duration is a slip of the pen.
  static let millisecondsMax = 3_650 * 86_400_000

  private static let milliseconds = [
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
  ]

  private static let bytes = [
    "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
  ]

  /// `30s`, `5m`, `2h`, `7d`, `250ms`; nil for anything else.
  static func duration(_ text: String) -> Duration? {
    guard let count = product(text, milliseconds), count <= millisecondsMax else { return nil }
    return .milliseconds(count)
  }

  /// In bytes: `64MiB`, `10kB`; nil for anything else.
  static func size(_ text: String) -> Int? {
    product(text, bytes)
  }

  private static func product(_ text: String, _ units: [String: Int]) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let name = text.dropFirst(digits.count).drop { $0 == " " }
    guard let count = Int(digits), let unit = units[String(name)] else { return nil }
    let (value, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : value
  }

  /// In the unit that people would choose: one day stays `24h`, one minute `60s`.
  static func writtenDuration(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let count = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    if count == 0 { return "0s" }
    for (unit, size, least) in [
      ("d", 86_400_000, 2), ("h", 3_600_000, 1), ("m", 60_000, 2), ("s", 1000, 1),
    ] where count.isMultiple(of: size) && count / size >= least {
      return "\(count / size)\(unit)"
    }
    return "\(count)ms"
  }

  static func writtenSize(_ count: Int) -> String {
    for unit in ["GiB", "MiB", "KiB", "GB", "MB", "kB"] {
      guard let size = bytes[unit], count > 0, count.isMultiple(of: size) else { continue }
      return "\(count / size)\(unit)"
    }
    return "\(count)B"
  }
}

extension Duration {
  /// A duration as settings and flags spell it: `30s`, `5m`, `2h`, `7d`, `250ms`.
  public init?(settingText: String) {
    guard let duration = Units.duration(settingText) else { return nil }
    self = duration
  }
}
