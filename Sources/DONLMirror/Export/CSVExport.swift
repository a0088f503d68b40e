import Foundation

#if os(Linux)
  import CLinux
#endif

/// Tables as RFC 4180 has them: commas, CRLF, quotes where needed. NULL is nothing, an empty text is `""`.
struct CSVWriter {
  /// A quote before what a spreadsheet would take for a formula.
  var isForSpreadsheets = false

  func writeHead(_ table: MirrorTable, into out: ByteWriter) {
    // Without it Excel reads UTF-8 as something else.
    if isForSpreadsheets { out.append("\u{FEFF}") }
    for (index, column) in table.columns.enumerated() {
      if index > 0 { out.append(.comma) }
      column.name.withView { out.append(contentsOf: $0.buffer) }
    }
    out.append("\r\n")
  }

  func write(_ row: Statement.Columns, columns: Int, into out: ByteWriter) {
    for index in 0..<columns {
      if index > 0 { out.append(.comma) }
      switch row.lent(Int32(index)) {
      case .null: break
      case .integer(let number): "\(number)".withView { out.append(contentsOf: $0.buffer) }
      case .text(let text): write(text, into: out)
      }
    }
    out.append("\r\n")
  }

  private func write(_ text: ByteView, into out: ByteWriter) {
    let isFormula = isForSpreadsheets && !text.isEmpty && Self.formulas.contains(text[0])
    guard isFormula || text.isEmpty || text.buffer.contains(where: Self.needsQuotes) else {
      return out.append(contentsOf: text.buffer)
    }
    out.append(.quote)
    if isFormula { out.append(UInt8(ascii: "'")) }
    var start = 0
    for index in 0..<text.count where text[index] == .quote {
      out.append(contentsOf: text[start..<index + 1].buffer)
      start = index
    }
    out.append(contentsOf: text[start..<text.count].buffer)
    out.append(.quote)
  }

  /// OWASP, "CSV Injection".
  private static let formulas = Set("=+-@\t\r\n".utf8)

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == .quote || byte == .comma || byte == 0x0A || byte == 0x0D
  }
}

extension Export {
  /// One table on a stream.
  func writeTable(_ snapshot: MirrorSnapshot, into sink: ExportSink) throws -> Int {
    let (scope, datasets) = try scope(snapshot)
    for table in try chosenTables(snapshot) {
      _ = try write(table, scope, of: snapshot, into: sink)
    }
    return datasets
  }

  /// A file for each table, and `datapackage.json` that describes them (Frictionless Data Package v1). The
  /// folder appears when all of it is whole.
  func csvFolder(_ snapshot: MirrorSnapshot) throws -> Summary {
    let folder = try ExportFolder(path: output ?? "")
    let (scope, datasets) = try scope(snapshot)
    let chosen = try chosenTables(snapshot)
    var package = DataPackage(snapshot)
    var bytes = 0
    for (index, table) in chosen.enumerated() {
      report(index, chosen.count)
      let file = folder.file("\(table.name).csv")
      let sink = try ExportSink(path: file)
      let rows = try write(table, scope, of: snapshot, into: sink)
      try sink.commit()
      bytes += sink.bytes
      package.add(table, rows: rows, bytes: sink.bytes)
    }
    let description = try ExportSink(path: folder.file(ExportFolder.mark))
    package.write(into: description.buffer)
    try description.commit()
    try folder.commit()
    return summary(snapshot.place, datasets: datasets, bytes: bytes + description.bytes)
  }

  private func write(
    _ table: MirrorTable, _ scope: MirrorScope, of snapshot: MirrorSnapshot, into sink: ExportSink
  ) throws -> Int {
    let writer = CSVWriter(isForSpreadsheets: isForSpreadsheets)
    var rows = 0
    writer.writeHead(table, into: sink.buffer)
    try snapshot.eachRow(of: table, scope) { row in
      writer.write(row, columns: table.columns.count, into: sink.buffer)
      try sink.drain()
      rows += 1
    }
    return rows
  }

  /// - Returns: which rows, and of how many datasets.
  private func scope(_ snapshot: MirrorSnapshot) throws -> (MirrorScope, datasets: Int) {
    guard let since, let changed = try changed(snapshot) else {
      return (.everything, try snapshot.liveCount())
    }
    return (try snapshot.scope(of: changed, since: since.seq), changed.count)
  }

  private func chosenTables(_ snapshot: MirrorSnapshot) throws -> [MirrorTable] {
    guard !tables.isEmpty else { return try snapshot.tables().filter { $0.name != "records" } }
    let names = try snapshot.tables().map(\.name)
    if let wrong = tables.first(where: { !names.contains($0) }) {
      throw Failure(
        .usage, reason: "usage",
        "There is no table \(wrong) to export; there are \(names.joined(separator: ", ")).")
    }
    return try snapshot.tables().filter { tables.contains($0.name) }
  }
}

/// A folder that appears when it is whole, and replaces only what an earlier export left.
private final class ExportFolder {
  static let mark = "datapackage.json"

  private let path: String
  private let temporary: String

