/// The fields that are known, and what they hold: the only place that knows where URIs stand.
struct FieldTable: Sendable, Equatable {
  enum Entity: String, Sendable { case dataset, resource }

  enum Kind: String, Sendable, CaseIterable {
    case text, uri, date, stamp, boolean, number, object
    case textList = "text list"
    case uriList = "uri list"
    case objectList = "object list"
    case displayName = "display name"

    /// The values are URIs, each a row of `uri_values`.
    var isURI: Bool { self == .uri || self == .uriList }
    /// A value may be a list that arrives inside a string.
    var holdsLists: Bool { isURI || self == .textList }
  }

  struct Field: Sendable, Equatable {
    var entity: Entity
    /// The key as sent.
    var name: String
    var kind: Kind
    /// `DONL:Organization`; `@spatial_scheme` when that field names the list, value by value.
    var valueList: String?
    var dcat: String?
    var iso19115: String?
    var labelNL: String?
    var labelEN: String?
    /// Of a display name: the field whose URI it names.
    var names: String?
    var since: String?
    var until: String?
    /// The field of DONL 1.1 that means the same.
    var renamedTo: String?
  }

  enum Fault: Error, Sendable, Equatable {
    case badHeader(String)
    /// The text breaks the rules of CSV.
    case badQuotes(line: Int)
    case wrongCount(line: Int, cells: Int)
    case unknownEntity(line: Int, String)
    case unknownKind(line: Int, String)
    case noName(line: Int)
    case repeated(line: Int, field: String)
    /// A display name that names no field, a list decided by a field that is not there, or a field
    /// renamed to one that is not there.
    case unknownReference(line: Int, String)
  }

  static let header = [
    "entity", "field", "kind", "value_list", "dcat", "iso19115", "label_nl", "label_en", "names",
    "since", "until", "renamed_to",
  ]

  /// In the order of the file.
  let fields: [Field]

  init(fields: [Field]) { self.fields = fields }

  /// Reads the table from CSV with the columns of `header`.
  init(csv: String) throws(Fault) {
    var rows: ArraySlice<CSVReader.Row>
    do {
      rows = try CSVReader.rows(of: csv)[...]
    } catch {
      switch error {
      case .openQuote(let line), .strayText(let line): throw .badQuotes(line: line)
      }
    }
    guard let header = rows.popFirst(), header.cells == Self.header else {
      throw .badHeader(csv.prefix { !$0.isNewline }.description)
    }
    var fields: [Field] = []
    for row in rows { fields.append(try Self.field(from: row)) }
    try Self.check(fields, Array(rows))
    self.fields = fields
  }

  /// The fields of one entity, in the order of the file.
  func fields(of entity: Entity) -> [Field] { fields.filter { $0.entity == entity } }

  private static func field(from row: CSVReader.Row) throws(Fault) -> Field {
    let (line, cells) = (row.line, row.cells)
    guard cells.count == header.count else { throw .wrongCount(line: line, cells: cells.count) }
    guard let entity = Entity(rawValue: cells[0]) else {
      throw .unknownEntity(line: line, cells[0])
    }
    guard !cells[1].isEmpty else { throw .noName(line: line) }
    guard let kind = Kind(rawValue: cells[2]) else { throw .unknownKind(line: line, cells[2]) }
    let optional = cells.map { $0.isEmpty ? nil : $0 }
    return Field(
      entity: entity, name: cells[1], kind: kind, valueList: optional[3], dcat: optional[4],
      iso19115: optional[5], labelNL: optional[6], labelEN: optional[7], names: optional[8],
      since: optional[9], until: optional[10], renamedTo: optional[11])
  }

  private static func check(_ fields: [Field], _ rows: [CSVReader.Row]) throws(Fault) {
    var known: Set<String> = []
    for (field, row) in zip(fields, rows) {
      guard known.insert(key(field.entity, field.name)).inserted else {
        throw .repeated(line: row.line, field: field.name)
      }
    }
    for (field, row) in zip(fields, rows) {
      let deciding = field.valueList.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil }
      for name in [field.names, deciding, field.renamedTo].compactMap(\.self)
      where !known.contains(key(field.entity, name)) {
        throw .unknownReference(line: row.line, name)
      }
    }
  }

  private static func key(_ entity: Entity, _ name: String) -> String {
    "\(entity.rawValue) \(name)"
  }
}

