/// Values with a comma in them. The portal splits lists at every comma, also inside a URI (docs/portal.md, "How
/// values arrive"); what the list of the field knows with its commas is joined again, at the place of its first piece.
struct TornValues {
  /// Entries with a comma in them, by list and by what stands before the first comma.
  private var wholes: [String: [Spelling: [String]]] = [:]
  /// The lists of which a scheme beside the value decides.
  var schemeLists: [String] = []

  mutating func add(_ whole: String, on list: String) {
    let first = String(whole.prefix { $0 != "," })
    wholes[list, default: [:]][Spelling(first), default: []].append(whole)
  }

  /// - Parameter valueList: what the field table says about a field.
  func mended(
    _ dataset: Dataset, _ valueList: (FieldTable.Entity, String) -> String?
  ) -> Dataset {
    let values = dataset.content.uriValues
    guard !wholes.isEmpty, !values.isEmpty else { return dataset }
    var mended = dataset
    var joined: [RecordURI] = []
    joined.reserveCapacity(values.count)
    var isMended = false
    var start = 0
    while start < values.count {
      var end = start + 1
      while end < values.count, values[end].role == values[start].role,
        values[end].resource == values[start].resource
      {
        end += 1
      }
      let run = values[start..<end]
      if run.count > 1, let wholes = wholes(for: run[start], in: dataset, valueList),
        let whole = join(run, wholes, in: &mended, valueList)
      {
        joined += whole
        isMended = true
      } else {
        joined += run
      }
      start = end
    }
    if isMended { mended.content.uriValues = joined }
    return mended
  }

  /// What the lists of the field have with commas, by the first piece; nil when nothing.
  private func wholes(
    for value: RecordURI, in dataset: Dataset,
    _ valueList: (FieldTable.Entity, String) -> String?
  ) -> [Spelling: [String]]? {
    let entity: FieldTable.Entity = value.resource < 0 ? .dataset : .resource
    let field = dataset.keys[value.resource].roles[value.role].key
    guard let name = valueList(entity, field) else { return nil }
    guard name.hasPrefix("@") else { return wholes[name] }
    let all = schemeLists.compactMap { wholes[$0] }
    return all.isEmpty ? nil : all.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  /// - Returns: nil when nothing is torn.
  private func join(
    _ run: ArraySlice<RecordURI>, _ wholes: [Spelling: [String]], in dataset: inout Dataset,
    _ valueList: (FieldTable.Entity, String) -> String?
  ) -> [RecordURI]? {
    let texts = run.map { dataset.texts.string($0.value) }
    var joined: [RecordURI] = []
    /// So many pieces behind the first went into each.
    var more: [Int] = []
    var index = 0
    while index < run.count {
      var value = run[run.startIndex + index]
      let whole = (wholes[Spelling(texts[index])] ?? [])
        .filter { begins($0, at: index, of: run, texts) }
        .max { $0.utf8.count < $1.utf8.count }
      if let whole { value.value = dataset.texts.keep(whole) }
      joined.append(value)
      more.append(whole?.utf8.count { $0 == .comma } ?? 0)
      index += 1 + (more.last ?? 0)
    }
    guard joined.count < run.count else { return nil }
    pairSchemes(with: &joined, more, in: dataset, valueList)
    return joined
  }

  private func begins(
    _ whole: String, at index: Int, of run: ArraySlice<RecordURI>, _ texts: [String]
  ) -> Bool {
    let count = whole.utf8.count { $0 == .comma } + 1
    guard index + count <= run.count else { return false }
    let first = run[run.startIndex + index].position
    let isSequence = (0..<count).allSatisfy {
      run[run.startIndex + index + $0].position == first + $0
    }
    let pieces = texts[index..<(index + count)]
    return isSequence && Spelling(pieces.joined(separator: ",")) == Spelling(whole)
  }

  /// The scheme with the number of the value among the joined ones, if there is one for each.
  private func pairSchemes(
    with joined: inout [RecordURI], _ more: [Int], in dataset: Dataset,
    _ valueList: (FieldTable.Entity, String) -> String?
  ) {
    let roles = dataset.keys.dataset.roles
    guard let first = joined.first, first.resource < 0,
      let decider = valueList(.dataset, roles[first.role].key), decider.hasPrefix("@")
    else { return }
    let field = String(decider.dropFirst())
    let schemes = dataset.content.uriValues.filter {
      $0.resource < 0 && roles[$0.role].key == field
    }
    var before = 0
    for index in joined.indices {
      let place = joined[index].position - before
      joined[index].scheme =
        schemes.count == joined.count ? schemes.first { $0.position == place }?.value : nil
      before += more[index]
    }
  }
}
