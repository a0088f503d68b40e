/// The parts of a record that are objects of their own.
extension JSONDocument {
  /// The names of tags: of a list of objects or strings, or of one string.
  ///
  /// - Returns: Each name once, in the order as served; nil when it is an object.
  func tagNames(of tags: Int) -> [TextRange]? {
    guard kind(tags) == .array else {
      guard kind(tags) != .object else { return nil }
      return unique(values(of: tags).filter { !$0.isEmpty }, by: \.self)
    }
    let names = elements(of: tags).compactMap { tag -> TextRange? in
      let name =
        kind(tag) == .object
        ? member("name", of: tag) ?? member("display_name", of: tag) : scalar(of: tag)
      return name.flatMap { translated($0) }.map { range($0) }
    }
    return unique(names, by: \.self)
  }

  /// The groups of a dataset, each id once; nil when it is no list.
  func groups(of groups: Int) -> [RecordGroup]? {
    guard kind(groups) == .array else { return nil }
    return unique(elements(of: groups).compactMap { group(of: $0, id: nil) }, by: \.id)
  }

  /// So many are sooner compared with each other than put into a set.
  private static let fewParts = 12

  /// What comes first of those that say the same.
  private func unique<Part>(_ parts: [Part], by text: KeyPath<Part, TextRange>) -> [Part] {
    guard parts.count > Self.fewParts else {
      return parts.indices.compactMap { index in
        let isRepeated = parts[..<index].contains {
          texts.areEqual($0[keyPath: text], parts[index][keyPath: text])
        }
        return isRepeated ? nil : parts[index]
      }
    }
    var seen: Set<Spelling> = []
    return parts.filter { seen.insert(Spelling(texts.string($0[keyPath: text]))).inserted }
  }

  /// An organization or a group: an object, or its name alone (API 2).
  ///
  /// - Parameter id: The id when the value does not hold one; else the name serves.
  func group(of node: Int, id: TextRange?) -> RecordGroup? {
    guard kind(node) == .object else {
      return scalar(of: node).map { range($0) }.map { RecordGroup(id: id ?? $0, name: $0) }
    }
    let name = member("name", of: node).flatMap { scalar(of: $0) }.map { range($0) }
    let ownID = member("id", of: node).flatMap { scalar(of: $0) }.map { range($0) }
    guard let id = ownID ?? id ?? name else { return nil }
    var group = RecordGroup(id: id, name: name)
    let title = member("title", of: node) ?? member("display_name", of: node)
    group.title = title.flatMap { translated($0) }.map { range($0) }
    group.description = member("description", of: node).flatMap { translated($0) }.map { range($0) }
    let image = member("image_url", of: node) ?? member("image_display_url", of: node)
    group.imageURL = image.flatMap { scalar(of: $0) }.map { range($0) }
    group.state = member("state", of: node).flatMap { scalar(of: $0) }.map { range($0) }
    group.created = member("created", of: node).flatMap { cell($0, .stamp).text }
    return group
  }
}

extension CatalogGroup {
  init(_ group: RecordGroup, _ texts: LentTexts) {
    self.init(
      id: texts.string(group.id), name: group.name.map(texts.string),
      title: group.title.map(texts.string), description: group.description.map(texts.string),
      imageURL: group.imageURL.map(texts.string), state: group.state.map(texts.string),
      created: group.created.map(texts.string))
  }
}

/// One key and value of CKAN's `extras`.
struct ExtraPair {
  var key: TextRange
  /// The node of the value, which is not empty.
  var value: Int
}

extension JSONDocument {
  /// What `extras` holds: a list of `{key, value}`, or an object as API 2 sends it.
  ///
  /// A key and its value may stand in two elements that follow each other (ckan/ckan#5524). What
  /// is no such pair comes under the key it shows, or under `""`.
  /// - Returns: Nil when it is neither list nor object.
  func extraPairs(of extras: Int) -> [ExtraPair]? {
    switch kind(extras) {
    case .object:
      return keys(of: extras).lazy
        .map { ExtraPair(key: range(ofKey: $0), value: value(ofKey: $0)) }
        .filter { !isEmpty($0.value) }
    case .array: return pairs(ofList: extras)
    default: return nil
    }
  }

  private func pairs(ofList extras: Int) -> [ExtraPair] {
    var pairs: [ExtraPair] = []
    var waiting: TextRange?
    for element in elements(of: extras) where !isEmpty(element) {
      let key = member("key", of: element).map { range($0) }
      if let value = member("value", of: element) {
        pairs.append(ExtraPair(key: key ?? waiting ?? .empty, value: value))
        waiting = nil
      } else if let key {
        waiting = holds("value", element) ? nil : key
      } else if kind(element) != .object {
        pairs.append(ExtraPair(key: .empty, value: element))
      }
    }
    return pairs
  }

  private func holds(_ name: StaticString, _ object: Int) -> Bool {
    keys(of: object).contains { key($0).equals(name) }
  }
}
