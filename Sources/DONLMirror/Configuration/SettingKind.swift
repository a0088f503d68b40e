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

  private static func webAddress(_ text: String) -> URLComponents? {
    guard let url = URLComponents(string: text, encodingInvalidCharacters: false),
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
      let hosts = text.split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces).lowercased()
      }
      let isHost = { (host: String) in
        !host.isEmpty
          && host.unicodeScalars.allSatisfy { hostScalars.contains($0) }
      }
      guard hosts.allSatisfy(isHost) else { throw Unaccepted() }
      return hosts
    } write: {
      $0.isEmpty ? nil : $0.joined(separator: ",")
    }
  }

  private static var hostScalars: CharacterSet {
    CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz0123456789-.")
  }
}

extension SettingKind {
  /// The same, or nothing: the text is empty.
  static func optional<Wrapped>(_ kind: SettingKind<Wrapped>) -> Self where Value == Wrapped? {
    Self(accepted: kind.accepted + ", or nothing") { text throws(Unaccepted) in
      text.isEmpty ? nil : try kind.read(text)
    } write: { value in
      value.flatMap(kind.write)
    }
  }
}