  init(path: String) throws {
    self.path = path
    let place = URL(fileURLWithPath: path)
    temporary = DurableFile.temporaryName(of: place.path)
    let manager = FileManager.default
    if manager.fileExists(atPath: path) {
      let isOurs = try Self.isOurs(place)
      guard isOurs else {
        throw Failure(
          .cannotCreate, reason: "not_ours",
          "\(path) is there, and holds something else than an earlier export of csv; it was left as it is. Move "
            + "that away, or choose another name.")
      }
    }
    try? manager.removeItem(atPath: temporary)
    try Failure.check(mkdir(temporary, 0o755), "\(path) cannot be made")
  }

  deinit { try? FileManager.default.removeItem(atPath: temporary) }

  func file(_ name: String) -> String { "\(temporary)/\(name)" }

  func commit() throws {
    try DurableFile.sync(temporary)
    // In one step, so that there is always one of the two; what was there goes afterwards.
    if !Self.exchange(temporary, path) {
      // Nothing was there, or the file system cannot do it.
      try? FileManager.default.removeItem(atPath: path)
      try Failure.check(rename(temporary, path), "\(path) cannot be made")
    }
    try DurableFile.sync(URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }

  private static func exchange(_ one: String, _ other: String) -> Bool {
    #if os(Linux)
      exchange_names(one, other) == 0
    #else
      renamex_np(one, other, UInt32(RENAME_SWAP)) == 0
    #endif
  }

  /// An empty folder, or one with our description and our tables in it, and nothing else.
  private static func isOurs(_ place: URL) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.path) else {
      return false
    }
    guard !names.isEmpty else { return true }
    let tables = Set(MirrorTable.names.map { "\($0.name).csv" })
    guard names.allSatisfy({ $0 == mark || tables.contains($0) }) else { return false }
    let description = FileManager.default.contents(atPath: place.appendingPathComponent(mark).path)
    return description.map { String(decoding: $0, as: UTF8.self).contains(DataPackage.sign) }
      ?? false
  }
}

/// `datapackage.json` (specs.frictionlessdata.io, v1).
private struct DataPackage {
  static let sign = #""generator":"donl-mirror"#

  private let out = ByteWriter()
  private var line: JSONLine
  private var resources: [(table: MirrorTable, rows: Int, bytes: Int)] = []

  init(_ snapshot: MirrorSnapshot) {
    let place = snapshot.place
    line = JSONLine(out)
    line.add("profile", "tabular-data-package")
    line.add("name", "donl-mirror")
    line.add("title", "A mirror of \(place.source)")
    line.add("generator", "donl-mirror \(toolVersion)")
    line.add("epoch", place.epoch)
    line.add("seq", place.last)
    line.add(
      "licenses",
      json: #"[{"name":"CC0-1.0","path":"https://creativecommons.org/publicdomain/zero/1.0/"}]"#)
  }

  mutating func add(_ table: MirrorTable, rows: Int, bytes: Int) {
    resources.append((table, rows, bytes))
  }

  mutating func write(into file: ByteWriter) {
    let list = ByteWriter()
    list.append(.openBracket)
    for (index, resource) in resources.enumerated() {
      if index > 0 { list.append(.comma) }
      Self.write(resource.table, resource.rows, resource.bytes, into: list)
    }
    list.append(.closeBracket)
    line.add("resources", json: Array(list.bytes))
    line.close()
    file.append(contentsOf: out.bytes)
    file.append(0x0A)
  }

  private static func write(_ table: MirrorTable, _ rows: Int, _ bytes: Int, into out: ByteWriter) {
    var line = JSONLine(out)
    line.add("name", table.name)
    line.add("path", "\(table.name).csv")
    line.add("profile", "tabular-data-resource")
    line.add("format", "csv")
    line.add("mediatype", "text/csv")
    line.add("encoding", "utf-8")
    line.add("rows", rows)
    line.add("bytes", bytes)
    line.add("dialect") { dialect in
      dialect.add("delimiter", ",")
      dialect.add("lineTerminator", "\r\n")
      dialect.add("quoteChar", "\"")
      dialect.add("doubleQuote", true)
    }
    line.add("schema") { schema in
      let fields = ByteWriter()
      fields.append(.openBracket)
      for (index, column) in table.columns.enumerated() {
        if index > 0 { fields.append(.comma) }
        var field = JSONLine(fields)
        field.add("name", column.name)
        field.add("type", column.kind.frictionless)
        if column.kind == .stamp { field.add("format", "%Y-%m-%dT%H:%M:%S.%fZ") }
        field.close()
      }
      fields.append(.closeBracket)
      schema.add("fields", json: Array(fields.bytes))
      if !table.key.isEmpty {
        let key = table.key.map { "\"\($0)\"" }.joined(separator: ",")
        schema.add("primaryKey", json: "[\(key)]")
      }
    }
    line.close()
  }
}

extension MirrorTable.Kind {
  fileprivate var frictionless: String {
    switch self {
    case .integer: "integer"
    case .stamp: "datetime"
    case .text, .json: "string"
    }
  }
}
