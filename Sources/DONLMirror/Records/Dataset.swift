/// A dataset as one record described it: what its rows hold, ready for the store.
///
/// The columns are docs/contract.md's; which of them hold URIs is the field table's knowledge. Nearly all texts
/// are ranges of the record, so that a first load copies none; `Dataset+Texts` gives them as strings.
struct Dataset: Sendable {
  let id: String
  var texts: RecordTexts
  var content: RecordContent
  /// By which the record was read; names the fields in `content`.
  let keys: RecordKeys
  /// SHA-256 of the canonical record, lower-case hex (docs/contract.md, `content_hash`).
  let contentHash: String
  /// True when text had to be repaired (U+0000 or a lone surrogate became U+FFFD), or a number was
  /// none (NaN or Infinity became null).
  var isRepaired = false
  /// How many values were NaN or infinite.
  var lostNumbers = 0

  /// The bytes of the record as received.
  var record: ArraySlice<UInt8> { texts.record }
}

/// What the rows of a dataset hold, its texts as ranges (`RecordTexts`).
struct RecordContent: Sendable {
  /// By `DatasetColumn`, one cell each.
  var columns = [RecordCell](repeating: .null, count: DatasetColumn.names.count)
  /// In the order as served, `ResourceColumn.names.count` cells each.
  var resources: [RecordCell] = []
  /// Of the dataset, then of each resource in turn; those of one field follow each other.
  var uriValues: [RecordURI] = []
  /// Each once, in the order as served.
  var tags: [TextRange] = []
  var groups: [RecordGroup] = []
  /// The copy of the organization inside the record: thin, and as old as the last indexing.
  var organization: RecordGroup?
  /// Of the dataset, then of each resource in turn. No owner has a key twice.
  var extras: [RecordExtra] = []
}

/// One value of a row.
enum RecordCell: Sendable, Equatable {
  case null
  case integer(Int64)
  case text(TextRange)

  var text: TextRange? {
    guard case .text(let range) = self else { return nil }
    return range
  }

  init(_ text: TextRange?) { self = text.map(RecordCell.text) ?? .null }

  init(_ integer: Int64?) { self = integer.map(RecordCell.integer) ?? .null }
}

/// One value of a URI-valued field.
struct RecordURI: Sendable {
  /// The position of the resource that owns it; -1 on a dataset field.
  var resource: Int
  /// The role of the field among the keys of its owner.
  var role: Int
  var position: Int
  var value: TextRange
  /// See `URIValue.isMalformed`.
  var isMalformed: Bool
  /// The display name that the portal sent beside it, if any.
  var portalLabel: TextRange?
  /// The `spatial_scheme` at the same index.
  var scheme: TextRange?
}

/// A key that neither the columns nor the URI values carry.
struct RecordExtra: Sendable {
  /// The position of the resource that owns it; -1 on the dataset.
  var resource: Int
  /// The role of the key among those of its owner; -1 when it has none, and `key` says it.
  var role: Int
  var key: TextRange
  /// The text of a string; the JSON as sent of anything else.
  var value: TextRange
  var kind: JSONNode.Kind
}

/// An organization or a group, as a record has it.
struct RecordGroup: Sendable {
  var id: TextRange
  var name: TextRange?
  var title: TextRange?
  var description: TextRange?
  var imageURL: TextRange?
  var state: TextRange?
  var created: TextRange?
}

/// A resource (distribution) of a dataset. Its key is (dataset, position): ids churn.
struct Resource: Sendable, Equatable {
  /// By `ResourceColumn`, one cell each.
  var columns: [Cell]

  subscript(column: ResourceColumn) -> Cell {
    get { columns[column.rawValue] }
    set { columns[column.rawValue] = newValue }
  }
}

/// One value of a URI-valued field.
struct URIValue: Sendable, Equatable {
  /// The position of the resource that owns it; nil on a dataset field.
  var resourcePosition: Int?
  /// The key as sent.
  var field: String
  var position: Int
  /// The value as sent.
  var value: String
  /// No scheme followed by `:` and something, or a control character in it.
  var isMalformed: Bool
  /// The display name that the portal sent beside it, if any.
  var portalLabel: String?
  /// The `spatial_scheme` at the same index; it decides the list of a `spatial_value`.
  var scheme: String?
}

/// A key that neither the columns nor the URI values carry.
struct Extra: Sendable, Equatable {
  var resourcePosition: Int?
  var key: String
  /// The text of a string; the JSON as sent of anything else.
  var value: String
  /// `string`, `number`, `boolean`, `array` or `object`.
  var jsonType: String
}

/// An organization or a group of the portal (CKAN keeps both in one shape).
struct CatalogGroup: Sendable, Equatable {
  var id: String
  var name: String?
  var title: String?
  var description: String?
  /// `image_url` or `image_display_url`.
  var imageURL: String?
  var state: String?
  var created: String?
}

extension Dataset {
  /// By `DatasetColumn`, one cell each.
  var columns: [Cell] { content.columns.map(cell) }

  subscript(column: DatasetColumn) -> Cell { cell(content.columns[column.rawValue]) }

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
