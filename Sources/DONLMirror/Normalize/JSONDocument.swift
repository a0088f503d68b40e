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
