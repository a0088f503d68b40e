/// The parts of a record that are objects of their own.
extension JSONDocument {
  /// The names of tags: of a list of objects or strings, or of one string.
  ///
  /// - Returns: Each name once, in the order as served; nil when it is an object.
  func tagNames(of tags: Int) -> [String]? {
    var seen: Set<Spelling> = []
    guard kind(tags) == .array else {
      guard kind(tags) != .object else { return nil }
      return values(of: tags).filter { !$0.isEmpty && seen.insert(Spelling($0)).inserted }
    }
    return elements(of: tags).compactMap { tag in
      let name =
        kind(tag) == .object
        ? member("name", of: tag) ?? member("display_name", of: tag) : scalar(of: tag)
      guard let name = name.flatMap({ translated($0) }) else { return nil }
      let text = text(name)
      return seen.insert(Spelling(text)).inserted ? text : nil
    }
  }

  /// The groups of a dataset, each id once; nil when it is no list.
  func groups(of groups: Int) -> [CatalogGroup]? {
    guard kind(groups) == .array else { return nil }
    var seen: Set<Spelling> = []
    return elements(of: groups).compactMap { group(of: $0, id: nil) }
      .filter { seen.insert(Spelling($0.id)).inserted }
  }

  /// An organization or a group: an object, or its name alone (API 2).
  ///
  /// - Parameter id: The id when the value does not hold one; else the name serves.
  func group(of node: Int, id: String?) -> CatalogGroup? {
    guard kind(node) == .object else {
      return scalar(of: node).map { text($0) }.map { CatalogGroup(id: id ?? $0, name: $0) }
    }
    let name = member("name", of: node).flatMap { scalar(of: $0) }.map { text($0) }
    let ownID = member("id", of: node).flatMap { scalar(of: $0) }.map { text($0) }
    guard let id = ownID ?? id ?? name else { return nil }
    var group = CatalogGroup(id: id, name: name)
    let title = member("title", of: node) ?? member("display_name", of: node)
    group.title = title.flatMap { translated($0) }.map { text($0) }
    group.description = member("description", of: node).flatMap { translated($0) }.map { text($0) }
    let image = member("image_url", of: node) ?? member("image_display_url", of: node)
    group.imageURL = image.flatMap { scalar(of: $0) }.map { text($0) }
    group.state = member("state", of: node).flatMap { scalar(of: $0) }.map { text($0) }
    group.created = member("created", of: node).flatMap { cell($0, .stamp).text }
    return group
  }
}
