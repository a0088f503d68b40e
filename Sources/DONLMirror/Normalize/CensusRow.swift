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
        return CensusRow(id: id, metadataModified: stamp.flatMap { PortalDate($0)?.stamp })
      }
    }
  }
}

extension PageScanner {
  /// The id that a record shows, if it could be one.
  var id: String? {
    guard let sent = string(named: "id") else { return nil }
    var decoded: [UInt8] = []
    JSONText.decode(sent, into: &decoded)
    guard let id = String(validating: decoded, as: UTF8.self), Dataset.isID(id) else { return nil }
    return id.unicodeScalars.contains { $0.value < 0x20 } ? nil : id
  }
}

extension Dataset {
  /// Ids longer than this are none (CKAN's are 36 bytes).
  static let idBytesMax = 200

  static func isID(_ text: String) -> Bool { (1...idBytesMax).contains(text.utf8.count) }
}
