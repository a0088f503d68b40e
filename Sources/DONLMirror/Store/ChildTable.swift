/// A table whose rows belong to one dataset and follow its record.
///
/// The first column of each is `dataset`; the cells here are the rest, the key columns first.
enum ChildTable: Int, CaseIterable {
  case resources, datasetURIs, resourceURIs, datasetExtras, resourceExtras, tags, groups

  var name: String {
    switch self {
    case .resources: "resource_rows"
    case .datasetURIs: "dataset_uri_rows"
    case .resourceURIs: "resource_uri_rows"
    case .datasetExtras: "dataset_extra_rows"
    case .resourceExtras: "resource_extra_rows"
    case .tags: "tag_rows"
    case .groups: "group_rows"
    }
  }

  var keyColumns: [String] {
    switch self {
    case .resources: ["position"]
    case .datasetURIs: ["field", "position"]
    case .resourceURIs: ["resource_position", "field", "position"]
    case .datasetExtras: ["key"]
    case .resourceExtras: ["resource_position", "key"]
    case .tags: ["name"]
    case .groups: ["group_id"]
    }
  }

  var valueColumns: [String] {
    switch self {
    case .resources: ResourceColumn.names
    case .datasetURIs, .resourceURIs:
      ["value", "malformed", "portal_label", "scheme"]
    case .datasetExtras, .resourceExtras: ["value", "json_type"]
    case .tags, .groups: []
    }
  }

  var columns: [String] { keyColumns + valueColumns }

  /// The rows of a dataset in this table, without the dataset's key.
  func rows(of dataset: Dataset) -> [[Cell]] {
    switch self {
    case .resources:
      dataset.resources.enumerated().map { position, resource in
        [.integer(Int64(position))] + resource.columns
      }
    case .datasetURIs:
      dataset.uriValues.compactMap { $0.resourcePosition == nil ? $0.cells : nil }
    case .resourceURIs:
      dataset.uriValues.compactMap { value in
        value.resourcePosition.map { [.integer(Int64($0))] + value.cells }
      }
    case .datasetExtras:
      dataset.extras.compactMap { $0.resourcePosition == nil ? $0.cells : nil }
    case .resourceExtras:
      dataset.extras.compactMap { extra in
        extra.resourcePosition.map { [.integer(Int64($0))] + extra.cells }
      }
    case .tags: dataset.tags.map { [.text($0)] }
    case .groups: dataset.groups.map { [.text($0.id)] }
    }
  }
}

extension URIValue {
  fileprivate var cells: [Cell] {
    [
      .text(field), .integer(Int64(position)), .text(value), .integer(isMalformed ? 1 : 0),
      Cell(portalLabel), Cell(scheme),
    ]
  }
}

extension Extra {
  fileprivate var cells: [Cell] {
    [.text(key), .text(value), .text(jsonType)]
  }
}
