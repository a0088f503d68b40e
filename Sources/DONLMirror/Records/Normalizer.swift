/// Turns the bytes of one record into a dataset. Pure; the field table is its only knowledge.
struct Normalizer: Sendable {
  private let keys: RecordKeys
  private let recordBytesMax: Int
  private let churn: ChurnKeys

  /// - Parameters:
  ///   - churn: What does not count in the hash.
  ///   - recordBytesMax: A larger record is rejected (default 32 MiB).
  init(
    fields: FieldTable, churn: ChurnKeys = .standard, recordBytesMax: Int = 32 << 20
  ) {
    self.churn = churn
    keys = RecordKeys(fields)
    self.recordBytesMax = recordBytesMax
  }

  /// Reads one record of a page.
  ///
  /// Whatever can be read is read: an odd value costs its column at most. Only a record that is
  /// not JSON, or does not say which dataset it is, is rejected.
  func normalize(_ record: ArraySlice<UInt8>) throws(Rejection) -> Dataset {
    var tools = Tools(
      reader: JSONReader(bytesMax: recordBytesMax), writer: CanonicalWriter(.content(churn)))
    return try normalize(record, with: &tools)
  }

  /// Reads every record of a page, each on its own, in the order as served.
  func normalize(_ page: Page) -> [Result<Dataset, Rejection>] {
    let read = reader()
    return page.records.indices.map { read(page[$0]) }
  }

  /// Reads records one after the other, with what need not be allocated anew for each.
  func reader() -> (ArraySlice<UInt8>) -> Result<Dataset, Rejection> {
    var tools = Tools(
      reader: JSONReader(bytesMax: recordBytesMax), writer: CanonicalWriter(.content(churn)))
    return { record in
      Result { () throws(Rejection) -> Dataset in
        try normalize(record, with: &tools)
      }
    }
  }

  /// What is kept from record to record, so as not to be allocated anew.
  private struct Tools {
    var reader: JSONReader
    var writer: CanonicalWriter
  }

  private func normalize(_ record: ArraySlice<UInt8>, with tools: inout Tools) throws(Rejection)
    -> Dataset
  {
    let outcome: Result<Dataset, Rejection>
    do throws(JSONFault) {
      outcome = try tools.reader.read(record) { document in
        Result { () throws(Rejection) -> Dataset in
          try dataset(of: document, record, with: &tools.writer)
        }
      }
    } catch {
      throw Rejection(
        datasetID: Self.shownID(in: record), reason: error.reason, detail: error.detail,
        record: record)
    }
    var read = try outcome.get()
    read.isRepaired = tools.reader.needsRepair
    read.lostNumbers = tools.reader.lostNumbers
    return read
  }

  private func dataset(
    of document: JSONDocument, _ record: ArraySlice<UInt8>, with writer: inout CanonicalWriter
  ) throws(Rejection) -> Dataset {
    guard document.kind(document.root) == .object else {
      throw Rejection(
        reason: .notAnObject, detail: "byte \(document[document.root].start): not an object",
        record: record)
    }
    let id = try id(of: document, record)
    var reader = RecordReader(document, keys)
    reader.read()
    let hash = ContentHash.hash(of: document, by: &writer)
    return Dataset(
      id: id, texts: RecordTexts(record: record, decoded: Array(document.decoded.bytes)),
      content: reader.content, keys: keys, contentHash: hash)
  }

  private func id(of document: JSONDocument, _ record: ArraySlice<UInt8>) throws(Rejection)
    -> String
  {
    var sent: Int?
    for key in document.keys(of: document.root) where document.key(key).equals("id") {
      sent = document.value(ofKey: key)
    }
    guard let sent, document.kind(sent) != .null else {
      throw Rejection(reason: .noID, detail: "the record has no id", record: record)
    }
    let text = document.text(sent)
    guard document.kind(sent) == .string, Dataset.isID(text) else {
      let what =
        document.kind(sent) == .string ? Self.fault(ofID: text) : "an id that is no text"
      throw Rejection(
        reason: .badID, detail: "byte \(document[sent].start): \(what)", record: record)
    }
    return text
  }

  private static func fault(ofID text: String) -> String {
    let length = text.utf8.count
    guard (1...Dataset.idBytesMax).contains(length) else {
      return "an id of \(counted(length, "byte")), 1 to \(Dataset.idBytesMax) are taken"
    }
    return "an id with a control character or half a character in it"
  }

  private static func shownID(in record: ArraySlice<UInt8>) -> String? {
    record.withView { PageScanner(bytes: $0).id }
  }
}

extension Rejection {
  fileprivate init(reason: Reason, detail: String, record: ArraySlice<UInt8>) {
    self.init(datasetID: nil, reason: reason, detail: detail, record: record)
  }
}
