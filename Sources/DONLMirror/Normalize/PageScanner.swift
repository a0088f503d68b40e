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
