import Foundation

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
