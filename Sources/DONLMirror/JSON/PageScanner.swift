/// Finds where values begin and end in an answer, without judging what is inside.
///
/// Only strings, their escapes and brackets are looked at, so a record with bad text, bad numbers
/// or a thousand levels does not disturb its neighbors. Nothing here recurses.
struct PageScanner {
  let bytes: ByteView

  /// The index after the value that begins at `start`.
  func endOfValue(at start: Int) throws(PageError) -> Int {
    guard start < bytes.count else { throw .truncated(bytes: bytes.count) }
    switch bytes[start] {
    case .quote: return try endOfString(at: start)
    case .openBrace, .openBracket: return try endOfContainer(at: start)
    default: return try endOfScalar(at: start)
    }
  }

  /// The index after the closing quote of the string whose quote is at `start`.
  func endOfString(at start: Int) throws(PageError) -> Int {
    var index = start + 1
    while true {
      index = bytes.quoteOrBackslash(from: index)
      guard index < bytes.count else { throw .truncated(bytes: bytes.count) }
      if bytes[index] == .quote { return index + 1 }
      index += 2
    }
  }

  /// Calls `body` with the key (as sent, without quotes) and the place of each member's value.
  ///
  /// `body` returns the index after the value.
  /// - Returns: The index after the object that begins at `start`.
  func eachMember(
    of start: Int, _ body: (_ key: ByteView, _ value: Int) throws(PageError) -> Int
  ) throws(PageError) -> Int {
    var index = bytes.skippingSpace(from: start + 1)
    if index < bytes.count, bytes[index] == .closeBrace { return index + 1 }
    while true {
      try expect(.quote, at: index)
      let keyEnd = try endOfString(at: index)
      let key = bytes[(index + 1)..<(keyEnd - 1)]
      index = bytes.skippingSpace(from: keyEnd)
      try expect(.colon, at: index)
      index = try body(key, bytes.skippingSpace(from: index + 1))
      index = bytes.skippingSpace(from: index)
      if index < bytes.count, bytes[index] == .closeBrace { return index + 1 }
      try expect(.comma, at: index)
      index = bytes.skippingSpace(from: index + 1)
    }
  }

  /// The ranges of the records in the array that begins at `start`, the id that each shows, and the
  /// index after it; in one pass.
  func records(
    of start: Int
  ) throws(PageError) -> (ranges: [Range<Int>], ids: [String?], end: Int) {
    var ranges: [Range<Int>] = []
    var ids: [String?] = []
    var index = bytes.skippingSpace(from: start + 1)
    if index < bytes.count, bytes[index] == .closeBracket { return (ranges, ids, index + 1) }
    while true {
      let (end, id) = try record(at: index)
      ranges.append(index..<end)
      ids.append(id)
      index = bytes.skippingSpace(from: end)
      if index < bytes.count, bytes[index] == .closeBracket { return (ranges, ids, index + 1) }
      try expect(.comma, at: index)
      index = bytes.skippingSpace(from: index + 1)
    }
  }

  private func record(at start: Int) throws(PageError) -> (end: Int, id: String?) {
    if start < bytes.count, bytes[start] == .openBrace {
      var sent: Range<Int>?
      let end = try? eachMember(of: start) { (key, value) throws(PageError) -> Int in
        let end = try endOfValue(at: value)
        if key.says("id") { sent = bytes[value] == .quote ? (value + 1)..<(end - 1) : nil }
        return end
      }
      if let end { return (end, sent.flatMap { bytes[$0].id }) }
    }
    // A broken record ends where its brackets do, and may show an id before it breaks.
    let end = try endOfValue(at: start)
    return (end, PageScanner(bytes: bytes[start..<end]).id)
  }

  func fault(at offset: Int) -> PageError {
    .notJSON(offset: offset, excerpt: bytes.excerpt(from: offset))
  }

  private func expect(_ byte: UInt8, at index: Int) throws(PageError) {
    guard index < bytes.count else { throw .truncated(bytes: bytes.count) }
    guard bytes[index] == byte else { throw fault(at: index) }
  }

  private func endOfContainer(at start: Int) throws(PageError) -> Int {
    var depth = 0
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case .quote:
        index = try endOfString(at: index)
        continue
      case .openBrace, .openBracket: depth += 1
      case .closeBrace, .closeBracket:
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    throw .truncated(bytes: bytes.count)
  }

  private func endOfScalar(at start: Int) throws(PageError) -> Int {
    var index = start
    scan: while index < bytes.count {
      switch bytes[index] {
      case .comma, .closeBrace, .closeBracket, 0x20, 0x0A, 0x0D, 0x09: break scan
      default: index += 1
      }
    }
    guard index > start else { throw fault(at: start) }
    return index
  }
}

extension PageScanner {
  /// What the outermost member of that name says when it is a string; the last one counts.
  ///
  /// Works on broken records too, as far as they can be followed. The text is not validated.
  func string(named name: StaticString) -> [UInt8]? {
    let start = bytes.skippingSpace(from: 0)
    guard start < bytes.count, bytes[start] == .openBrace else { return nil }
    var found: ByteView?
    // A broken record is followed up to where it breaks; what was found until then counts.
    _ = try? eachMember(of: start) { (key, value) throws(PageError) -> Int in
      let end = try endOfValue(at: value)
      if key.says(name) {
        found = bytes[value] == .quote ? bytes[(value + 1)..<(end - 1)] : nil
      }
      return end
    }
    return found?.decoded
  }
}

