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

/// What one object holds under its known keys, as nodes of the record.
struct KnownValues {
  /// By role: the value, or -1.
  private var values: [Int]
  /// By role: what stands under the key has found its place.
  private var isCarried: [Bool]
  /// The roles that have a value, in the order in which they came.
  private(set) var present: [Int] = []

  init(_ roles: KeyRoles) {
    values = Array(repeating: -1, count: roles.roles.count)
    isCarried = Array(repeating: false, count: roles.roles.count)
  }

  subscript(role: Int) -> Int? {
    get { values[role] < 0 ? nil : values[role] }
    set {
      guard let newValue else { return }
      if values[role] < 0 { present.append(role) }
      values[role] = newValue
    }
  }

  mutating func carry(_ role: Int) { isCarried[role] = values[role] >= 0 }

  func carries(_ role: Int) -> Bool { isCarried[role] }

  mutating func removeAll() {
    for role in present { (values[role], isCarried[role]) = (-1, false) }
    present.removeAll(keepingCapacity: true)
  }
}

/// How the value of a column is read.
enum ColumnReading: Sendable {
  case text
  /// Text, or an object with a text for each language.
  case translated
  /// 0 or 1, also from `"True"`.
  case flag
  /// An integer, also from `"5"` or `5.0`; the columns hold nothing else.
  case number
  /// A date of CKAN's own: UTC, always with time.
  case stamp
  /// A date of the data: without zone, as precise as sent.
  case date
}

extension DatasetColumn {
  var reading: ColumnReading {
    switch self {
    case .title, .notes: .translated
    case .isPrivate: .flag
    case .numResources, .numTags: .number
    case .metadataCreated, .metadataModified: .stamp
    case .issued, .modified: .date
    default: .text
    }
  }
}

extension ResourceColumn {
  var reading: ColumnReading {
    switch self {
    case .name, .description: .translated
    case .size: .number
    case .created, .lastModified: .stamp
    default: .text
    }
  }
}
