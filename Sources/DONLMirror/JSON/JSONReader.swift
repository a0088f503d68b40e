/// Reads one record strictly by RFC 8259, but for NaN and Infinity, into a flat list of nodes,
/// without recursion.
///
/// The lists are kept from record to record, so that reading a page allocates next to nothing.
struct JSONReader {
  /// Containers within containers, as Foundation allows them.
  static let depthMax = 512

  private(set) var nodes: [JSONNode] = []
  /// The keys of each object, in the order of their bytes, each key once: the last one sent wins.
  private(set) var members: [UInt32] = []
  /// The decoded text of keys that hold escapes.
  private let pool = ByteWriter(capacity: 256)
  /// Texts that stand elsewhere than in the record, for the rows that are read out of it.
  private let decoded = ByteWriter()
  /// True when a string holds U+0000 or half a surrogate pair, or a number is none.
  private(set) var needsRepair = false

  /// How many values were NaN or infinite; each counts as null.
  private(set) var lostNumbers = 0

  private let bytesMax: Int
  private var open: [Int] = []
  private var order = MemberOrder()

  /// - Parameter bytesMax: The largest record taken, in bytes (default 32 MiB).
  init(bytesMax: Int = 32 << 20) {
    self.bytesMax = min(bytesMax, Int(UInt32.max) - 1)
  }

  /// Reads the record and lends it out.
  mutating func read<Result>(_ record: some ByteHolder, _ body: (JSONDocument) -> Result)
    throws(JSONFault) -> Result
  {
    defer { letGo() }
    return try record.withView { (bytes) throws(JSONFault) -> Result in
      try read(bytes)
      return nodes.withUnsafeBufferPointer { nodes in
        members.withUnsafeBufferPointer { members in
          body(
            JSONDocument(
              bytes: bytes, nodes: nodes, members: members, pool: pool.view, decoded: decoded))
        }
      }
    }
  }

  /// Gives back what one huge record has taken.
  private mutating func letGo() {
    pool.letGo()
    decoded.letGo()
    guard nodes.capacity > Self.keptNodes else { return }
    nodes = []
    members = []
  }

  private static let keptNodes = 1 << 16

  private mutating func read(_ bytes: ByteView) throws(JSONFault) {
    nodes.removeAll(keepingCapacity: true)
    members.removeAll(keepingCapacity: true)
    pool.removeAll()
    decoded.removeAll()
    open.removeAll(keepingCapacity: true)
    needsRepair = false
    lostNumbers = 0
    guard bytes.count <= bytesMax else {
      throw JSONFault(
        reason: .tooLarge, offset: bytesMax,
        what: "\(counted(bytes.count, "byte")), at most \(bytesMax)")
    }

    // A record of a register has a node for every fifteen bytes or so.
    nodes.reserveCapacity(bytes.count / 12)
    members.reserveCapacity(bytes.count / 24)
    var index = try readValue(at: bytes.skippingSpace(from: 0), of: bytes)
    while let container = open.last {
      let isObject = nodes[container].kind == .object
      index = bytes.skippingSpace(from: index)
      guard index < bytes.count else { throw .cut(at: index) }
      switch bytes[index] {
      case .comma where nodes.count > container + 1:
        index = bytes.skippingSpace(from: index + 1)
        if isObject { index = try readKey(at: index, of: bytes) }
        index = try readValue(at: index, of: bytes)
      case .closeBrace where isObject, .closeBracket where !isObject:
        index += 1
        close(container, at: index, of: bytes)
      case _ where nodes.count == container + 1:
        // The container has just been opened: its first member or element.
        if isObject { index = try readKey(at: index, of: bytes) }
        index = try readValue(at: index, of: bytes)
      case let byte: throw .unexpected(byte, at: index)
      }
    }
    index = bytes.skippingSpace(from: index)
    guard index == bytes.count else {
      throw JSONFault(reason: .badJSON, offset: index, what: "bytes after the record")
    }
  }

  private mutating func readKey(at index: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    guard index < bytes.count else { throw .cut(at: index) }
    guard bytes[index] == .quote else { throw .unexpected(bytes[index], at: index) }
    var index = try readString(at: index, of: bytes)
    poolKey(nodes.count - 1, of: bytes)
    index = bytes.skippingSpace(from: index)
    guard index < bytes.count else { throw .cut(at: index) }
    guard bytes[index] == .colon else { throw .unexpected(bytes[index], at: index) }
    return bytes.skippingSpace(from: index + 1)
  }

