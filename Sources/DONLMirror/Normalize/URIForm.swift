/// The form of a URI, as far as a mirror asks for it.
enum URIForm {
  /// True when the text has no scheme followed by `:` and something, or holds a control character
  /// (CONTRACT, "Malformed").
  ///
  /// U+FFFD counts as one: it stands where U+0000 or half a surrogate pair was sent.
  static func isMalformed(_ text: ByteView) -> Bool { !hasScheme(text) || holdsControl(text) }

  private static func hasScheme(_ text: ByteView) -> Bool {
    for index in 0..<text.count {
      switch text[index] {
      case 0x41...0x5A, 0x61...0x7A: continue
      case 0x30...0x39, 0x2B, 0x2D, 0x2E:
        if index == 0 { return false }
      case .colon: return index > 0 && index + 1 < text.count
      default: return false
      }
    }
    return false
  }

  private static func holdsControl(_ text: ByteView) -> Bool {
    for index in text.endOfPrintable(from: 0)..<text.count {
      switch text[index] {
      case ..<0x20, 0x7F: return true
      case 0xC2 where index + 1 < text.count && text[index + 1] < 0xA0: return true
      case 0xEF where index + 2 < text.count && text[index + 1] == 0xBF && text[index + 2] == 0xBD:
        return true
      default: continue
      }
    }
    return false
  }
}
