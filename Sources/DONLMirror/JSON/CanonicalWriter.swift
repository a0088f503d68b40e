/// Writes records in the one form that equal content has (docs/contract.md, `content_hash`).
struct CanonicalWriter {
  enum Rule {
    /// Without churn, null and `""`, and not over the order of tags, groups and extras.
    case content(ChurnKeys)
    /// What was sent, without churn; only spelling is made equal.
    case withoutChurn(ChurnKeys)
    /// Everything that was sent; only spelling is made equal.
    case everything
  }

  /// What has been written, UTF-8; until something else is written.
  var output: UnsafeRawBufferPointer { buffer.bytes }

  private let buffer = ByteWriter()

  /// Nil writes everything.
  private let churn: ChurnKeys?
  /// Null and `""` are as good as absent, and order means nothing where it means nothing.
  private let isContent: Bool
  private var frames: [Frame] = []
  private let decoded = ByteWriter(capacity: 256)

  /// A container that is being written.
  private struct Frame {
    var isObject: Bool
    /// The place in the list of members, or the next element.
    var cursor: Int
    var end: Int
    var isFirst = true
    var place: ChurnKeys.Place
  }

  init(_ rule: Rule) {
    switch rule {
    case .content(let churn), .withoutChurn(let churn): self.churn = churn
    case .everything: churn = nil
    }
    isContent = if case .content = rule { true } else { false }
  }

  /// Forgets what has been written and makes room for a record of so many bytes.
  mutating func restart(expecting bytes: Int = 0) {
    buffer.removeLast(buffer.count)
    buffer.reserve(bytes)
  }

  /// Gives back what one huge record has taken.
  func letGo() { buffer.letGo() }

  /// Writes the whole record.
  mutating func write(_ document: JSONDocument) {
    guard document.kind(document.root) == .object else {
      return write(document.root, of: document)
    }
    buffer.append(.openBrace)
    var isFirst = true
    for key in document.keys(of: document.root) where keeps(key, of: document) {
      if !isFirst { buffer.append(.comma) }
      isFirst = false
      writeKey(key, of: document)
      writeMember(key, of: document)
    }
    buffer.append(.closeBrace)
  }

  /// True when the outermost member counts as content.
  func keeps(_ key: Int, of document: JSONDocument) -> Bool {
    guard let churn else { return true }
    return !isAbsent(document.value(ofKey: key), of: document)
      && !churn.drops(document.key(key), at: .record)
  }

  /// Writes the value of an outermost member.
  mutating func writeMember(_ key: Int, of document: JSONDocument) {
    let value = document.value(ofKey: key)
    let name = document.key(key)
    guard churn != nil else { return write(value, of: document) }
    switch document.kind(value) {
    case .array where name.equals("resources"):
      writeElements(of: value, of: document, at: .resource, sorted: false)
    case .array where name.equals("extras") && churn?.hasExtras == true:
      writeElements(of: value, of: document, at: .part, sorted: isContent) { [churn] element in
        churn?.dropsExtra(element, of: document) == true
      }
    case .array where name.equals("tags") || name.equals("groups") || name.equals("extras"):
      writeElements(of: value, of: document, at: .part, sorted: isContent)
    case .object where name.equals("organization"):
      write(value, of: document, at: .part)
    default:
      write(value, of: document)
    }
  }

  private mutating func writeElements(
    of array: Int, of document: JSONDocument, at place: ChurnKeys.Place, sorted: Bool,
    without isDropped: (Int) -> Bool = { _ in false }
  ) {
    let start = buffer.count
    var elements: [Range<Int>] = []
    buffer.append(.openBracket)
    for element in document.elements(of: array) where !isDropped(element) {
      if buffer.count > start + 1 { buffer.append(.comma) }
      let begin = buffer.count
      write(element, of: document, at: place)
      if sorted { elements.append((begin - start)..<(buffer.count - start)) }
    }
    buffer.append(.closeBracket)
    if elements.count > 1 { sort(elements, from: start) }
  }

