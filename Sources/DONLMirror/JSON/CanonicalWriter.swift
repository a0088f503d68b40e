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

extension ChurnKeys {
  /// - Parameter element: of `extras`, a pair of `key` and `value`.
  fileprivate func dropsExtra(_ element: Int, of document: JSONDocument) -> Bool {
    guard document.kind(element) == .object else { return false }
    for key in document.keys(of: element) where document.key(key).equals("key") {
      let name = document.value(ofKey: key)
      guard document.kind(name) == .string else { continue }
      let text = Array(document.text(name).utf8)
      if text.withView({ dropsExtra($0) }) { return true }
    }
    return false
  }
}

/// The keys that change without meaning, by where they stand (docs/contract.md, `content_hash`): those of CKAN,
/// and those that the operator of the mirror names for one portal.
struct ChurnKeys: Sendable {
  /// What an object is of.
  enum Place: UInt8 {
    case elsewhere = 0
    case record = 1
    case resource = 2
    /// An element of tags, groups or extras, or the organization.
    case part = 4
  }

  /// CKAN's.
  static let standard = ChurnKeys(besides: [])

  /// As `portal.churn-keys` names them, sorted.
  let own: [String]
  private let table: KeyTable
  private let places: [UInt8]
  /// Keys of extras as their `key` says.
  private let extras: KeyTable?

  /// - Parameter own: `KEY`, `resources.KEY` and `extras.KEY`.
  init(besides own: [String]) {
    self.own = Set(own).sorted()
    var places: [String: UInt8] = [:]
    for (key, at) in Self.ckan { places[key] = at.reduce(0) { $0 | $1.rawValue } }
    var extras: [String] = []
    for key in self.own {
      if let name = Self.rest(of: key, after: "extras.") {
        extras.append(name)
      } else if let name = Self.rest(of: key, after: "resources.") {
        places[name, default: 0] |= Place.resource.rawValue
      } else {
        places[key, default: 0] |= Place.record.rawValue
      }
    }
    let keys = places.keys.sorted()
    table = KeyTable(keys)
    self.places = keys.map { places[$0] ?? 0 }
    self.extras = extras.isEmpty ? nil : KeyTable(extras)
  }

  /// - Parameter version: as `meta.hash_version` has it.
  /// - Returns: nil when this program hashes by another rule.
  init?(version: String) {
    let parts = version.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0] == "\(ContentHash.version)" else { return nil }
    self.init(besides: parts.dropFirst().first?.split(separator: ",").map(String.init) ?? [])
  }

  /// Names the rule of the hashes (`meta.hash_version`): `1`, or `1+KEY,KEY`.
  var version: String {
    "\(ContentHash.version)" + (own.isEmpty ? "" : "+" + own.joined(separator: ","))
  }

  /// Whether an operator can name this key.
  static func isKey(_ key: String) -> Bool {
    let isPlain = key.unicodeScalars.allSatisfy {
      !$0.isUnsafeToShow && !$0.properties.isWhitespace && $0 != "," && $0 != "+"
    }
    return isPlain && (1...200).contains(key.utf8.count) && !reserved.contains(key)
  }

  /// By the first two a dataset is known; of the others only a part can churn.
  private static let reserved: Set = [
    "id", "name", "resources", "resources.", "extras", "extras.", "tags", "groups", "organization",
  ]

  func drops(_ key: ByteView, at place: Place) -> Bool {
    guard place != .elsewhere, let index = table.index(of: key) else { return false }
    return places[index] & place.rawValue != 0
  }

  var hasExtras: Bool { extras != nil }

  /// - Parameter key: the `key` of an extra.
  func dropsExtra(_ key: ByteView) -> Bool { extras?.index(of: key) != nil }

  private static func rest(of key: String, after prefix: String) -> String? {
    key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil
  }

  private static let ckan: [(String, [Place])] = [
    ("created", [.resource]),
    ("id", [.resource, .part]),
    ("link_status_last_checked", [.resource]),
    ("metadata_modified", [.record, .resource]),
    ("package_id", [.resource, .part]),
    ("resource_group_id", [.resource]),
    ("revision_id", [.record, .resource, .part]),
    ("revision_timestamp", [.record, .resource, .part]),
    ("tracking_summary", [.record, .resource]),
  ]
}

/// What two versions of a record have in common.
enum RecordComparison {
  /// The outermost keys whose content differs, sorted, and what they had (`changes.before`); churn, null
  /// and `""` do not count.
  static func change(
    from old: some ByteHolder, to new: some ByteHolder, without churn: ChurnKeys = .standard
  ) throws(JSONFault) -> (fields: [String], before: String) {
    let new = try contents(of: new, churn)
    var reader = JSONReader()
    return try reader.read(old) { old in
      let contents = contents(of: old, churn)
      let changed = Set(contents.keys).union(new.keys).filter { contents[$0] != new[$0] }
        .sorted { $0.lexicographicallyPrecedes($1) }
      var members: RecordMembers = [:]
      var writer = CanonicalWriter(.withoutChurn(churn))
      for key in changed { members[key] = Array("null".utf8) }
      for key in old.keys(of: old.root) {
        let name = Array(old.key(key).buffer)
        guard members[name] != nil else { continue }
        writer.restart()
        writer.writeMember(key, of: old)
        members[name] = Array(writer.output)
      }
      return (
        changed.map { $0.withView(\.text) }, String(decoding: members.json, as: UTF8.self)
      )
    }
  }

  /// True when the two are the same JSON value, churn included: they differ at most in spelling
  /// (the order of keys, space, escapes).
  static func isSameValue(
    _ one: some ByteHolder, _ other: some ByteHolder
  ) throws(JSONFault) -> Bool {
    if one.withView({ one in other.withView { one.isEqual(to: $0) } }) { return true }
    return try canonical(one) == canonical(other)
  }

  private static func canonical(_ record: some ByteHolder) throws(JSONFault) -> [UInt8] {
    var reader = JSONReader()
    return try reader.read(record) { document in
      var writer = CanonicalWriter(.everything)
      writer.write(document)
      return Array(writer.output)
    }
  }

  private static func contents(
    of record: some ByteHolder, _ churn: ChurnKeys
  ) throws(JSONFault) -> RecordMembers {
    var reader = JSONReader()
    return try reader.read(record) { contents(of: $0, churn) }
  }

  private static func contents(of document: JSONDocument, _ churn: ChurnKeys) -> RecordMembers {
    RecordMembers(document, by: .content(churn))
  }
}
