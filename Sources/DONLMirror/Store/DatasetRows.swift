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

/// The columns of `labeled_datasets` and `labeled_resources` that show a value with its label. Which
/// value that is, is settled when the record is written, and stored as the key of its term.
enum LabeledColumns {
  struct Column: Sendable {
    /// The column that holds the key of the term.
    var name: String
    /// The fields whose first value is shown. On a dataset the field of DONL 1.1 alone: those that
    /// were renamed to it follow (`fields.renamed_to`).
    var fields: [String]
  }

  static let dataset = [
    Column(name: "owner_term", fields: ["authority"]),
    Column(name: "publisher_term", fields: ["publisher"]),
    Column(name: "license_term", fields: ["license_id"]),
    Column(name: "access_rights_term", fields: ["access_rights"]),
    Column(name: "status_term", fields: ["dataset_status"]),
    Column(name: "frequency_term", fields: ["frequency"]),
    Column(name: "source_catalog_term", fields: ["source_catalog"]),
    Column(name: "language_term", fields: ["language"]),
    Column(name: "metadata_language_term", fields: ["metadata_language"]),
    Column(name: "landing_page_term", fields: ["url"]),
  ]

  static let resource = [
    Column(name: "format_term", fields: ["format"]),
    Column(name: "media_type_term", fields: ["media_type", "mimetype"]),
    Column(name: "license_term", fields: ["license_id"]),
    Column(name: "status_term", fields: ["status"]),
    Column(name: "type_term", fields: ["distribution_type"]),
    Column(name: "language_term", fields: ["language"]),
  ]

  /// The columns of `resource_rows` that most often repeat the value of a term, and the place of that
  /// term among the columns above.
  static let sharedByResources: [(ResourceColumn, Int)] = [(.format, 0), (.licenseID, 2)]

  /// The columns of `all_datasets` that show an extra as sent, and what it means in DONL 1.1.
  static let periods = [
    Column(name: "period_start", fields: ["temporal_start"]),
    Column(name: "period_end", fields: ["temporal_end"]),
  ]

  /// A place in a row that a field may fill.
  struct Slot: Sendable {
    var column: Int
    /// The lowest fills it: the field itself before one that was renamed to it.
    var rank: Int
    /// Only a value that is no URI: the field lives on, and meant this while it held words.
    var wantsWord = false
  }

  /// The slots that a field of the entity may fill.
  static func slots(
    of columns: [Column], for field: FieldTable.Field, asRenamed: Bool
  ) -> [Slot] {
    var slots: [Slot] = []
    for (index, column) in columns.enumerated() {
      if column.fields.contains(field.name) { slots.append(Slot(column: index, rank: 0)) }
      if asRenamed, let meaning = field.renamedTo, column.fields.contains(meaning) {
        slots.append(Slot(column: index, rank: 1, wantsWord: field.until == nil))
      }
    }
    return slots
  }
}
