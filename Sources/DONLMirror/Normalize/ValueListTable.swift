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
