/// What the keys of a record mean, by the field table of a normalizer.
final class RecordKeys: Sendable {
  let dataset: KeyRoles
  let resource: KeyRoles

  init(_ fields: FieldTable) {
    dataset = .dataset(fields)
    resource = .resource(fields)
  }

  /// Of the owner of a value: the position of a resource, or -1.
  subscript(owner: Int) -> KeyRoles { owner < 0 ? dataset : resource }
}

/// What the known keys of a dataset or a resource mean to the normalizer.
struct KeyRoles: Sendable {
  struct Role: Sendable {
    let key: String
    /// The place of the column it fills.
    var column: Int?
    var reading: ColumnReading = .text
    var kind: FieldTable.Kind?
    /// Of a URI field: the role of the field that names the value list, value by value.
    var scheme: Int?
    /// The roles of the keys that may carry display names for this URI field, best first.
    var labels: [Int] = []
    /// Read in a way of its own: resources, tags, groups, organization, extras.
    var isStructural = false
    /// Never taken from `extras`: a dataset is not to be renamed by one of its extras.
    var isIdentity = false

    var isURI: Bool { kind?.isURI ?? false }
  }

  private(set) var roles: [Role] = []
  let table: KeyTable
  /// The roles of the URI fields, in the order of the field table.
  let uriFields: [Int]

  /// The roles that stand in `extras` when they are not at the top and are lifted from there.
  func isLifted(_ role: Int) -> Bool {
    !roles[role].isStructural && !roles[role].isIdentity
  }

  static func dataset(_ fields: FieldTable) -> KeyRoles {
    KeyRoles(
      columns: DatasetColumn.allCases.filter { $0 != .organizationTitle }
        .map { ($0.rawValue, $0.name, $0.reading) },
      structural: ["resources", "tags", "groups", "organization", "extras"],
      identity: [
        "id", "name", "title", "notes", "url", "state", "type", "private", "owner_org",
        "metadata_created", "metadata_modified", "num_resources", "num_tags",
      ],
      fields: fields.fields(of: .dataset))
  }

  static func resource(_ fields: FieldTable) -> KeyRoles {
    KeyRoles(
      columns: ResourceColumn.allCases.map { ($0.rawValue, $0.name, $0.reading) },
      // DONL's own name for `mimetype`.
      others: ["media_type"], structural: ["package_id", "position"], identity: [],
      fields: fields.fields(of: .resource))
  }

  private init(
    columns: [(Int, String, ColumnReading)], others: [String] = [], structural: [String],
    identity: [String],
    fields: [FieldTable.Field]
  ) {
    var roles: [Role] = []
    var places: [String: Int] = [:]
    func role(_ key: String) -> Int {
      if let place = places[key] { return place }
      places[key] = roles.count
      roles.append(Role(key: key))
      return roles.count - 1
    }

    for (column, key, reading) in columns {
      let place = role(key)
      (roles[place].column, roles[place].reading) = (column, reading)
    }
    for key in others { _ = role(key) }
    for key in structural { roles[role(key)].isStructural = true }
    for key in identity { roles[role(key)].isIdentity = true }
    for field in fields { roles[role(field.name)].kind = field.kind }

    var uriFields: [Int] = []
    for field in fields where field.kind.isURI {
      let place = role(field.name)
      guard !roles[place].isStructural else { continue }
      uriFields.append(place)
      if let list = field.valueList, list.hasPrefix("@") {
        roles[place].scheme = role(String(list.dropFirst()))
      }
      let named = fields.filter { $0.kind == .displayName && $0.names == field.name }.map(\.name)
      let suffixed = ["\(field.name)_displayname", "\(field.name)_display_name"]
      for key in named + suffixed.filter({ !named.contains($0) }) {
        let label = role(key)
        roles[place].labels.append(label)
        if roles[label].kind == nil { roles[label].kind = .displayName }
      }
    }
    self.roles = roles
    self.uriFields = uriFields
    table = KeyTable(roles.map(\.key))
  }
}
