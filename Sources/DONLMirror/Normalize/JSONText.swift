/// The text of a JSON string.
enum JSONText {
  /// Appends the text between the quotes as UTF-8. A lone surrogate becomes U+FFFD; U+0000 stays.
  ///
  /// An escape that is none (only bytes that were not validated hold one) is taken as it stands.
  static func decode(_ text: ByteView, into out: ByteWriter) {
    var index = 0
    while index < text.count {
      let escape = text.quoteOrBackslash(from: index)
      out.append(contentsOf: text[index..<escape].buffer)
      guard escape < text.count else { return }
      guard text[escape] == .backslash, escape + 1 < text.count else {
        out.append(text[escape])
        index = escape + 1
        continue
      }
      index = decodeEscape(at: escape, of: text, into: out)
    }
  }

  /// The UTF-16 unit of the four hexadecimal digits at `index`, or nil.
  static func unit(at index: Int, of text: ByteView) -> UInt32? {
    guard index + 4 <= text.count else { return nil }
    var unit: UInt32 = 0
    for offset in 0..<4 {
      let digit: UInt8
      switch text[index + offset] {
      case let byte where byte.isDigit: digit = byte - 0x30
      case let byte where byte >= 0x41 && byte <= 0x46: digit = byte - 0x37
      case let byte where byte >= 0x61 && byte <= 0x66: digit = byte - 0x57
      default: return nil
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  /// The low surrogate escaped at `index`, or nil.
  static func lowSurrogate(at index: Int, of text: ByteView) -> UInt32? {
    guard index + 6 <= text.count, text[index] == .backslash, text[index + 1] == 0x75,
      let unit = unit(at: index + 2, of: text), unit >> 10 == 0x37
    else { return nil }
    return unit
  }

  /// Appends the bytes as a JSON string with as few escapes as JSON allows (RFC 8785, 3.2.2.2).
  static func write(_ text: ByteView, into out: ByteWriter) {
    out.append(.quote)
    var index = 0
    while index < text.count {
      var plain = text.endOfPlainText(from: index)
      // What is beyond ASCII needs no escape.
      while plain < text.count, !needsEscape(text[plain]) { plain += 1 }
      out.append(contentsOf: text[index..<plain].buffer)
      guard plain < text.count else { break }
      writeEscape(text[plain], into: out)
      index = plain + 1
    }
    out.append(.quote)
  }

  private static func decodeEscape(at escape: Int, of text: ByteView, into out: ByteWriter)
    -> Int
  {
    switch text[escape + 1] {
    case 0x62: out.append(0x08)
    case 0x66: out.append(0x0C)
    case 0x6E: out.append(0x0A)
    case 0x72: out.append(0x0D)
    case 0x74: out.append(0x09)
    case 0x75:
      guard let unit = unit(at: escape + 2, of: text) else {
        out.append(0x75)
        return escape + 2
      }
      if unit >> 10 == 0x36, let low = lowSurrogate(at: escape + 6, of: text) {
        append(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), to: out)
        return escape + 12
      }
      append(unit >> 11 == 0x1B ? 0xFFFD : unit, to: out)
      return escape + 6
    case let byte: out.append(byte)
    }
    return escape + 2
  }

  private static func append(_ scalar: UInt32, to out: ByteWriter) {
    let tail = { (shift: UInt32) in UInt8(0x80 | scalar >> shift & 0x3F) }
    switch scalar {
    case ..<0x80: out.append(UInt8(scalar))
    case ..<0x800:
      out.append(UInt8(0xC0 | scalar >> 6))
      out.append(tail(0))
    case ..<0x10000:
      out.append(UInt8(0xE0 | scalar >> 12))
      out.append(tail(6))
      out.append(tail(0))
    default:
      out.append(UInt8(0xF0 | scalar >> 18))
      out.append(tail(12))
      out.append(tail(6))
      out.append(tail(0))
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == .quote || byte == .backslash
  }

  private static func writeEscape(_ byte: UInt8, into out: ByteWriter) {
    out.append(.backslash)
    switch byte {
    case .quote, .backslash: out.append(byte)
    case 0x08: out.append(0x62)
    case 0x0C: out.append(0x66)
    case 0x0A: out.append(0x6E)
    case 0x0D: out.append(0x72)
    case 0x09: out.append(0x74)
    default:
      let low = byte & 0x0F
      out.append("u00")
      out.append(0x30 + byte >> 4)
      out.append(low + (low < 10 ? 0x30 : 0x57))
    }
  }
}