extension PageScanner {
  /// The outermost member of that name as it was sent; the last one counts.
  func value(named name: StaticString) -> [UInt8]? {
    let start = bytes.skippingSpace(from: 0)
    guard start < bytes.count, bytes[start] == .openBrace else { return nil }
    var found: Range<Int>?
    _ = try? eachMember(of: start) { (key, value) throws(PageError) -> Int in
      let end = try endOfValue(at: value)
      if key.says(name) { found = value..<end }
      return end
    }
    return found.map { Array(bytes[$0].buffer) }
  }
}

extension ByteView {
  /// What the text between the quotes of a JSON string says.
  var decoded: [UInt8] {
    let decoded = ByteWriter(capacity: count)
    JSONText.decode(self, into: decoded)
    return Array(decoded.bytes)
  }

  /// True when the key says the name, with whichever escapes.
  fileprivate func says(_ name: StaticString) -> Bool {
    if equals(name) { return true }
    guard quoteOrBackslash(from: 0) < count else { return false }
    return decoded.withView { $0.equals(name) }
  }
}

/// Why an answer is no page of records.
enum PageError: Error, Sendable, Equatable {
  /// The bytes end inside the answer (`bytes`: how many came). Asking again may help.
  case truncated(bytes: Int)
  /// Not JSON; the excerpt shows the first bytes, or those around the fault.
  case notJSON(offset: Int, excerpt: String)
  /// JSON, but not as CKAN answers; says what was expected.
  case wrongShape(String)
  /// CKAN's envelope says `success: false`; the excerpt shows its `error`.
  case unsuccessful(excerpt: String)
}

extension ByteView {
  /// Up to 200 bytes from `offset` on for a person, control characters escaped.
  func excerpt(from offset: Int = 0) -> String {
    let start = min(max(offset, 0), count)
    let text = String(decoding: self[start..<min(start + 200, count)].buffer, as: UTF8.self)
    var excerpt = ""
    for scalar in text.unicodeScalars {
      if let byte = UInt8(exactly: scalar.value), byte < 0x20 || byte == 0x7F {
        excerpt += byte.escaped
      } else {
        excerpt.unicodeScalars.append(scalar)
      }
    }
    return excerpt
  }
}

/// CKAN's envelope (`{"help": …, "success": true, "result": …}`) seen from outside: where its
/// members lie, without reading them. It does not validate what it skips.
struct Envelope {
  private let bytes: ByteView
  private var position: Int
  /// True once the closing brace of the object has been passed.
  private var isClosed = false

  /// Nil when the text does not begin as a JSON object.
  private init?(_ bytes: ByteView) {
    self.bytes = bytes
    position = bytes.skippingSpace(from: bytes.hasByteOrderMark ? 3 : 0)
    guard take(.openBrace) else { return nil }
  }

  /// The bytes of a top-level member's value, as sent; nil when there is none or the text ends
  /// before the value does. Reads no further than that value.
  static func value(of name: StaticString, in bytes: [UInt8]) -> Range<Int>? {
    bytes.withView { view in
      guard var envelope = Envelope(view) else { return nil }
      while let member = envelope.next() {
        if member.name.equals(name) { return member.value }
      }
      return nil
    }
  }

  /// Whether the text begins as a JSON object.
  static func begins(_ bytes: [UInt8]) -> Bool { bytes.withView { Envelope($0) != nil } }

  /// True when the text is one object from its first brace to its last, with nothing behind it.
  static func isWhole(_ bytes: [UInt8]) -> Bool {
    bytes.withView { view in
      guard var envelope = Envelope(view) else { return false }
      while envelope.next() != nil {}
      return envelope.isClosed && view.skippingSpace(from: envelope.position) == view.count
    }
  }

  /// What `success` says; nil when it says nothing or is no boolean.
  static func success(in bytes: [UInt8]) -> Bool? {
    guard let value = value(of: "success", in: bytes) else { return nil }
    return bytes[value].withView { $0.equals("true") ? true : $0.equals("false") ? false : nil }
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// The next member: its name as spelled, without quotes, and its value. Nil at the end, and
  /// where the text is no JSON any more. A comma too few is no reason to stop.
  private mutating func next() -> (name: ByteView, value: Range<Int>)? {
    let scanner = PageScanner(bytes: bytes)
    _ = take(.comma)
    if take(.closeBrace) {
      isClosed = true
      return nil
    }
    let key = position
    guard take(.quote), let keyEnd = try? scanner.endOfString(at: key) else { return nil }
    position = bytes.skippingSpace(from: keyEnd)
    guard take(.colon) else { return nil }
    let start = bytes.skippingSpace(from: position)
    guard let end = try? scanner.endOfValue(at: start) else { return nil }
    // What ends with the text may go on behind it, unless something closed it.
    let isClosed = [.quote, .openBrace, .openBracket].contains(bytes[start])
    guard isClosed || end < bytes.count else { return nil }
    position = bytes.skippingSpace(from: end)
    return (bytes[(key + 1)..<(keyEnd - 1)], start..<end)
  }

  /// Goes behind the byte, and the space behind that.
  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    if byte != .quote { position = bytes.skippingSpace(from: position) }
    return true
  }
}
