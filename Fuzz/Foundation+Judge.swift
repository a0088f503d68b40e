import Foundation

/// Foundation's opinion of JSON, beside which ours is held.
enum Judge {
  /// The value, or nil where Foundation refuses the bytes.
  static func value(of bytes: [UInt8]) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
  }

  /// True where Foundation would not take the bytes for UTF-8, or would look past a mark at their
  /// beginning: it guesses the encoding from the first four bytes.
  static func guessesEncoding(of bytes: [UInt8]) -> Bool {
    bytes.prefix(4).contains(0) || [0xEF, 0xFE, 0xFF].contains(bytes.first)
  }

  /// True where keys may be equal to Foundation and not to us: a Swift dictionary takes keys for
  /// equal that differ only in the composition of their characters.
  static func mayConfuseKeys(of bytes: [UInt8]) -> Bool {
    bytes.contains { $0 >= 0x80 } || bytes.withView { $0.contains("\\u") }
  }

  /// True where Foundation may take a comma that nothing follows, as it does in objects.
  static func mayTakeTrailingComma(in bytes: [UInt8]) -> Bool {
    bytes.withView { bytes in
      (0..<bytes.count).contains { index in
        guard bytes[index] == .comma else { return false }
        let next = bytes.skippingSpace(from: index + 1)
        return next < bytes.count && [.closeBrace, .closeBracket].contains(bytes[next])
      }
    }
  }

  /// True when the node says what Foundation says.
  static func agrees(_ value: Any, with node: Int, of document: JSONDocument) -> Bool {
    switch document.kind(node) {
    case .null: return value is NSNull
    case .true: return value as? Bool == true
    case .false: return value as? Bool == false
    case .number:
      // Foundation reads long integers as decimals and is off by a little.
      guard let mine = Double(document.text(node)), let other = value as? NSNumber else {
        return false
      }
      return abs(mine - other.doubleValue) <= abs(mine) * 1e-12
    case .string: return value as? String == document.text(node)
    case .array:
      guard let values = value as? [Any] else { return false }
      let elements = Array(document.elements(of: node))
      return elements.count == values.count
        && zip(values, elements).allSatisfy { agrees($0, with: $1, of: document) }
    case .object:
      guard let values = value as? [String: Any] else { return false }
      let keys = Array(document.keys(of: node))
      return keys.count == values.count
        && keys.allSatisfy { key in
          guard let value = values[document.key(key).text] else { return false }
          return agrees(value, with: document.value(ofKey: key), of: document)
        }
    }
  }
}

extension ByteView {
  func contains(_ text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    return (0...(count - text.utf8CodeUnitCount)).contains {
      self[$0..<($0 + text.utf8CodeUnitCount)].equals(text)
    }
  }
}
