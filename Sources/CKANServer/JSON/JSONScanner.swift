import Foundation

/// A light look at one JSON object: where its members stand, without building a tree.
///
/// It is lenient on purpose. A portal serves records that a parser refuses (`1e`, a raw control
/// character), and the sample portal must be able to serve them too; so numbers are not read and
/// brackets only counted.
package struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  package struct Malformed: Error {}

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Calls `visit` with the key and the byte range of the value of each top-level member, in order.
  ///
  /// - Throws: `Malformed` if the bytes are not one object and nothing else.
  package static func members(
    of bytes: UnsafeRawBufferPointer, _ visit: (String, Range<Int>) throws -> Void
  ) throws {
    try places(of: bytes) { key, value in try visit(string(bytes, key) ?? "", value) }
  }

  /// As `members`, with the byte range of each key, quotes included.
  package static func places(
    of bytes: UnsafeRawBufferPointer, _ visit: (Range<Int>, Range<Int>) throws -> Void
  ) throws {
    var scanner = JSONScanner(bytes)
    guard scanner.take("{") else { throw Malformed() }
    if !scanner.take("}") {
      repeat {
        let key = try scanner.skipValue()
        guard bytes[key.lowerBound] == UInt8(ascii: "\""), scanner.take(":") else {
          throw Malformed()
        }
        try visit(key, try scanner.skipValue())
      } while scanner.take(",")
      guard scanner.take("}") else { throw Malformed() }
    }
    scanner.skipSpace()
    guard scanner.at == bytes.count else { throw Malformed() }
  }

  /// Whether the key at `range`, quotes included, is this one.
  package static func isKey(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ name: String
  ) -> Bool {
    let inner = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
    var name = name
    let isSame = name.withUTF8 { name in
      guard inner.count == name.count, let start = inner.baseAddress, let other = name.baseAddress
      else { return inner.isEmpty && name.isEmpty }
      return memcmp(start, other, name.count) == 0
    }
    if isSame { return true }
    // Escaped, for whatever reason.
    guard inner.contains(UInt8(ascii: "\\")) else { return false }
    return string(bytes, range) == name
  }

  /// The byte ranges of the elements of an array; empty if `range` holds no array.
  package static func elements(of bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> [Range<
    Int
  >] {
    var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[range]))
    guard scanner.take("["), !scanner.take("]") else { return [] }
    var elements: [Range<Int>] = []
    repeat {
      guard let element = try? scanner.skipValue() else { return elements }
      elements.append(
        element.lowerBound + range.lowerBound..<element.upperBound + range.lowerBound)
    } while scanner.take(",")
    return elements
  }

  /// The text of a JSON string at `range`, escapes resolved; nil if there is no string.
  /// A lone surrogate becomes U+FFFD, as does invalid UTF-8.
  package static func string(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String? {
    guard range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
    let inner = UnsafeRawBufferPointer(
      rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
    guard let start = inner.baseAddress,
      memchr(start, Int32(UInt8(ascii: "\\")), inner.count) != nil
    else { return String(decoding: inner, as: UTF8.self) }
    return unescaped(inner)
  }

  private static func unescaped(_ bytes: UnsafeRawBufferPointer) -> String {
    var units: [UInt16] = []
    var text = ""
    var plain: [UInt8] = []
    func flushUnits() {
      text += String(decoding: units, as: UTF16.self)
      units.removeAll()
    }
    func flushPlain() {
      text += String(decoding: plain, as: UTF8.self)
      plain.removeAll()
    }
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        if !units.isEmpty { flushUnits() }
        plain.append(bytes[index])
        index += 1
        continue
      }
      if !plain.isEmpty { flushPlain() }
      if bytes[index + 1] == UInt8(ascii: "u"), index + 6 <= bytes.count,
        let unit = UInt16(String(decoding: bytes[index + 2..<index + 6], as: UTF8.self), radix: 16)
      {
        units.append(unit)
        index += 6
      } else {
        units.append(UInt16(escapes[bytes[index + 1]] ?? bytes[index + 1]))
        index += 2
      }
    }
    flushUnits()
    flushPlain()
    return text
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
  ]

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func skipValue() throws -> Range<Int> {
    skipSpace()
    let start = at
    var depth = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { return try nonEmpty(start) }
        depth -= 1
        at += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { return try nonEmpty(start) }
        at += 1
      default: at += 1
      }
      if depth == 0, ends(bytes[at - 1]) { return start..<at }
    }
    throw Malformed()
  }

  /// After a quote or a closing bracket on the top level a value is complete.
  private func ends(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
  }

  private func nonEmpty(_ start: Int) throws -> Range<Int> {
    var end = at
    while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
    guard end > start else { throw Malformed() }
    return start..<end
  }

  private mutating func skipString() throws {
    at += 1
    while at < bytes.count, let base = bytes.baseAddress {
      guard let quote = memchr(base + at, Int32(UInt8(ascii: "\"")), bytes.count - at) else {
        break
      }
      let end = UnsafeRawPointer(quote) - base
      var backslashes = 0
      while end - backslashes > at, bytes[end - 1 - backslashes] == UInt8(ascii: "\\") {
        backslashes += 1
      }
      at = end + 1
      if backslashes.isMultiple(of: 2) { return }
    }
    throw Malformed()
  }
}
