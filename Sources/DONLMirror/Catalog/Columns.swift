/// The columns of a table that a record fills, in table order; the raw value is the place.
public protocol Column: RawRepresentable<Int>, CaseIterable, Hashable, Sendable {
  /// The names in SQL, which are the keys that CKAN and DONL use, in the order of the cases.
  static var names: [String] { get }
}

extension Column {
  public var name: String { Self.names[rawValue] }

  static var empty: [Cell] { Array(repeating: .null, count: names.count) }
}

/// What a record says of a dataset, as columns.
public enum DatasetColumn: Int, Column {
  case id, name, title, notes, url, identifier, state, type, isPrivate
  case ownerOrg, organizationTitle, authority, publisher, maintainer
  case licenseID, licenseTitle, accessRights, datasetStatus, frequency
  case sourceCatalog, metadataLanguage, issued, modified
  case metadataCreated, metadataModified, numResources, numTags

  public static let names = [
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
public enum ResourceColumn: Int, Column {
  case id, name, description, url, format, mimetype, licenseID, size, created, lastModified

  public static let names = [
    "id", "name", "description", "url", "format", "mimetype", "license_id", "size", "created",
    "last_modified",
  ]
}