extension FieldTable.Fault: CustomStringConvertible {
  var description: String {
    switch self {
    case .badHeader(let header):
      "line 1: expected \(FieldTable.header.joined(separator: ",")), got \(header)"
    case .badQuotes(let line): "line \(line): quotes that do not match"
    case .wrongCount(let line, let cells):
      "line \(line): \(cells) cells, expected \(FieldTable.header.count)"
    case .unknownEntity(let line, let entity):
      "line \(line): entity \(entity), expected dataset or resource"
    case .unknownKind(let line, let kind):
      "line \(line): kind \(kind), expected one of "
        + FieldTable.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    case .noName(let line): "line \(line): no field"
    case .repeated(let line, let field): "line \(line): \(field) again"
    case .unknownReference(let line, let field): "line \(line): no field \(field)"
    }
  }
}

/// Which value lists there are, and where each is found.
struct ValueListTable: Sendable, Equatable {
  struct Row: Sendable, Equatable {
    var name: String
    /// Below the folder of the lists; what begins with `/` is a path of the portal's own site.
    var path: String
  }

  struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    var line: Int
    var description: String { "line \(line) is no name and path, or a name again" }
  }

  static let header = ["name", "path"]

  let rows: [Row]

  /// Reads the table from CSV with the columns of `header`.
  init(csv: String) throws {
    var rows = try CSVReader.rows(of: csv)[...]
    guard rows.popFirst()?.cells == Self.header else { throw Fault(line: 1) }
    var names: Set<String> = []
    self.rows = try rows.map { row in
      guard row.cells.count == 2, !row.cells.contains(""), names.insert(row.cells[0]).inserted
      else {
        throw Fault(line: row.line)
      }
      return Row(name: row.cells[0], path: row.cells[1])
    }
  }

  /// - Parameters:
  ///   - folder: where the files are, without slash at the end.
  ///   - origin: scheme, host and port of the portal's site.
  func lists(in folder: String, origin: String) -> [ValueList] {
    rows.map { row in
      ValueList(
        name: row.name, url: row.path.hasPrefix("/") ? origin + row.path : folder + "/" + row.path)
    }
  }
}

extension FieldTable {
  /// `config/fields.csv`, as it was when this program was built.
  static func standard() throws(Fault) -> FieldTable {
    try FieldTable(csv: String(decoding: PackageResources.fields_csv, as: UTF8.self))
  }
}

extension ValueListTable {
  /// `config/value-lists.csv`, as it was when this program was built.
  static func standard() throws -> ValueListTable {
    try ValueListTable(csv: String(decoding: PackageResources.value_lists_csv, as: UTF8.self))
  }
}

/// Reads comma-separated text with quotes (RFC 4180).
struct CSVReader {
  /// A record and the line of the text on which it begins, from 1.
  struct Row: Equatable {
    var line: Int
    var cells: [String]
  }

  enum Fault: Error, Equatable {
    /// A quote opened on this line is never closed.
    case openQuote(line: Int)
    /// Something stands between a closing quote and the next comma.
    case strayText(line: Int)
  }

  /// The rows, empty lines left out.
  static func rows(of text: String) throws(Fault) -> [Row] {
    var reader = CSVReader(text: Array(text.unicodeScalars))
    return try reader.rows()
  }

  private let text: [Unicode.Scalar]
  private var index = 0
  private var line = 1

  private init(text: [Unicode.Scalar]) {
    self.text = text
    if text.first == "\u{FEFF}" { index = 1 }
  }

  private mutating func rows() throws(Fault) -> [Row] {
    var rows: [Row] = []
    while index < text.count {
      let row = Row(line: line, cells: try cells())
      if row.cells != [""] { rows.append(row) }
    }
    return rows
  }

  private mutating func cells() throws(Fault) -> [String] {
    var cells: [String] = []
    while true {
      cells.append(index < text.count && text[index] == "\"" ? try quoted() : plain())
      guard index < text.count else { return cells }
      switch text[index] {
      case ",": index += 1
      case "\r", "\n":
        skipLineEnd()
        return cells
      default: throw .strayText(line: line)
      }
    }
  }

  private mutating func plain() -> String {
    var cell = String.UnicodeScalarView()
    while index < text.count, text[index] != ",", text[index] != "\n", text[index] != "\r" {
      cell.append(text[index])
      index += 1
    }
    return String(cell)
  }

  private mutating func quoted() throws(Fault) -> String {
    let start = line
    var cell = String.UnicodeScalarView()
    index += 1
    while index < text.count {
      let scalar = text[index]
      index += 1
      if scalar == "\"" {
        guard index < text.count, text[index] == "\"" else { return String(cell) }
        index += 1
      }
      if scalar == "\n" { line += 1 }
      cell.append(scalar)
    }
    throw .openQuote(line: start)
  }

  private mutating func skipLineEnd() {
    if text[index] == "\r", index + 1 < text.count, text[index + 1] == "\n" { index += 1 }
    index += 1
    line += 1
  }
}
