/// The outermost members of a record: their values as canonical JSON by their keys, both as bytes, because
/// Swift's strings are equal that are only composed differently.
typealias RecordMembers = [[UInt8]: [UInt8]]

extension RecordMembers {
  init(_ document: JSONDocument, by rule: CanonicalWriter.Rule) {
    self.init()
    var writer = CanonicalWriter(rule)
    for key in document.keys(of: document.root) where writer.keeps(key, of: document) {
      writer.restart()
      writer.writeMember(key, of: document)
      self[Array(document.key(key).buffer)] = Array(writer.output)
    }
  }

  /// - Throws: where the bytes are no JSON; what is no object has no members.
  init(_ record: some ByteHolder, by rule: CanonicalWriter.Rule) throws(JSONFault) {
    var reader = JSONReader()
    self = try reader.read(record) { RecordMembers($0, by: rule) }
  }

  /// One object, its keys in the order of their bytes.
  var json: [UInt8] {
    let out = ByteWriter(capacity: 512)
    out.append(.openBrace)
    for (index, key) in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).enumerated() {
      if index > 0 { out.append(.comma) }
      key.withView { JSONText.write($0, into: out) }
      out.append(.colon)
      self[key]?.withView { out.append(contentsOf: $0.buffer) }
    }
    out.append(.closeBrace)
    return Array(out.bytes)
  }
}

/// A record as it was once, by what `changes.before` keeps.
enum PastRecord {
  /// What is known of a record, as one line of JSON that every reader takes: keys sorted and each once,
  /// no white space, NaN as null, half a surrogate pair as U+FFFD.
  static func line(of record: some ByteHolder) throws(JSONFault) -> [UInt8] {
    var reader = JSONReader(bytesMax: .max)
    return try reader.read(record) { document in
      var writer = CanonicalWriter(.everything)
      writer.write(document)
      return Array(writer.output)
    }
  }

  /// The record before some changes.
  ///
  /// What churns is not remembered. Of the outermost members that do, only `metadata_modified` is there,
  /// as the feed has it; in members that the changes left alone it is as it is now.
  ///
  /// - Parameters:
  ///   - record: as it is after them.
  ///   - changes: what they keep of before, the earliest first.
  ///   - stamp: `metadata_modified` then, as the feed has it.
  static func line(
    of record: some ByteHolder, before changes: [[UInt8]], stamp: String?, without churn: ChurnKeys
  ) throws(JSONFault) -> [UInt8] {
    var members = try RecordMembers(record, by: .everything)
    members = members.filter { key, _ in
      key.withView { !churn.drops($0, at: .record) }
    }
    for change in changes.reversed() {
      for (key, value) in try RecordMembers(change, by: .everything) { members[key] = value }
    }
    members = members.filter { $0.value != Self.null }
    // CKAN's stamps have no zone.
    if let stamp { members[Self.modified] = Array("\"\(stamp.prefix { $0 != "Z" })\"".utf8) }
    return members.json
  }

  private static let null = Array("null".utf8)
  private static let modified = Array("metadata_modified".utf8)
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
