/// Reads the rows of one dataset out of a record.
struct RecordReader {
  private(set) var content = RecordContent()

  private let document: JSONDocument
  private var dataset: ObjectReader
  private let resourceKeys: KeyRoles

  init(_ document: JSONDocument, _ keys: RecordKeys) {
    self.document = document
    dataset = ObjectReader(document, keys.dataset)
    resourceKeys = keys.resource
  }

  /// Reads everything.
  mutating func read() {
    dataset.open(document.root)
    let left = liftExtras()
    readParts()
    dataset.readColumns(into: &content.columns, from: 0)
    content.columns[DatasetColumn.organizationTitle.rawValue] = RecordCell(
      content.organization?.title)
    dataset.readURIValues(into: &content.uriValues)
    dataset.readRest(into: &content.extras)
    append(left)
    if let list = dataset.value("resources"), document.kind(list) == .array {
      readResources(list)
    }
  }

  /// Puts what `extras` holds under known keys where it would stand at the top, unless something
  /// stands there; returns what is left.
  private mutating func liftExtras() -> [ExtraPair] {
    guard let list = dataset.value("extras"), let pairs = document.extraPairs(of: list) else {
      return []
    }
    dataset.carry("extras")
    return pairs.filter { pair in
      guard let role = dataset.keys.table.index(of: document.texts[pair.key]),
        dataset.keys.isLifted(role), dataset.known[role] == nil
      else { return true }
      dataset.add(pair.value, as: role)
      return false
    }
  }

  private mutating func readParts() {
    if let list = dataset.value("tags"), let names = document.tagNames(of: list) {
      content.tags = names
      dataset.carry("tags")
    }
    if let list = dataset.value("groups"), let found = document.groups(of: list) {
      content.groups = found
      dataset.carry("groups")
    }
    if let value = dataset.value("organization") {
      let owner = dataset.value("owner_org").flatMap { document.scalar(of: $0) }
      content.organization = document.group(of: value, id: owner.map { document.range($0) })
      if content.organization != nil { dataset.carry("organization") }
    }
    if let list = dataset.value("resources"), document.kind(list) == .array {
      dataset.carry("resources")
    }
  }

  private mutating func readResources(_ list: Int) {
    var reader = ObjectReader(document, resourceKeys)
    let count = document.elements(of: list).reduce(into: 0) { count, _ in count += 1 }
    content.resources.reserveCapacity(count * ResourceColumn.names.count)
    for (position, element) in document.elements(of: list).enumerated() {
      // An element that is no object has no columns, but it keeps its position.
      reader.open(element, resource: position)
      reader.carry("package_id")
      reader.carry("position")
      let first = content.resources.count
      content.resources.append(
        contentsOf: repeatElement(.null, count: ResourceColumn.names.count))
      reader.readColumns(into: &content.resources, from: first)
      let mimetype = first + ResourceColumn.mimetype.rawValue
      if content.resources[mimetype] == .null, let type = reader.value("media_type") {
        content.resources[mimetype] = document.cell(type, .text)
        if content.resources[mimetype] != .null { reader.carry("media_type") }
      }
      reader.readURIValues(into: &content.uriValues)
      reader.readRest(into: &content.extras)
    }
  }

  /// The extras that were not lifted: a key at the top comes before them, a later one before an
  /// earlier one.
  private mutating func append(_ pairs: [ExtraPair]) {
    guard !pairs.isEmpty else { return }
    var seen = Set(
      content.extras.lazy.filter { $0.resource < 0 }.map { [self] extra in
        Spelling(
          extra.role < 0
            ? document.texts.string(extra.key) : dataset.keys.roles[extra.role].key)
      })
    var kept: [RecordExtra] = []
    for pair in pairs.reversed()
    where seen.insert(Spelling(document.texts.string(pair.key))).inserted {
      kept.append(
        RecordExtra(
          resource: -1, role: dataset.keys.table.index(of: document.texts[pair.key]) ?? -1,
          key: pair.key, value: document.range(pair.value), kind: document.kind(pair.value)))
    }
    content.extras.append(contentsOf: kept.reversed())
  }
}

/// Reads what a dataset and a resource have in common: columns, URI values, and the rest.
struct ObjectReader {
  let document: JSONDocument
  let keys: KeyRoles
  /// The position of the resource; -1 for the dataset.
  private(set) var resource = -1
  private(set) var known: KnownValues
  /// The keys that no role is known for.
  private var unknown: [Int] = []

  init(_ document: JSONDocument, _ keys: KeyRoles) {
    self.document = document
    self.keys = keys
    known = KnownValues(keys)
  }