  /// Reads a scalar whole, or opens a container; returns the index after it.
  private mutating func readValue(at index: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    guard index < bytes.count else { throw .cut(at: index) }
    switch bytes[index] {
    case .quote: return try readString(at: index, of: bytes)
    case .openBrace: return try open(.object, at: index)
    case .openBracket: return try open(.array, at: index)
    case 0x6E: return try readLiteral("null", .null, at: index, of: bytes)
    case 0x66: return try readLiteral("false", .false, at: index, of: bytes)
    case 0x74: return try readLiteral("true", .true, at: index, of: bytes)
    // Python's json writes them, and JSON has none: the value is lost, and the record is not.
    case 0x4E: return try readNoNumber("NaN", at: index, of: bytes)
    case 0x49: return try readNoNumber("Infinity", at: index, of: bytes)
    case 0x2D where index + 1 < bytes.count && bytes[index + 1] == 0x49:
      return try readNoNumber("-Infinity", at: index, of: bytes)
    case 0x2D, 0x30...0x39: return try readNumber(at: index, of: bytes)
    case let byte: throw .unexpected(byte, at: index)
    }
  }

  private mutating func open(_ kind: JSONNode.Kind, at index: Int) throws(JSONFault) -> Int {
    guard open.count < Self.depthMax else {
      throw JSONFault(
        reason: .tooDeep, offset: index, what: "more than \(Self.depthMax) levels deep")
    }
    open.append(nodes.count)
    append(kind, index, index + 1)
    return index + 1
  }

  private mutating func close(_ container: Int, at end: Int, of bytes: ByteView) {
    open.removeLast()
    nodes[container].end = UInt32(truncatingIfNeeded: end)
    nodes[container].next = UInt32(truncatingIfNeeded: nodes.count)
    guard nodes[container].kind == .object else { return }
    order.sort(membersOf: container, in: nodes, bytes: bytes, pool: pool.view)
    nodes[container].members = UInt32(truncatingIfNeeded: members.count)
    order.append(to: &members)
    nodes[container].memberCount =
      UInt32(truncatingIfNeeded: members.count) - nodes[container].members
  }

