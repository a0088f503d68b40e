/// What two versions of a record have in common.
enum RecordComparison {
  /// The outermost keys whose content differs, sorted; churn, null and `""` do not count.
  static func changedFields(
    from old: some ByteHolder, to new: some ByteHolder, without churn: ChurnKeys = .standard
  ) throws(JSONFault) -> [String] {
    let (old, new) = (try contents(of: old, churn), try contents(of: new, churn))
    let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }
    return changed.sorted { $0.lexicographicallyPrecedes($1) }.map { $0.withView(\.text) }
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
  ) throws(JSONFault) -> [[UInt8]: [UInt8]] {
    var reader = JSONReader()
    return try reader.read(record) { document in
      // Keys by their bytes: Swift's strings are equal that are only composed differently.
      var contents: [[UInt8]: [UInt8]] = [:]
      var writer = CanonicalWriter(.content(churn))
      for key in document.keys(of: document.root) where writer.keeps(key, of: document) {
        writer.restart()
        writer.writeMember(key, of: document)
        contents[Array(document.key(key).buffer)] = Array(writer.output)
      }
      return contents
    }
  }
}
