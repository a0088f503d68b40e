import Foundation

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
