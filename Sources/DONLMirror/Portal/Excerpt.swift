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