  /// Sorts the members of the object by their roles; what is empty is not there.
  mutating func open(_ object: Int, resource: Int = -1) {
    self.resource = resource
    known.removeAll()
    unknown.removeAll(keepingCapacity: true)
    for key in document.keys(of: object) {
      let value = document.value(ofKey: key)
      if document.isEmpty(value) { continue }
      if let role = keys.table.index(of: document.key(key)) {
        known[role] = value
      } else {
        unknown.append(key)
      }
    }
  }

  /// Takes a value as if it stood in the object itself.
  mutating func add(_ value: Int, as role: Int) { known[role] = value }

  /// Notes that the value under the key has found its place.
  mutating func carry(_ key: StaticString) {
    if let role = role(of: key) { known.carry(role) }
  }

  /// The value under the key, unless it is empty.
  func value(_ key: StaticString) -> Int? { role(of: key).flatMap { known[$0] } }

  private func role(of key: StaticString) -> Int? {
    let bytes = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return keys.table.index(of: ByteView(bytes))
  }

  /// Fills the cells of the row that begins at `first`; a value that no cell can hold is left to
  /// `readRest`.
  mutating func readColumns(into cells: inout [RecordCell], from first: Int) {
    for role in known.present {
      guard let column = keys.roles[role].column, let value = known[role] else { continue }
      let reading = keys.roles[role].reading
      let holdsLists = reading == .text && keys.roles[role].kind?.holdsLists == true
      let cell =
        if holdsLists, document.holdsList(value) {
          RecordCell(document.values(of: value).first { !$0.isEmpty })
        } else {
          document.cell(value, reading)
        }
      cells[first + column] = cell
      // What is no date is NULL, and stands in the record.
      let isDate = reading == .date || reading == .stamp
      if isDate || cell != .null { known.carry(role) }
    }
  }

  /// One value for each URI of each URI field, with the display names that came beside them.
  mutating func readURIValues(into values: inout [RecordURI]) {
    for role in keys.uriFields {
      guard let value = known[role] else { continue }
      let first = values.count
      let count = document.eachValue(of: value) { position, text in
        values.append(
          RecordURI(
            resource: resource, role: role, position: position, value: text,
            isMalformed: URIForm.isMalformed(document.texts[text])))
      }
      known.carry(role)
      addLabels(to: &values, from: first, of: role, count: count)
      if let scheme = keys.roles[role].scheme.flatMap({ known[$0] }) {
        addSchemes(document.values(of: scheme), to: &values, from: first, count: count)
      }
    }
  }

  /// Every key that has found no other place.
  func readRest(into extras: inout [RecordExtra]) {
    for role in known.present where !known.carries(role) {
      guard let value = known[role] else { continue }
      extras.append(extra(.empty, role: role, value))
    }
    for key in unknown where !meetsAnother(key) {
      extras.append(extra(document.range(ofKey: key), role: -1, document.value(ofKey: key)))
    }
  }

  private func extra(_ key: TextRange, role: Int, _ value: Int) -> RecordExtra {
    RecordExtra(
      resource: resource, role: role, key: key, value: document.range(value),
      kind: document.kind(value))
  }

  /// True when the key, repaired for its U+0000, becomes one that was sent too: that one counts.
  ///
  /// Keys stand in the order of their bytes, so of those that meet only the last is left.
  private func meetsAnother(_ key: Int) -> Bool {
    guard document.key(key).holdsNUL else { return false }
    let text = Spelling(document.key(key).text)
    return unknown.reversed().prefix { $0 != key }
      .contains { Spelling(document.key($0).text) == text }
  }

  /// Puts the display names beside the values from `first` on; they have found their place when
  /// each stands beside one.
  private mutating func addLabels(
    to values: inout [RecordURI], from first: Int, of field: Int, count: Int
  ) {
    guard let role = keys.roles[field].labels.first(where: { known[$0] != nil }),
      let value = known[role]
    else { return }
    let labels = document.values(of: value)
    for index in first..<values.count where values[index].position < labels.count {
      let label = labels[values[index].position]
      values[index].portalLabel = label.isEmpty ? nil : label
    }
    if labels.count <= count { known.carry(role) }
  }

  /// Puts the schemes beside the values from `first` on, when there is one for each.
  private func addSchemes(
    _ schemes: [TextRange], to values: inout [RecordURI], from first: Int, count: Int
  ) {
    guard schemes.count == count else { return }
    for index in first..<values.count {
      let scheme = schemes[values[index].position]
      values[index].scheme = scheme.isEmpty ? nil : scheme
    }
  }
}

extension JSONNode.Kind {
  /// The word of `extras.json_type` and `field_census.json_type`.
  var name: String {
    switch self {
    case .null: "null"
    case .false, .true: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
