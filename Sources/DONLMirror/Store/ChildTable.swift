/// The tables of what belongs to a dataset and is read from the record alone. The first column of each
/// is `dataset`; the cells here are the rest, the key columns first. URI values and extras are coded by
/// what the database knows, and so are made elsewhere (`Vocabulary`, `FieldCensus`).
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

/// The rows of a dataset as the tables hold them: for a first load and for an update alike.
struct DatasetRows {
  /// The cells of `all_datasets` behind those of the record.
  var labels: [Cell]
  var uris: [URIRow]
  private var children: [[[Cell]]]

  /// - Parameters:
  ///   - resolved: its URI values, coded.
  ///   - extras: its extras, one JSON object for each owner (-1 is the dataset).
  init(_ dataset: Dataset, _ resolved: ResolvedValues, extras: [(resource: Int, json: String)]) {
    labels = resolved.datasetLabels
    uris = resolved.rows
    children = ChildTable.allCases.map { table in
      switch table {
      case .resources:
        dataset.resources.enumerated().map { position, resource in
          [.integer(Int64(position))] + resolved.columns(of: resource, at: position)
            + resolved.labels(ofResource: position)
        }
      case .extras: extras.map { [.integer(Int64($0.resource)), .text($0.json)] }
      case .tags: dataset.tags.map { [.text($0)] }
      case .groups: dataset.groups.map { [.text($0.id)] }
      }
    }
  }

  subscript(table: ChildTable) -> [[Cell]] { children[table.rawValue] }
}
