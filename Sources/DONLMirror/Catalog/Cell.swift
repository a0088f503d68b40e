import Foundation

/// One value of a row. Text is valid UTF-8 without NUL; what could not be read is `.null`.
public enum Cell: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)

  /// The text, or nil when the cell holds none.
  public var text: String? {
    guard case .text(let value) = self else { return nil }
    return value
  }

  public init(_ text: String?) {
    self = text.map(Cell.text) ?? .null
  }

  init(_ integer: Int64?) {
    self = integer.map(Cell.integer) ?? .null
  }
}

extension Cell {
  /// Equal text is spelt equally: see `Spelling`.
  public static func == (one: Cell, other: Cell) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.integer(let one), .integer(let other)): one == other
    case (.text(let one), .text(let other)): Spelling(one) == Spelling(other)
    case (.null, _), (.integer, _), (.text, _): false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .integer(let value): hasher.combine(value)
    case .text(let value): hasher.combine(Spelling(value))
    }
  }
}

/// Text that is told apart by its bytes, as SQLite does: to Swift an `é` of one character and one
/// of two are equal, and one of two tags or a corrected title would be lost.
struct Spelling: Hashable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (one: Spelling, other: Spelling) -> Bool {
    guard one.text.utf8.count == other.text.utf8.count else { return false }
    let isEqual = one.text.utf8.withContiguousStorageIfAvailable { mine in
      other.text.utf8.withContiguousStorageIfAvailable { theirs -> Bool in
        guard let one = mine.baseAddress, let other = theirs.baseAddress else { return true }
        return memcmp(one, other, mine.count) == 0
      }
    }
    return (isEqual ?? nil) ?? one.text.utf8.elementsEqual(other.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// The columns of a table that a record fills, in table order; the raw value is the place.
protocol Column: RawRepresentable<Int>, CaseIterable, Hashable, Sendable {
  /// The names in SQL, which are the keys that CKAN and DONL use, in the order of the cases.
  static var names: [String] { get }
}

extension Column {
  var name: String { Self.names[rawValue] }

  static var empty: [Cell] { Array(repeating: .null, count: names.count) }
}

/// What a record says of a dataset, as columns.
enum DatasetColumn: Int, Column {
  case id, name, title, notes, url, identifier, state, type, isPrivate
  case ownerOrg, organizationTitle, authority, publisher, maintainer
  case licenseID, licenseTitle, accessRights, datasetStatus, frequency
  case sourceCatalog, metadataLanguage, issued, modified
  case metadataCreated, metadataModified, numResources, numTags

  static let names = [
    "id", "name", "title", "notes", "url", "identifier", "state", "type", "private",
    "owner_org", "organization_title", "authority", "publisher", "maintainer",
    "license_id", "license_title", "access_rights", "dataset_status", "frequency",
    "source_catalog", "metadata_language", "issued", "modified",
    "metadata_created", "metadata_modified", "num_resources", "num_tags",
  ]

  /// What full-text search reads; of the rest, the tags and the names of resources.
  static let searched: [DatasetColumn] = [.id, .name, .title, .notes, .organizationTitle]
}

/// What a record says of a resource, as columns.
enum ResourceColumn: Int, Column {
  case id, name, description, url, format, mimetype, licenseID, size, created, lastModified

  static let names = [
    "id", "name", "description", "url", "format", "mimetype", "license_id", "size", "created",
    "last_modified",
  ]
}
