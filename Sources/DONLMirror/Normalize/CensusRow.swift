/// What a census learns of one dataset.
struct CensusRow: Sendable, Hashable {
  var id: String
  /// In the form of the column `metadata_modified`; nil when it was not sent or is no date.
  var metadataModified: String?
}

extension Page {
  /// The id of a record, also of one that cannot be read otherwise; nil when it shows none.
  func id(ofRecord index: Int) -> String? {
    bytes.withView { body in
      PageScanner(bytes: body[records[index]]).id
    }
  }

  /// The rows of an answer to `fl=id,metadata_modified`; nil stands for a record without an id.
  var censusRows: [CensusRow?] {
    bytes.withView { body in
      records.map { range in
        let scanner = PageScanner(bytes: body[range])
        guard let id = scanner.id else { return nil }
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
    guard let sent = string(named: "id"),
      let id = String(validating: sent, as: UTF8.self), Dataset.isID(id)
    else { return nil }
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
