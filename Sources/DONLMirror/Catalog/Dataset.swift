/// A dataset as one record described it: the values of its rows, ready for the store.
///
/// The columns are CONTRACT's; which of them hold URIs is the field table's knowledge.
public struct Dataset: Sendable, Equatable {
  public var id: String
  /// By `DatasetColumn`, one cell each.
  public var columns: [Cell]
  /// In the order as served; the index is the position.
  public var resources: [Resource]
  public var uriValues: [URIValue]
  /// Tag names, each once, in the order as served.
  public var tags: [String]
  public var groups: [CatalogGroup]
  /// The copy of the organization inside the record: thin, and as old as the last indexing.
  public var organization: CatalogGroup?
  public var extras: [Extra]
  /// SHA-256 of the canonical record, lower-case hex (CONTRACT, `content_hash`).
  public var contentHash: String
  /// True when text had to be repaired (U+0000 or a lone surrogate became U+FFFD), or a number was
  /// none (NaN or Infinity became null).
  public var isRepaired: Bool
  /// How many values were NaN or infinite.
  public var lostNumbers = 0
  /// The bytes of the record as received.
  public var record: [UInt8]

  public subscript(column: DatasetColumn) -> Cell {
    get { columns[column.rawValue] }
    set { columns[column.rawValue] = newValue }
  }
}

/// A resource (distribution) of a dataset. Its key is (dataset, position): ids churn.
public struct Resource: Sendable, Equatable {
  /// By `ResourceColumn`, one cell each.
  public var columns: [Cell]

  public subscript(column: ResourceColumn) -> Cell {
    get { columns[column.rawValue] }
    set { columns[column.rawValue] = newValue }
  }
}

/// One value of a URI-valued field.
public struct URIValue: Sendable, Equatable {
  /// The position of the resource that owns it; nil on a dataset field.
  public var resourcePosition: Int?
  /// The key as sent.
  public var field: String
  public var position: Int
  /// The value as sent.
  public var value: String
  /// No scheme followed by `:` and something, or a control character in it.
  public var isMalformed: Bool
  /// The display name that the portal sent beside it, if any.
  public var portalLabel: String?
  /// The `spatial_scheme` at the same index; it decides the list of a `spatial_value`.
  public var scheme: String?
}

/// A key that neither the columns nor the URI values carry.
public struct Extra: Sendable, Equatable {
  public var resourcePosition: Int?
  public var key: String
  /// The text of a string; the JSON as sent of anything else.
  public var value: String
  /// `string`, `number`, `boolean`, `array` or `object`.
  public var jsonType: String
}

/// An organization or a group of the portal (CKAN keeps both in one shape).
public struct CatalogGroup: Sendable, Equatable {
  public var id: String
  public var name: String?
  public var title: String?
  public var description: String?
  /// `image_url` or `image_display_url`.
  public var imageURL: String?
  public var state: String?
  public var created: String?
}
