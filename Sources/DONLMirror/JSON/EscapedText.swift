import Foundation

/// Text in which bytes may be written as escapes, each byte with its place in the original.
struct EscapedText {
  let bytes: [UInt8]
  let places: [Range<Int>]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    places = bytes.indices.map { $0..<($0 + 1) }
  }

  private init(bytes: [UInt8], places: [Range<Int>]) {
    self.bytes = bytes
    self.places = places
  }

  /// The same text with one layer of escapes undone: `%2F`, `\/`, `\u002F`, `\x2F`, `\057`, `&amp;`,
  /// `&#47;`, `&#x2f;`. Nil when there are none.
  func unescaped() -> EscapedText? {
    var plain: [UInt8] = []
    var origins: [Range<Int>] = []
    var position = 0
    var isChanged = false
    while position < bytes.count {
      let escape = escape(at: position)
      let end = position + (escape?.length ?? 1)
      let origin = places[position].lowerBound..<places[end - 1].upperBound
      for byte in escape?.bytes ?? [bytes[position]] {
        plain.append(byte)
        origins.append(origin)
      }
      isChanged = isChanged || escape != nil
      position = end
    }
    return isChanged ? EscapedText(bytes: plain, places: origins) : nil
  }

  private func escape(at position: Int) -> (bytes: [UInt8], length: Int)? {
    switch bytes[position] {
    case UInt8(ascii: "%"):
      return number(at: position + 1, digits: 2, radix: 16).map { ([UInt8($0)], 3) }
    case UInt8(ascii: "\\"):
      return backslash(at: position)
    case UInt8(ascii: "&"):
      return entity(at: position)
    default:
      return nil
    }
  }

  private func backslash(at position: Int) -> (bytes: [UInt8], length: Int)? {
    guard position + 1 < bytes.count else { return nil }
    switch bytes[position + 1] {
    case UInt8(ascii: "u"):
      return number(at: position + 2, digits: 4, radix: 16).map { (Self.utf8($0), 6) }
    case UInt8(ascii: "x"):
      return number(at: position + 2, digits: 2, radix: 16).map { ([UInt8($0)], 4) }
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
      return number(at: position + 1, digits: 3, radix: 8).map { ([UInt8($0)], 4) }
    // White space, which does not count.
    case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): return ([0x20], 2)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return nil
    case let other: return ([other], 2)
    }
  }

  private func entity(at position: Int) -> (bytes: [UInt8], length: Int)? {
    guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
      return nil
    }
    let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    let length = end + 1 - position
    if name.hasPrefix("#") {
      let isHex = name.dropFirst().lowercased().hasPrefix("x")
      let digits = name.dropFirst(isHex ? 2 : 1)
      return UInt32(digits, radix: isHex ? 16 : 10).map { (Self.utf8($0), length) }
    }
    return Self.entities[name].map { ([$0], length) }
  }

  /// Those of ASCII's signs that HTML has a name for.
  private static let entities: [String: UInt8] = [
    "amp": UInt8(ascii: "&"), "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"),
    "quot": UInt8(ascii: "\""), "apos": UInt8(ascii: "'"), "sol": UInt8(ascii: "/"),
    "bsol": UInt8(ascii: "\\"), "plus": UInt8(ascii: "+"), "equals": UInt8(ascii: "="),
    "colon": UInt8(ascii: ":"), "semi": UInt8(ascii: ";"), "comma": UInt8(ascii: ","),
    "period": UInt8(ascii: "."), "lowbar": UInt8(ascii: "_"), "dollar": UInt8(ascii: "$"),
    "percnt": UInt8(ascii: "%"), "num": UInt8(ascii: "#"), "excl": UInt8(ascii: "!"),
    "quest": UInt8(ascii: "?"), "commat": UInt8(ascii: "@"), "ast": UInt8(ascii: "*"),
    "lpar": UInt8(ascii: "("), "rpar": UInt8(ascii: ")"), "lsqb": UInt8(ascii: "["),
    "rsqb": UInt8(ascii: "]"), "lcub": UInt8(ascii: "{"), "rcub": UInt8(ascii: "}"),
    "grave": UInt8(ascii: "`"), "Hat": UInt8(ascii: "^"), "vert": UInt8(ascii: "|"),
    "nbsp": 0x20,
  ]

  private func number(at position: Int, digits: Int, radix: Int) -> UInt32? {
    guard position + digits <= bytes.count else { return nil }
    let text = bytes[position..<(position + digits)]
    guard text.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
      return nil
    }
    return UInt32(String(decoding: text, as: UTF8.self), radix: radix)
  }

  private static func utf8(_ value: UInt32) -> [UInt8] {
    Unicode.Scalar(value).map { Array(String(Character($0)).utf8) } ?? []
  }
}

/// The beginning of what came instead of an answer, safe to print and to log.
enum Excerpt {
  static let bytesMax = 200

  /// At most the first 200 bytes, as text; control and direction characters are escaped, because
  /// they come from a stranger and end on a terminal. Nil when there is nothing.
  static func of(_ bytes: some Collection<UInt8>) -> String? {
    guard !bytes.isEmpty else { return nil }
    return escape(String(decoding: bytes.prefix(bytesMax), as: UTF8.self))
  }

  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      default:
        if scalar.isUnsafeToShow {
          escaped += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
          escaped.unicodeScalars.append(scalar)
        }
      }
    }
    return escaped
  }
}

/// JSON that leaves this process, for a terminal as well as for a program.
public enum JSONOutput {
  /// Encodes with sorted keys, and with every character escaped that a terminal would obey or that
  /// turns the direction of what is read: C0 and C1 controls, U+007F, line separators, format
  /// characters. Readers of JSON get the text as it was.
  ///
  /// - Parameter configure: sets what else the encoder is to do.
  public static func text(
    of value: some Encodable, pretty: Bool,
    configure: (JSONEncoder) -> Void = { _ in }
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    configure(encoder)
    return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// - Parameter json: in which such characters stand in strings only, as they do in all JSON.
  static func escaped(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: isToEscape) else { return json }
    var escaped = ""
    for scalar in json.unicodeScalars {
      guard isToEscape(scalar) else {
        escaped.unicodeScalars.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return escaped
  }

  /// White space between the members is no part of a string.
  private static func isToEscape(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\n" && scalar != "\r" && scalar != "\t" && scalar.isUnsafeToShow
  }
}

extension Unicode.Scalar {
  /// A character that is obeyed and not shown: control characters, what else ends a line, and those
  /// that only format, such as the marks that turn the direction of text.
  public var isUnsafeToShow: Bool {
    guard value < 0x20 || value >= 0x7F else { return false }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension String {
  /// Everything but RFC 3986's unreserved characters escaped, so that `+` and space can never be mixed up.
  var percentEncoded: String {
    utf8.reduce(into: "") { encoded, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += byte.percentEscape
      }
    }
  }
}

extension UInt8 {
  /// `%2F`
  var percentEscape: String {
    (self < 16 ? "%0" : "%") + String(self, radix: 16, uppercase: true)
  }
}