  private mutating func append(
    _ kind: JSONNode.Kind, _ start: Int, _ end: Int, hasEscapes: Bool = false
  ) {
    nodes.append(
      JSONNode(
        kind: kind, hasEscapes: hasEscapes, start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: end), next: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  /// A key with escapes is compared by what it says, so it is decoded at once.
  private mutating func poolKey(_ key: Int, of bytes: ByteView) {
    guard nodes[key].hasEscapes else { return }
    let start = pool.count
    JSONText.decode(bytes[nodes[key].range], into: pool)
    nodes[key].isPooled = true
    nodes[key].hasEscapes = false
    nodes[key].start = UInt32(truncatingIfNeeded: start)
    nodes[key].end = UInt32(truncatingIfNeeded: pool.count)
  }

  private mutating func readString(at quote: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    var index = quote + 1
    var hasEscapes = false
    while true {
      index = bytes.endOfPlainText(from: index)
      guard index < bytes.count else { throw .cut(at: index) }
      switch bytes[index] {
      case .quote:
        append(.string, quote + 1, index, hasEscapes: hasEscapes)
        return index + 1
      case .backslash:
        hasEscapes = true
        index = try readEscape(at: index, of: bytes)
      case let byte where byte < 0x20:
        throw JSONFault(
          reason: .badText, offset: index, what: "lone \(byte.escaped) in a string")
      case let byte:
        guard let length = bytes.sequenceLength(at: index) else {
          throw JSONFault(
            reason: .badText, offset: index, what: "\(byte.escaped) begins no UTF-8 character")
        }
        index += length
      }
    }
  }

  private mutating func readEscape(at index: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    guard index + 1 < bytes.count else { throw .cut(at: bytes.count) }
    switch bytes[index + 1] {
    case .quote, .backslash, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return index + 2
    case 0x75:
      guard let unit = JSONText.unit(at: index + 2, of: bytes) else {
        guard index + 6 <= bytes.count else { throw .cut(at: bytes.count) }
        throw JSONFault(reason: .badJSON, offset: index, what: "\\u without four digits")
      }
      if unit >> 10 == 0x36, JSONText.lowSurrogate(at: index + 6, of: bytes) != nil {
        return index + 12
      }
      if unit == 0 || unit >> 11 == 0x1B { needsRepair = true }
      return index + 6
    case let byte: throw .unexpected(byte, at: index + 1)
    }
  }

  private mutating func readLiteral(
    _ literal: StaticString, _ kind: JSONNode.Kind, at index: Int, of bytes: ByteView
  ) throws(JSONFault) -> Int {
    let end = index + literal.utf8CodeUnitCount
    guard end <= bytes.count else { throw .cut(at: bytes.count) }
    guard bytes[index..<end].equals(literal) else { throw .unexpected(bytes[index], at: index) }
    append(kind, index, end)
    return end
  }

  private mutating func readNoNumber(
    _ literal: StaticString, at index: Int, of bytes: ByteView
  ) throws(JSONFault) -> Int {
    let end = try readLiteral(literal, .null, at: index, of: bytes)
    lostNumbers += 1
    needsRepair = true
    return end
  }

  private mutating func readNumber(at start: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    var index = start
    if bytes[index] == 0x2D { index += 1 }
    if index < bytes.count, bytes[index] == 0x30 {
      index += 1
    } else {
      index = try digits(from: index, of: bytes)
    }
    if index < bytes.count, bytes[index] == 0x2E {
      index = try digits(from: index + 1, of: bytes)
    }
    if index < bytes.count, bytes[index] | 0x20 == 0x65 {
      index += 1
      if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
      index = try digits(from: index, of: bytes)
    }
    append(.number, start, index)
    return index
  }

  private func digits(from start: Int, of bytes: ByteView) throws(JSONFault) -> Int {
    var index = start
    while index < bytes.count, bytes[index].isDigit { index += 1 }
    if index > start { return index }
    guard index < bytes.count else { throw .cut(at: index) }
    throw JSONFault(reason: .badJSON, offset: index, what: "a number without a digit here")
  }
}

extension JSONFault {
  fileprivate static func cut(at offset: Int) -> JSONFault {
    JSONFault(reason: .badJSON, offset: offset, what: "the record ends here")
  }

  fileprivate static func unexpected(_ byte: UInt8, at offset: Int) -> JSONFault {
    JSONFault(reason: .badJSON, offset: offset, what: "unexpected \(byte.escaped)")
  }
}

extension UInt8 {
  /// The byte for a person: `{` or `\x1f`.
  var escaped: String {
    if (0x20..<0x7F).contains(self) { return String(UnicodeScalar(self)) }
    let digits = String(self, radix: 16)
    return "\\x" + (digits.count < 2 ? "0" : "") + digits
  }
}

/// Puts the members of one object in the order of their keys, and forgets those sent again later.
struct MemberOrder {
  private struct Entry {
    /// The first eight bytes of the key, so that most comparisons are one of numbers.
    var prefix: UInt64
    var key: UInt32
  }

  /// Up to here insertion beats the general sort, and nearly every object is smaller.
  private static let insertionMax = 24

  private var entries: [Entry] = []

  /// Sorts the members of the object, which has just been read to its end.
  mutating func sort(membersOf object: Int, in nodes: [JSONNode], bytes: ByteView, pool: ByteView) {
    entries.removeAll(keepingCapacity: true)
    let keys = Keys(nodes: nodes, bytes: bytes, pool: pool)
    var key = object + 1
    while key < nodes.count {
      entries.append(Entry(prefix: keys.text(key).prefix, key: UInt32(truncatingIfNeeded: key)))
      key = Int(nodes[key + 1].next)
    }
    sort(by: keys)
    dropRepeated(keys)
  }

  func append(to members: inout [UInt32]) {
    for entry in entries { members.append(entry.key) }
  }

  private mutating func sort(by keys: Keys) {
    guard entries.count <= Self.insertionMax else {
      return entries.sort { keys.precedes($0, $1) }
    }
    for index in entries.indices.dropFirst() {
      let entry = entries[index]
      var place = index
      while place > 0, keys.precedes(entry, entries[place - 1]) {
        entries[place] = entries[place - 1]
        place -= 1
      }
      entries[place] = entry
    }
  }

  private mutating func dropRepeated(_ keys: Keys) {
    var kept = 0
    for index in entries.indices {
      let entry = entries[index]
      if kept > 0, entries[kept - 1].prefix == entry.prefix,
        !keys.text(Int(entries[kept - 1].key)).precedes(keys.text(Int(entry.key)))
      {
        kept -= 1
      }
      entries[kept] = entry
      kept += 1
    }
    entries.removeLast(entries.count - kept)
  }

  private struct Keys {
    let nodes: [JSONNode]
    let bytes: ByteView
    let pool: ByteView

    func text(_ key: Int) -> ByteView {
      let node = nodes[key]
      return node.isPooled ? pool[node.range] : bytes[node.range]
    }

    /// Of equal keys the one sent first comes first.
    func precedes(_ one: Entry, _ other: Entry) -> Bool {
      if one.prefix != other.prefix { return one.prefix < other.prefix }
      let (key, otherKey) = (text(Int(one.key)), text(Int(other.key)))
      if key.precedes(otherKey) { return true }
      return one.key < other.key && !otherKey.precedes(key)
    }
  }
}

extension ByteView {
  /// The first eight bytes as a number that sorts as they do; what is missing counts as zero.
  fileprivate var prefix: UInt64 {
    if count >= 8 { return word(at: 0).byteSwapped }
    var prefix: UInt64 = 0
    for index in 0..<count { prefix |= UInt64(self[index]) << (56 - 8 * UInt64(index)) }
    return prefix
  }
}
