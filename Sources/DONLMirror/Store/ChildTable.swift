/// The tables of what belongs to a dataset, one row each, but for URI values. The first column of each is
/// `dataset`; the cells here are the rest, the key columns first.
enum ChildTable: Int, CaseIterable {
  case resources, extras, tags, groups

  var name: String {
    switch self {
    case .resources: "resource_rows"
    case .extras: "extra_rows"
    case .tags: "tag_rows"
    case .groups: "group_rows"
    }
  }

  var keyColumns: [String] {
    switch self {
    case .resources: ["position"]
    case .extras: ["resource"]
    case .tags: ["name"]
    case .groups: ["group_id"]
    }
  }

  var valueColumns: [String] {
    switch self {
    case .resources: ResourceColumn.names + LabeledColumns.resource.map(\.name)
    case .extras: ["json"]
    case .tags, .groups: []
    }
  }

  var columns: [String] { keyColumns + valueColumns }
}

/// One value of a row, its text lent by a record: it must be bound, or copied, before that is gone.
enum LentCell {
  case null
  case integer(Int64)
  case text(ByteView)

  init(_ cell: RecordCell, _ texts: LentTexts) {
    switch cell {
    case .null: self = .null
    case .integer(let value): self = .integer(value)
    case .text(let range): self = .text(texts[range])
    }
  }

  /// - Parameter term: 0 where there is none.
  init(term: Int64) { self = term == 0 ? .null : .integer(term) }

  /// With a text of its own.
  var cell: Cell {
    switch self {
    case .null: .null
    case .integer(let value): .integer(value)
    case .text(let text): .text(text.string)
    }
  }
}

/// The rows of a dataset as the tables hold them, lent out for the length of a call: the one list of
/// what they are, for a first load and for an update alike.
struct DatasetRows {
  let texts: LentTexts
  let content: RecordContent
  let resolved: ResolvedValues
  /// One JSON object for each owner (-1 is the dataset).
  let extras: [(resource: Int, json: ByteView)]

  var uris: [URIRow] { resolved.rows }

  /// The cells of `all_datasets` that the record fills, by `DatasetColumn`.
  func eachColumn(_ body: (LentCell) throws -> Void) rethrows {
    for cell in content.columns { try body(LentCell(cell, texts)) }
  }

  /// The cells of `all_datasets` that search reads, as one row.
  func eachSearched(cell: (LentCell) throws -> Void, end: () throws -> Void) rethrows {
    for column in DatasetColumn.searched {
      try cell(LentCell(content.columns[column.rawValue], texts))
    }
    try end()
  }

  /// The cells behind those: by `LabeledColumns.dataset`, then by `LabeledColumns.periods`.
  func eachLabel(_ body: (LentCell) throws -> Void) rethrows {
    for term in resolved.datasetTerms { try body(LentCell(term: term)) }
    for period in resolved.periods { try body(LentCell(RecordCell(period), texts)) }
  }

  /// Calls `cell` for each cell of each row of the table, and `end` behind the last cell of a row.
  func eachRow(
    of table: ChildTable, cell: (LentCell) throws -> Void, end: () throws -> Void
  ) rethrows {
    switch table {
    case .resources: try eachResource(cell: cell, end: end)
    case .extras:
      for extra in extras {
        try cell(.integer(Int64(extra.resource)))
        try cell(.text(extra.json))
        try end()
      }
    case .tags:
      for tag in content.tags {
        try cell(.text(texts[tag]))
        try end()
      }
    case .groups:
      for group in content.groups {
        try cell(.text(texts[group.id]))
        try end()
      }
    }
  }

  private func eachResource(
    cell: (LentCell) throws -> Void, end: () throws -> Void
  ) rethrows {
    let (width, labels) = (ResourceColumn.names.count, LabeledColumns.resource.count)
    for position in 0..<(content.resources.count / width) {
      try cell(.integer(Int64(position)))
      for column in 0..<width {
        let value = content.resources[position * width + column]
        try cell(
          resolved.isSaid(value, in: column, ofResource: position, texts)
            ? .text(texts[.empty]) : LentCell(value, texts))
      }
      for label in 0..<labels {
        try cell(LentCell(term: resolved.resourceTerms[position * labels + label]))
      }
      try end()
    }
  }

  /// The rows with texts of their own.
  func cells(of table: ChildTable) -> [[Cell]] {
    var rows: [[Cell]] = []
    var row: [Cell] = []
    eachRow(of: table) {
      row.append($0.cell)
    } end: {
      rows.append(row)
      row = []
    }
    return rows
  }
}
