/// Writes records in the one form that equal content has (CONTRACT, `content_hash`).
struct CanonicalWriter {
  enum Rule {
    /// Without churn, null and `""`, and not over the order of tags, groups and extras.
    case content
    /// Everything that was sent; only spelling is made equal.
    case everything
  }

  /// What has been written, UTF-8.
  private(set) var output: [UInt8] = []

  private let rule: Rule
  private var frames: [Frame] = []
  private var decoded: [UInt8] = []

  /// A container that is being written.
  private struct Frame {
    var isObject: Bool
    /// The place in the list of members, or the next element.
    var cursor: Int
    var end: Int
    var isFirst = true
    var churn: Churn
  }

  init(_ rule: Rule) { self.rule = rule }

  /// Forgets what has been written and makes room for a record of so many bytes.
  mutating func restart(expecting bytes: Int = 0) {
    output.removeAll(keepingCapacity: true)
    output.reserveCapacity(bytes)
  }

  /// Writes the whole record.
  mutating func write(_ document: JSONDocument) {
    guard document.kind(document.root) == .object else {
      return write(document.root, of: document)
    }
    output.append(.openBrace)
    var isFirst = true
    for key in document.keys(of: document.root) where keeps(key, of: document) {
      if !isFirst { output.append(.comma) }
      isFirst = false
      JSONText.write(document.key(key), into: &output)
      output.append(.colon)
      writeMember(key, of: document)
    }
    output.append(.closeBrace)
  }

  /// True when the outermost member counts as content.
  func keeps(_ key: Int, of document: JSONDocument) -> Bool {
    guard rule == .content else { return true }
    return !Self.isAbsent(document.value(ofKey: key), of: document)
      && !Churn.record.drops(document.key(key))
  }

  /// Writes the value of an outermost member.
  mutating func writeMember(_ key: Int, of document: JSONDocument) {
    let value = document.value(ofKey: key)
    let name = document.key(key)
    guard rule == .content else { return write(value, of: document) }
    switch document.kind(value) {
    case .array where name.equals("resources"):
      writeElements(of: value, of: document, dropping: .resource, sorted: false)
    case .array where name.equals("tags") || name.equals("groups") || name.equals("extras"):
      writeElements(of: value, of: document, dropping: .part, sorted: true)
    case .object where name.equals("organization"):
      write(value, of: document, dropping: .part)
    default:
      write(value, of: document)
    }
  }

  private mutating func writeElements(
    of array: Int, of document: JSONDocument, dropping churn: Churn, sorted: Bool
  ) {
    let start = output.count
    var elements: [Range<Int>] = []
    output.append(.openBracket)
    for element in document.elements(of: array) {
      if output.count > start + 1 { output.append(.comma) }
      let begin = output.count
      write(element, of: document, dropping: churn)
      if sorted { elements.append((begin - start)..<(output.count - start)) }
    }
    output.append(.closeBracket)
    if elements.count > 1 { sort(elements, from: start) }
  }

  /// Puts the elements of the array that was written at `start` in the order of their bytes.
  private mutating func sort(_ elements: [Range<Int>], from start: Int) {
    let written = Array(output[start...])
    output.removeLast(output.count - start)
    written.withView { view in
      output.append(.openBracket)
      for element in elements.sorted(by: { view[$0].precedes(view[$1]) }) {
        if output.count > start + 1 { output.append(.comma) }
        output.append(contentsOf: view[element].buffer)
      }
      output.append(.closeBracket)
    }
  }

  /// Writes a value without recursion; `churn` is dropped of the value itself, not of what it holds.
  private mutating func write(
    _ value: Int, of document: JSONDocument, dropping churn: Churn = .nothing
  ) {
    frames.removeAll(keepingCapacity: true)
    begin(value, of: document, dropping: churn)
    while let top = frames.indices.last {
      if frames[top].isObject {
        continueObject(top, of: document)
      } else {
        continueArray(top, of: document)
      }
    }
  }

  private mutating func begin(_ value: Int, of document: JSONDocument, dropping churn: Churn) {
    let node = document[value]
    switch node.kind {
    case .object:
      output.append(.openBrace)
      let start = Int(node.members)
      frames.append(
        Frame(isObject: true, cursor: start, end: start + Int(node.memberCount), churn: churn))
    case .array:
      output.append(.openBracket)
      frames.append(
        Frame(isObject: false, cursor: value + 1, end: Int(node.next), churn: .nothing))
    case .string:
      writeString(document.raw(value), hasEscapes: node.hasEscapes)
    case .null, .false, .true, .number:
      output.append(contentsOf: document.raw(value).buffer)
    }
  }

  private mutating func continueObject(_ top: Int, of document: JSONDocument) {
    while frames[top].cursor < frames[top].end {
      let key = Int(document.members[frames[top].cursor])
      frames[top].cursor += 1
      let name = document.key(key)
      let value = document.value(ofKey: key)
      if rule == .content, Self.isAbsent(value, of: document) || frames[top].churn.drops(name) {
        continue
      }
      separate(top)
      JSONText.write(name, into: &output)
      output.append(.colon)
      return begin(value, of: document, dropping: .nothing)
    }
    output.append(.closeBrace)
    frames.removeLast()
  }

  private mutating func continueArray(_ top: Int, of document: JSONDocument) {
    let element = frames[top].cursor
    guard element < frames[top].end else {
      output.append(.closeBracket)
      frames.removeLast()
      return
    }
    frames[top].cursor = Int(document[element].next)
    separate(top)
    begin(element, of: document, dropping: .nothing)
  }

  private mutating func separate(_ top: Int) {
    if !frames[top].isFirst { output.append(.comma) }
    frames[top].isFirst = false
  }

  private mutating func writeString(_ raw: ByteView, hasEscapes: Bool) {
    guard hasEscapes else {
      // A string without a backslash holds nothing that needs one.
      output.append(.quote)
      output.append(contentsOf: raw.buffer)
      output.append(.quote)
      return
    }
    decoded.removeAll(keepingCapacity: true)
    JSONText.decode(raw, into: &decoded)
    decoded.withView { JSONText.write($0, into: &output) }
  }

  private static func isAbsent(_ value: Int, of document: JSONDocument) -> Bool {
    let node = document[value]
    return node.kind == .null || node.kind == .string && node.start == node.end
  }
}
