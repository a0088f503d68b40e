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
