/// A dataset with texts of its own: for whoever looks at one, and not at twenty thousand.
extension Dataset {
  /// By `DatasetColumn`, one cell each.
  var columns: [Cell] { content.columns.map(cell) }

  public subscript(column: DatasetColumn) -> Cell { cell(content.columns[column.rawValue]) }

  /// In the order as served; the index is the position.
  var resources: [Resource] {
    let width = ResourceColumn.names.count
    return stride(from: 0, to: content.resources.count, by: width).map { start in
      Resource(columns: content.resources[start..<(start + width)].map(cell))
    }
  }

  var uriValues: [URIValue] {
    content.uriValues.map { value in
      URIValue(
        resourcePosition: value.resource < 0 ? nil : value.resource,
        field: keys[value.resource].roles[value.role].key, position: value.position,
        value: texts.string(value.value), isMalformed: value.isMalformed,
        portalLabel: value.portalLabel.map(texts.string), scheme: value.scheme.map(texts.string))
    }
  }

  /// Tag names, each once, in the order as served.
  var tags: [String] { content.tags.map(texts.string) }

  var groups: [CatalogGroup] { content.groups.map(group) }

  var organization: CatalogGroup? { content.organization.map(group) }

  var extras: [Extra] {
    content.extras.map { extra in
      Extra(
        resourcePosition: extra.resource < 0 ? nil : extra.resource,
        key: extra.role < 0
          ? texts.string(extra.key) : keys[extra.resource].roles[extra.role].key,
        value: texts.string(extra.value), jsonType: extra.kind.name)
    }
  }

  private func cell(_ cell: RecordCell) -> Cell {
    switch cell {
    case .null: .null
    case .integer(let value): .integer(value)
    case .text(let range): .text(texts.string(range))
    }
  }

  private func group(_ group: RecordGroup) -> CatalogGroup {
    texts.lent { CatalogGroup(group, $0) }
  }
}