  /// Puts the elements of the array that was written at `start` in the order of their bytes.
  private mutating func sort(_ elements: [Range<Int>], from start: Int) {
    let written = Array(output[start...])
    buffer.removeLast(buffer.count - start)
    written.withView { view in
      buffer.append(.openBracket)
      for element in elements.sorted(by: { view[$0].precedes(view[$1]) }) {
        if buffer.count > start + 1 { buffer.append(.comma) }
        buffer.append(contentsOf: view[element].buffer)
      }
      buffer.append(.closeBracket)
    }
  }

  /// Writes a value without recursion; what churns at `place` is dropped of the value itself, not of
  /// what it holds.
  private mutating func write(
    _ value: Int, of document: JSONDocument, at place: ChurnKeys.Place = .elsewhere
  ) {
    if writeScalar(value, of: document) { return }
    frames.removeAll(keepingCapacity: true)
    open(value, of: document, at: place)
    while let frame = frames.popLast() {
      if frame.isObject {
        writeMembers(frame, of: document)
      } else {
        writeElements(frame, of: document)
      }
    }
  }

  private mutating func open(
    _ container: Int, of document: JSONDocument, at place: ChurnKeys.Place = .elsewhere
  ) {
    let node = document[container]
    if node.kind == .object {
      buffer.append(.openBrace)
      let start = Int(node.members)
      frames.append(
        Frame(isObject: true, cursor: start, end: start + Int(node.memberCount), place: place))
    } else {
      buffer.append(.openBracket)
      frames.append(
        Frame(isObject: false, cursor: container + 1, end: Int(node.next), place: .elsewhere))
    }
  }

  /// Goes on with an object up to its end, or to a container in it that comes first.
  private mutating func writeMembers(_ frame: Frame, of document: JSONDocument) {
    var frame = frame
    while frame.cursor < frame.end {
      let key = Int(document.members[frame.cursor])
      let value = document.value(ofKey: key)
      frame.cursor += 1
      if let churn,
        isAbsent(value, of: document) || churn.drops(document.key(key), at: frame.place)
      {
        continue
      }
      if !frame.isFirst { buffer.append(.comma) }
      frame.isFirst = false
      writeKey(key, of: document)
      if !writeScalar(value, of: document) {
        frames.append(frame)
        return open(value, of: document)
      }
    }
    buffer.append(.closeBrace)
  }

  /// Goes on with an array up to its end, or to a container in it that comes first.
  private mutating func writeElements(_ frame: Frame, of document: JSONDocument) {
    var frame = frame
    while frame.cursor < frame.end {
      let element = frame.cursor
      frame.cursor = Int(document[element].next)
      if !frame.isFirst { buffer.append(.comma) }
      frame.isFirst = false
      if !writeScalar(element, of: document) {
        frames.append(frame)
        return open(element, of: document)
      }
    }
    buffer.append(.closeBracket)
  }

  private mutating func writeKey(_ key: Int, of document: JSONDocument) {
    let node = document[key]
    if node.isPooled {
      JSONText.write(document.key(key), into: buffer)
    } else {
      writeQuoted(node, of: document)
    }
    buffer.append(.colon)
  }

  /// Writes anything but a container.
  private mutating func writeScalar(_ value: Int, of document: JSONDocument) -> Bool {
    let node = document[value]
    switch node.kind {
    case .object, .array: return false
    case .string where node.hasEscapes:
      decoded.removeAll()
      JSONText.decode(document.raw(value), into: decoded)
      JSONText.write(decoded.view, into: buffer)
    case .string: writeQuoted(node, of: document)
    // NaN is read as null.
    case .null: buffer.append("null")
    case .false, .true, .number: buffer.append(contentsOf: document.raw(value).buffer)
    }
    return true
  }

  /// Copies a string with its quotes: without a backslash it holds nothing that needs one.
  private mutating func writeQuoted(_ node: JSONNode, of document: JSONDocument) {
    let quoted = Int(node.start) - 1..<Int(node.end) + 1
    buffer.append(contentsOf: document.bytes[quoted].buffer)
  }

  private func isAbsent(_ value: Int, of document: JSONDocument) -> Bool {
    guard isContent else { return false }
    let node = document[value]
    return node.kind == .null || node.kind == .string && node.start == node.end
  }
}
