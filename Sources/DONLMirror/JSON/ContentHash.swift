import Crypto

/// The hash by which content is told from churn (docs/contract.md, `content_hash`).
enum ContentHash {
  /// Names the rule: another rule is another number. The keys that an operator names come behind it
  /// (`ChurnKeys.version`).
  static let version = 1

  /// The hash of a record as received, lower-case hex.
  static func hash(
    of record: some ByteHolder, without churn: ChurnKeys = .standard
  ) throws(JSONFault) -> String {
    var reader = JSONReader()
    var writer = CanonicalWriter(.content(churn))
    return try reader.read(record) { document in hash(of: document, by: &writer) }
  }

  /// - Parameter writer: A writer of content; it is restarted here.
  static func hash(of document: JSONDocument, by writer: inout CanonicalWriter) -> String {
    // The canonical form is never longer than what was sent.
    writer.restart(expecting: document.bytes.count)
    writer.write(document)
    defer { writer.letGo() }
    var hash = SHA256()
    hash.update(bufferPointer: writer.output)
    return hash.finalize().hex
  }
}
