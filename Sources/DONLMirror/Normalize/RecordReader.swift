/// Reads the rows of one dataset out of a record.
struct RecordReader {
  private(set) var columns = DatasetColumn.empty
  private(set) var resources: [Resource] = []
  private(set) var uriValues: [URIValue] = []
  private(set) var tags: [String] = []
  private(set) var groups: [CatalogGroup] = []
  private(set) var organization: CatalogGroup?
  private(set) var extras: [Extra] = []

  private let document: JSONDocument
  private var dataset: ObjectReader
  private let resourceKeys: KeyRoles

  init(_ document: JSONDocument, datasetKeys: KeyRoles, resourceKeys: KeyRoles) {
    self.document = document
    dataset = ObjectReader(document, datasetKeys)
    self.resourceKeys = resourceKeys
  }

  /// Reads everything. No (resource, key) comes twice among the extras.
  mutating func read() {
    dataset.open(document.root)
    let left = liftExtras()
    readParts()
    dataset.readColumns(into: &columns)
    columns[DatasetColumn.organizationTitle.rawValue] = Cell(organization?.title)
    dataset.readURIValues(into: &uriValues)
    dataset.readRest(into: &extras)
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
      guard let role = dataset.keys.role(pair.key), dataset.keys.isLifted(role),
        dataset.known[role] == nil
      else { return true }
      dataset.add(pair.value, as: role)
      return false
    }
  }

  private mutating func readParts() {
    if let list = dataset.value("tags"), let names = document.tagNames(of: list) {
      tags = names
      dataset.carry("tags")
    }
    if let list = dataset.value("groups"), let found = document.groups(of: list) {
      groups = found
      dataset.carry("groups")
    }
    if let value = dataset.value("organization") {
      let owner = dataset.value("owner_org").flatMap { document.scalar(of: $0) }
      organization = document.group(of: value, id: owner.map { document.text($0) })
      if organization != nil { dataset.carry("organization") }
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
      var resource = Resource(columns: ResourceColumn.empty)
      reader.readColumns(into: &resource.columns)
      if resource[.mimetype] == .null, let type = reader.value("media_type") {
        resource[.mimetype] = document.cell(type, .text)
        if resource[.mimetype] != .null { reader.carry("media_type") }
      }
      reader.readURIValues(into: &uriValues)
      reader.readRest(into: &extras)
      resources.append(resource)
    }
  }

  /// The extras that were not lifted: a key at the top comes before them, a later one before an
  /// earlier one.
  private mutating func append(_ pairs: [ExtraPair]) {
    guard !pairs.isEmpty else { return }
    var seen = Set(extras.lazy.filter { $0.resourcePosition == nil }.map { Spelling($0.key) })
    var kept: [Extra] = []
    for pair in pairs.reversed() where seen.insert(Spelling(pair.key)).inserted {
      kept.append(Extra(pair, of: document))
    }
    extras.append(contentsOf: kept.reversed())
  }
}

extension KeyRoles {
  fileprivate func role(_ key: String) -> Int? {
    key.withView { table.index(of: $0) }
  }
}
