/// A record that has been read: its nodes over its bytes, lent for the length of a call.
struct JSONDocument {
  let bytes: ByteView
  let nodes: UnsafeBufferPointer<JSONNode>
  let members: UnsafeBufferPointer<UInt32>
  let pool: ByteView
  /// Takes the texts that stand elsewhere than in `bytes`, for `TextRange`.
  let decoded: ByteWriter

  /// The index of the outermost value.
  var root: Int { 0 }

  subscript(node: Int) -> JSONNode {
    precondition(UInt(bitPattern: node) < UInt(bitPattern: nodes.count))
    return nodes[node]
  }

  func kind(_ node: Int) -> JSONNode.Kind { self[node].kind }

  /// The bytes as sent: a string without its quotes and with its escapes, anything else whole.
  func raw(_ node: Int) -> ByteView { bytes[self[node].range] }

  /// What a key says.
  func key(_ node: Int) -> ByteView {
    let node = self[node]
    return node.isPooled ? pool[node.range] : bytes[node.range]
  }

  /// The text of a string, or the JSON as sent of anything else; valid UTF-8 without NUL.
  func text(_ node: Int) -> String {
    let raw = raw(node)
    // Without an escape there is no U+0000: the reader refuses the bare character.
    guard self[node].hasEscapes else { return raw.string }
    let decoded = ByteWriter(capacity: raw.count)
    JSONText.decode(raw, into: decoded)
    return decoded.view.text
  }

  /// Where the same text stands: in the record, or decoded behind it.
  func range(_ node: Int) -> TextRange {
    let range = self[node].range
    guard self[node].hasEscapes else {
      return TextRange(start: range.lowerBound, count: range.count)
    }
    let start = decoded.count
    JSONText.decode(bytes[range], into: decoded)
    let text = decoded.view[start..<decoded.count]
    if text.holdsNUL {
      let repaired = text.text
      decoded.removeLast(decoded.count - start)
      return keep(repaired)
    }
    return TextRange(start: bytes.count + start, count: text.count)
  }

  /// Keeps a text without NUL that the record does not hold.
  func keep(_ text: String) -> TextRange {
    text.withView { text in
      decoded.append(contentsOf: text.buffer)
      return TextRange(start: bytes.count + decoded.count - text.count, count: text.count)
    }
  }

  /// What a key says, as `ByteView.text` has it.
  func range(ofKey key: Int) -> TextRange {
    let node = self[key]
    guard node.isPooled else {
      return TextRange(start: Int(node.start), count: Int(node.end - node.start))
    }
    return keep(self.key(key).text)
  }

  /// The texts of the ranges above.
  var texts: LentTexts { LentTexts(record: bytes, decoded: decoded.view) }

  /// Absent in all but form: null, `""`, `[]` or `{}`.
  func isEmpty(_ node: Int) -> Bool {
    switch self[node].kind {
    case .null: true
    case .string: self[node].start == self[node].end
    case .array, .object: self[node].next == node + 1
    case .false, .true, .number: false
    }
  }

  /// The value of a member whose key is at `key`.
  func value(ofKey key: Int) -> Int { key + 1 }

  /// The keys of an object in the order of their bytes; nothing when it is no object.
  func keys(of object: Int) -> Keys {
    let node = self[object]
    guard node.kind == .object else { return Keys(document: self, place: 0, end: 0) }
    return Keys(
      document: self, place: Int(node.members), end: Int(node.members) + Int(node.memberCount))
  }

  /// The elements of an array in their order; nothing when it is no array.
  func elements(of array: Int) -> Elements {
    let node = self[array]
    guard node.kind == .array else { return Elements(document: self, node: 0, end: 0) }
    return Elements(document: self, node: array + 1, end: Int(node.next))
  }

  /// The value of the member of that name, unless it is empty.
  func member(_ name: StaticString, of object: Int) -> Int? {
    for key in keys(of: object) where self.key(key).equals(name) {
      let value = value(ofKey: key)
      return isEmpty(value) ? nil : value
    }
    return nil
  }

  struct Keys: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var place: Int
    fileprivate let end: Int

    mutating func next() -> Int? {
      guard place < end, place < document.members.count else { return nil }
      defer { place += 1 }
      return Int(document.members[place])
    }
  }

  struct Elements: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var node: Int
    fileprivate let end: Int

    mutating func next() -> Int? {
      guard node < end else { return nil }
      defer { node = Int(document[node].next) }
      return node
    }
  }
}

/// One value or one key of a record, as a range of the record's bytes.
///
/// The nodes of a record stand in one array in the order of the text: a container is followed by
/// what it holds, a key by its value.
struct JSONNode {
  enum Kind: UInt8 {
    case null, `false`, `true`, number, string, array, object

    static let count = 7
  }

  var kind: Kind
  /// A string with backslashes in it.
  var hasEscapes = false
  /// The text stands decoded in the pool (keys with escapes), and the range is one of the pool.
  var isPooled = false
  /// A string without its quotes; anything else whole.
  var start: UInt32
  var end: UInt32
  /// The index of the node after this one and all it holds.
  var next: UInt32 = 0
  /// Of an object: where its members begin in the list of members.
  var members: UInt32 = 0
  /// Of an object: how many members it has, each key counted once.
  var memberCount: UInt32 = 0

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// Why bytes are no record.
struct JSONFault: Error, Equatable {
  var reason: Rejection.Reason
  /// The byte where it shows, from 0.
  var offset: Int
  /// What was found there.
  var what: String

  var detail: String { "byte \(offset): \(what)" }
}

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
