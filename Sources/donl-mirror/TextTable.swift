/// Rows of cells in columns as wide as their widest cell, heads first.
struct TextTable {
  var heads: [String]
  var rows: [[String]]

  init(_ heads: [String], _ rows: [[String]]) {
    self.heads = heads
    self.rows = rows
  }

  /// One line per row, fit for a terminal.
  var text: String {
    let lines = ([heads] + rows).map { $0.map(\.escapedForTerminal) }
    let widths = heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      let padded = zip(cells, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      let line = padded.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
