/// What a census learns of one dataset.
struct CensusRow: Sendable, Hashable {
  var id: String
  /// In the form of the column `metadata_modified`; nil when it was not sent or is no date.
  var metadataModified: String?
}

extension Page {
  /// The rows of an answer to `fl=id,metadata_modified`; nil stands for a record without an id.
  var censusRows: [CensusRow?] {
    bytes.withView { body in
      zip(records, ids).map { range, id in
        guard let id else { return nil }
        let scanner = PageScanner(bytes: body[range])
        let stamp = scanner.string(named: "metadata_modified")
        let date = stamp.flatMap { stamp in stamp.withView { PortalDate($0) } }
        return CensusRow(id: id, metadataModified: date?.stamp)
      }
    }
  }
}

extension Page {
  /// Whether a record holds what slim rows hold and nothing else: the answer to another question, as
  /// a cache may give it that does not mind the query.
  var holdsSlimRow: Bool {
    bytes.withView { body in
      records.contains { range in
        var keys: [String] = []
        let scanner = PageScanner(bytes: body[range])
        _ = try? scanner.eachMember(of: 0) { (key, value) throws(PageError) -> Int in
          keys.append(key.text)
          guard keys.count < 3 else { throw .truncated(bytes: 0) }
          return try scanner.endOfValue(at: value)
        }
        return Set(keys) == ["id", "metadata_modified"]
      }
    }
  }
}

extension PageScanner {
  /// The id that a record shows, if it could be one.
  var id: String? {
    guard let sent = string(named: "id") else { return nil }
    return Dataset.id(from: sent)
  }
}

extension ByteView {
  /// The id that the text between the quotes of a JSON string says, if it could be one.
  var id: String? {
    guard quoteOrBackslash(from: 0) == count else { return Dataset.id(from: decoded) }
    return Dataset.id(from: buffer)
  }
}

extension Dataset {
  fileprivate static func id(from sent: some Collection<UInt8>) -> String? {
    guard let id = String(validating: sent, as: UTF8.self), isID(id) else { return nil }
    return id
  }
}

extension Dataset {
  /// Ids longer than this are none (CKAN's are 36 bytes).
  static let idBytesMax = 200

  /// Two ids must not become one, so none holds U+FFFD, which stands for what was repaired; and an
  /// id goes into queries and into the log, so none holds a control character.
  static func isID(_ text: String) -> Bool {
    (1...idBytesMax).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{7F}" && $0 != "\u{FFFD}" }
  }
}
