/// CKAN's envelope (`{"help": …, "success": true, "result": …}`) seen from outside: where its
/// members lie, without reading them. It does not validate what it skips.
struct Envelope {
  private let bytes: [UInt8]
  private var position: Int
  /// True once the closing brace of the object has been passed.
  private(set) var isClosed = false

  /// Nil when the text does not begin as a JSON object.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else { return nil }
    position += 1
  }

  /// The bytes of a top-level member's value, as sent; nil when there is none or the text ends
  /// before the value does. Reads no further than that value.
  static func value(of name: String, in bytes: [UInt8]) -> Range<Int>? {
    guard var envelope = Envelope(bytes) else { return nil }
    while let member = envelope.next() {
      if bytes[member.name].elementsEqual(name.utf8) { return member.value }
    }
    return nil
  }

  /// True when the text is one object from its first brace to its last, with nothing behind it.
  static func isWhole(_ bytes: [UInt8]) -> Bool {
    guard var envelope = Envelope(bytes) else { return false }
    while envelope.next() != nil {}
    envelope.skipSpace()
    return envelope.isClosed && envelope.position == bytes.count
  }

  /// What `success` says; nil when it says nothing or is no boolean.
  static func success(in bytes: [UInt8]) -> Bool? {
    guard let value = value(of: "success", in: bytes) else { return nil }
    if bytes[value].elementsEqual("true".utf8) { return true }
    return bytes[value].elementsEqual("false".utf8) ? false : nil
  }

  /// The next member: its name as spelled, without quotes, and its value. Nil at the end, and
  /// where the text is no JSON any more.
  private mutating func next() -> (name: Range<Int>, value: Range<Int>)? {
    skipSpace()
    if take(",") { skipSpace() }
    if take("}") {
      isClosed = true
      return nil
    }
    guard let quoted = string() else { return nil }
    skipSpace()
    guard take(":") else { return nil }
    skipSpace()
    guard let value = value() else { return nil }
    return (quoted.lowerBound + 1..<quoted.upperBound - 1, value)
  }

  private mutating func value() -> Range<Int>? {
    let start = position
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""):
      return string()
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      // Counted, not recursed into: a hostile depth costs no stack.
      var depth = 0
      repeat {
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "\""):
          guard string() != nil else { return nil }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        position += 1
      } while depth > 0
      return start..<position
    default:
      while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
      return position < bytes.count && position > start ? start..<position : nil
    }
  }

  private mutating func string() -> Range<Int>? {
    let start = position
    guard take("\"") else { return nil }
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""):
        position += 1
        return start..<position
      default: position += 1
      }
    }
    return nil
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private static func ends(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
      || byte == UInt8(ascii: "]")
  }
}
