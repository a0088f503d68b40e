import NIOCore

/// A JSON value to be written, its keys in the order given.
///
/// It is spelled as Python's `json.dumps` spells it, because that is what CKAN sends: a space after
/// every colon and comma, and everything beyond ASCII as an escape of four hex digits.
package indirect enum JSON: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON)])

  /// Bytes that are JSON already, written as they are. Awkward records are made with it.
  case raw(ByteBuffer)

  package static func strings(_ values: [String]) -> JSON { .array(values.map(JSON.string)) }

  package func write(to buffer: inout ByteBuffer) {
    switch self {
    case .null: buffer.writeStaticString("null")
    case .bool(let value): buffer.writeString(value ? "true" : "false")
    case .int(let value): buffer.writeString(String(value))
    case .string(let value): buffer.writeJSONString(value)
    case .array(let values):
      buffer.writeStaticString("[")
      for (index, value) in values.enumerated() {
        if index > 0 { buffer.writeStaticString(", ") }
        value.write(to: &buffer)
      }
      buffer.writeStaticString("]")
    case .object(let members):
      buffer.writeStaticString("{")
      for (index, member) in members.enumerated() {
        if index > 0 { buffer.writeStaticString(", ") }
        buffer.writeJSONString(member.key)
        buffer.writeStaticString(": ")
        member.value.write(to: &buffer)
      }
      buffer.writeStaticString("}")
    case .raw(let bytes): buffer.writeImmutableBuffer(bytes)
    }
  }

  package var bytes: ByteBuffer {
    var buffer = ByteBuffer()
    write(to: &buffer)
    return buffer
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(nilLiteral: ()) { self = .null }
}

extension ByteBuffer {
  fileprivate mutating func writeJSONString(_ string: String) {
    writeStaticString("\"")
    if string.utf8.allSatisfy(\.standsForItself) {
      writeString(string)
    } else {
      var spelled: [UInt8] = []
      for unit in string.utf16 { spelled.append(spelling: unit) }
      writeBytes(spelled)
    }
    writeStaticString("\"")
  }
}

extension UInt8 {
  fileprivate var standsForItself: Bool {
    (0x20..<0x7F).contains(self) && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
  }
}

extension [UInt8] {
  fileprivate mutating func append(spelling unit: UInt16) {
    switch unit {
    case 0x22: append(contentsOf: "\\\"".utf8)
    case 0x5C: append(contentsOf: "\\\\".utf8)
    case 0x08: append(contentsOf: "\\b".utf8)
    case 0x0C: append(contentsOf: "\\f".utf8)
    case 0x0A: append(contentsOf: "\\n".utf8)
    case 0x0D: append(contentsOf: "\\r".utf8)
    case 0x09: append(contentsOf: "\\t".utf8)
    case 0x20..<0x7F: append(UInt8(unit))
    default:
      append(contentsOf: "\\u".utf8)
      for shift in [12, 8, 4, 0] {
        let digit = UInt8(unit >> UInt16(shift) & 0xF)
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
