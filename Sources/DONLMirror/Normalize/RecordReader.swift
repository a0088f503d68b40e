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
