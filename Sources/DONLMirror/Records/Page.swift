/// The records of one answer, as byte ranges of its body. No record has been judged yet.
struct Page: Sendable, Equatable {
  /// The body as received.
  let bytes: [UInt8]
  /// How many records the portal says match the search; nil when the answer does not say.
  private(set) var count: Int?
  /// One range of `bytes` for each record, in the order as served.
  private(set) var records: [Range<Int>] = []
  /// The id that each record shows, also one that cannot be read otherwise; nil when it shows none.
  private(set) var ids: [String?] = []
  /// The order that the portal says it served, e.g. `id asc`.
  private(set) var sort: String?

  /// Splits the body of an answer into its records.
  ///
  /// Takes the envelope of `package_search`, the same without envelope (API 2), a `result` that is
  /// a list (DKAN) and a `result` that is one record (`package_show`).
  init(body: [UInt8]) throws(PageError) {
    bytes = body
    try body.withView { (bytes) throws(PageError) in try split(bytes) }
  }

  /// The bytes of a record.
  subscript(index: Int) -> ArraySlice<UInt8> { bytes[records[index]] }

  private mutating func split(_ view: ByteView) throws(PageError) {
    let scanner = PageScanner(bytes: view)
    let start = view.skippingSpace(from: view.hasByteOrderMark ? 3 : 0)
    guard start < view.count else { throw .truncated(bytes: view.count) }
    guard view[start] == .openBrace else {
      // CKAN answers a bad request with a bare JSON string; a web server with a page of HTML.
      guard view[start] == .quote || view[start] == .openBracket else {
        throw scanner.fault(at: start)
      }
      throw .wrongShape("expected an object, got \(view.excerpt(from: start))")
    }

    var answer = Answer()
    let end = try scanner.eachMember(of: start) { (key, value) throws(PageError) -> Int in
      let end: Int
      if key.equals("result") {
        answer.hasResult = true
        end = try splitResult(at: value, by: scanner, into: &answer)
      } else {
        end = try read(key, at: value, by: scanner, into: &answer)
        let bytes = view[value..<end]
        if key.equals("success"), bytes.equals("false") { answer.isRefusal = true }
        if key.equals("error") { answer.error = bytes.excerpt() }
      }
      return end
    }
    let rest = view.skippingSpace(from: end)
    guard rest == view.count else { throw scanner.fault(at: rest) }
    if answer.isRefusal { throw .unsuccessful(excerpt: answer.error) }
    guard answer.hasRecords else {
      throw .wrongShape(answer.hasResult ? "result holds no records" : "no result")
    }
  }

  private struct Answer {
    var isRefusal = false
    var error = ""
    var hasResult = false
    var hasRecords = false
  }

  private mutating func splitResult(
    at value: Int, by scanner: PageScanner, into answer: inout Answer
  ) throws(PageError) -> Int {
    guard value < scanner.bytes.count else { throw .truncated(bytes: scanner.bytes.count) }
    switch scanner.bytes[value] {
    case .openBracket: return try splitList(at: value, by: scanner, into: &answer)
    case .openBrace: break
    default: return try scanner.endOfValue(at: value)
    }
    var hasID = false
    let end = try scanner.eachMember(of: value) { (key, value) throws(PageError) -> Int in
      if key.equals("id") { hasID = true }
      return try read(key, at: value, by: scanner, into: &answer)
    }
    if hasID, !answer.hasRecords {
      records = [value..<end]
      ids = [PageScanner(bytes: scanner.bytes[value..<end]).id]
      answer.hasRecords = true
    }
    return end
  }

  /// Reads a member that may stand inside the envelope or without one.
  private mutating func read(
    _ key: ByteView, at value: Int, by scanner: PageScanner, into answer: inout Answer
  ) throws(PageError) -> Int {
    let bytes = scanner.bytes
    if key.equals("results"), value < bytes.count, bytes[value] == .openBracket {
      return try splitList(at: value, by: scanner, into: &answer)
    }
    let end = try scanner.endOfValue(at: value)
    if key.equals("count") {
      count = Int(bytes[value..<end].text).flatMap { $0 >= 0 ? $0 : nil }
    } else if key.equals("sort"), bytes[value] == .quote {
      sort = bytes[(value + 1)..<(end - 1)].text
    }
    return end
  }

  private mutating func splitList(
    at value: Int, by scanner: PageScanner, into answer: inout Answer
  ) throws(PageError) -> Int {
    let (ranges, ids, end) = try scanner.records(of: value)
    records = ranges
    self.ids = ids
    answer.hasRecords = true
    return end
  }
}

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
