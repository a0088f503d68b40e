import GRDB
import GRDBSQLite

/// A row of `uri_rows`, without its dataset.
struct URIRow: Hashable {
  /// The position of the resource; -1 on a field of the dataset.
  var resource: Int64
  var field: Int64
  var position: Int64
  var term: Int64
  /// 0 where the portal sent none.
  var displayName: Int64
}

/// The URI values of a dataset, each as the entry of its list that it is.
struct ResolvedValues {
  var rows: [URIRow] = []
  /// By `LabeledColumns.dataset`, then by `LabeledColumns.periods`.
  var datasetLabels: [Cell]
  fileprivate var resourceLabels: [Int: [Cell]] = [:]
  fileprivate var resourceTexts: [Int: [String?]] = [:]

  func labels(ofResource position: Int) -> [Cell] {
    resourceLabels[position] ?? Self.noLabels
  }

  /// The columns of a resource as they are stored: what its term says word for word is not said twice,
  /// and `''`, which no record can bring, stands for it.
  func columns(of resource: Resource, at position: Int) -> [Cell] {
    guard let texts = resourceTexts[position] else { return resource.columns }
    var columns = resource.columns
    for (column, slot) in LabeledColumns.sharedByResources {
      if let text = texts[slot], columns[column.rawValue] == .text(text) {
        columns[column.rawValue] = .text("")
      }
    }
    return columns
  }

  private static let noLabels = [Cell](repeating: .null, count: LabeledColumns.resource.count)
}

/// What the database knows of URI fields, value lists and values, by number: a value is resolved when
/// it is written.
///
/// A value is one row of `terms` for each list that it is taken from, whether the list has it or not.
/// So what a list says anew changes that row and no value; only where a list brings the whole of a torn
/// value, or the field table changes, records are read again.
///
/// Confined to the queue of the `Store` that owns it, as `CatalogWriter` is.
final class Vocabulary {
  /// The values that are taken from one list, as far as they are remembered.
  private final class List {
    /// What stands in `terms.list`.
    let name: String
    /// Its values are codes of this scheme.
    let isScheme: Bool
    var isFetched = false
    var terms: [Spelling: Int64] = [:]

    init(_ name: String, isScheme: Bool = false) {
      self.name = name
      self.isScheme = isScheme
    }
  }

  /// A field, or a field together with the scheme that decides its list.
  private struct Place {
    var key: Int64
    var list: List
    var slots: [LabeledColumns.Slot]
  }

  private struct FieldInfo {
    var valueList: String?
    var slots: [LabeledColumns.Slot]
    /// By scheme; `""` where none decides.
    var places: [String: Place] = [:]
  }

  private let statements: VocabularyStatements
  private var lists: [String: List] = [:]
  private var fields: [FieldTable.Entity: [String: FieldInfo]] = [.dataset: [:], .resource: [:]]
  /// What a scheme says of the values beside it: a list, or (nil) a form of codes.
  private var schemes: [String: String?] = [:]
  /// Entries with a comma in them, by list and by what stands before the first comma.
  private var torn: [String: [Spelling: [String]]] = [:]
  private var displayNames: [Spelling: Int64] = [:]
  /// Extras that `LabeledColumns.periods` shows: by key, the column and its rank.
  private var periods: [String: LabeledColumns.Slot] = [:]
  private var remembered = 0
  private let connection: OpaquePointer

  /// How many values are remembered; those that come again and again are soon known anew.
  private static let rememberedMax = 20_000

  init(_ connection: OpaquePointer) throws {
    self.connection = connection
    statements = try VocabularyStatements(connection)
    try load()
  }

  private func load() throws {
    var fetched: Set<String> = []
    try statements.fetchedLists.eachRow { fetched.insert($0.text(0) ?? "") }
    try statements.fields.eachRow { row in
      guard let entity = row.text(0).flatMap(FieldTable.Entity.init), let name = row.text(1) else {
        return
      }
      let field = FieldTable.Field(
        entity: entity, name: name, kind: .text, valueList: row.text(2), until: row.text(3),
        renamedTo: row.text(4))
      let columns = entity == .dataset ? LabeledColumns.dataset : LabeledColumns.resource
      let slots = LabeledColumns.slots(of: columns, for: field, asRenamed: entity == .dataset)
      fields[entity]?[name] = FieldInfo(valueList: field.valueList, slots: slots)
      if entity == .dataset {
        let shown = LabeledColumns.slots(of: LabeledColumns.periods, for: field, asRenamed: true)
        periods[name] = shown.first
      }
    }
    try statements.schemes.eachRow { row in
      if let scheme = row.text(0) { schemes[scheme] = .some(row.text(1)) }
    }
    try statements.entriesWithComma.eachRow { row in
      guard let list = row.text(0), let whole = row.text(1) else { return }
      let first = String(whole.prefix { $0 != "," })
      torn[list, default: [:]][Spelling(first), default: []].append(whole)
    }
    for name in fetched { list(name).isFetched = true }
  }

  // MARK: Values

  /// Codes the URI values of a dataset; what is not known yet is written.
  func resolve(_ dataset: Dataset) throws -> ResolvedValues {
    var resolved = ResolvedValues(
      datasetLabels: Array(
        repeating: .null,
        count: LabeledColumns.dataset.count + LabeledColumns.periods.count))
    resolved.rows.reserveCapacity(dataset.uriValues.count)
    var best = Best(LabeledColumns.dataset.count)
    var resource = -1
    for value in try mended(dataset.uriValues) {
      if let position = value.resourcePosition, position != resource {
        settle(&best, resource, &resolved)
        resource = position
        best = Best(LabeledColumns.resource.count)
      }
      let place = try place(of: value)
      let term = try term(value, on: place.list)
      resolved.rows.append(
        URIRow(
          resource: Int64(resource), field: place.key, position: Int64(value.position), term: term,
          displayName: try value.portalLabel.map(displayName) ?? 0))
      for slot in place.slots where !slot.wantsWord || value.isMalformed {
        best.offer(term, value.value, for: slot, at: value.position)
      }
    }
    settle(&best, resource, &resolved)
    showPeriods(of: dataset, in: &resolved)
    return resolved
  }

  /// The value that each column shows, while the values of one owner are gone through.
  private struct Best {
    private(set) var terms: [Cell]
    private(set) var texts: [String?]
    private var ranks: [(Int, Int)]

    init(_ count: Int) {
      terms = Array(repeating: .null, count: count)
      texts = Array(repeating: nil, count: count)
      ranks = Array(repeating: (.max, .max), count: count)
    }

    mutating func offer(
      _ term: Int64, _ text: String, for slot: LabeledColumns.Slot, at position: Int
    ) {
      guard (slot.rank, position) < ranks[slot.column] else { return }
      ranks[slot.column] = (slot.rank, position)
      terms[slot.column] = .integer(term)
      texts[slot.column] = text
    }
  }

  private func settle(_ best: inout Best, _ resource: Int, _ resolved: inout ResolvedValues) {
    if resource < 0 {
      resolved.datasetLabels.replaceSubrange(0..<best.terms.count, with: best.terms)
    } else {
      resolved.resourceLabels[resource] = best.terms
      resolved.resourceTexts[resource] = best.texts
    }
  }

  private func showPeriods(of dataset: Dataset, in resolved: inout ResolvedValues) {
    var ranks = [Int](repeating: .max, count: LabeledColumns.periods.count)
    for extra in dataset.extras where extra.resourcePosition == nil {
      guard let slot = periods[extra.key], slot.rank < ranks[slot.column] else { continue }
      ranks[slot.column] = slot.rank
      resolved.datasetLabels[LabeledColumns.dataset.count + slot.column] = .text(extra.value)
    }
  }

  /// The places of the values in the order in which they came last: records are alike, so the next
  /// value most often belongs to the next place.
  private var recent: [(isDataset: Bool, field: String, scheme: String?, place: Place)] = []
  private var cursor = 0
  private static let recentMax = 64

  private func place(of value: URIValue) throws -> Place {
    for _ in recent.indices {
      if cursor >= recent.count { cursor = 0 }
      let next = recent[cursor]
      cursor += 1
      if next.field == value.field, next.isDataset == (value.resourcePosition == nil),
        next.scheme == value.scheme
      {
        return next.place
      }
    }
    let place = try knownPlace(of: value)
    if recent.count >= Self.recentMax { recent = [] }
    recent.append((value.resourcePosition == nil, value.field, value.scheme, place))
    cursor = recent.count
    return place
  }

  private func knownPlace(of value: URIValue) throws -> Place {
    let entity: FieldTable.Entity = value.resourcePosition == nil ? .dataset : .resource
    let scheme = value.scheme ?? ""
    if let known = fields[entity]?[value.field]?.places[scheme] { return known }
    let info = fields[entity]?[value.field] ?? FieldInfo(valueList: nil, slots: [])
    var valueList = info.valueList
    var list: List?
    if valueList?.hasPrefix("@") == true {
      valueList = schemes[scheme] ?? nil
      if schemes.keys.contains(scheme), valueList == nil {
        list = self.list(scheme, isScheme: true)
      }
    }
    let place = Place(
      key: try key(entity, value.field, scheme, valueList),
      list: list ?? self.list(valueList ?? ""),
      slots: info.slots)
    var known = info
    known.places[scheme] = place
    fields[entity]?[value.field] = known
    return place
  }

  private func list(_ name: String, isScheme: Bool = false) -> List {
    if let known = lists[name] { return known }
    let list = List(name, isScheme: isScheme)
    lists[name] = list
    return list
  }

  private func key(
    _ entity: FieldTable.Entity, _ field: String, _ scheme: String, _ valueList: String?
  ) throws -> Int64 {
    let cells = [Cell.text(entity.rawValue), .text(field), .text(scheme)]
    try statements.findField.bind(cells)
    if let key = try statements.findField.first({ $0.integer(0) }) { return key }
    try statements.insertField.bind(cells + [Cell(valueList)])
    try statements.insertField.run()
    return sqlite3_last_insert_rowid(connection)
  }

  private func term(_ value: URIValue, on list: List) throws -> Int64 {
    let spelling = Spelling(value.value)
    if let known = list.terms[spelling] { return known }
    try statements.findTerm.bind(value.value, at: 1)
    try statements.findTerm.bind(list.name, at: 2)
    let key: Int64
    if let found = try statements.findTerm.first({ $0.integer(0) }) {
      key = found
    } else {
      try statements.insertTerm.bind(list.name, at: 1)
      try statements.insertTerm.bind(value.value, at: 2)
      try statements.insertTerm.bind(try standing(of: value, on: list), at: 3)
      try statements.insertTerm.run()
      key = sqlite3_last_insert_rowid(connection)
    }
    remember()
    list.terms[spelling] = key
    return key
  }

  private func remember() {
    remembered += 1
    guard remembered > Self.rememberedMax else { return }
    forgetTerms()
    remembered = 1
  }

  /// Of a value that no list has.
  private func standing(of value: URIValue, on list: List) throws -> String {
    if list.isScheme {
      try statements.isCode.bind([.text(list.name), .text(value.value)])
      return try statements.isCode.first { $0.integer(0) } == 1 ? "code" : "malformed"
    }
    if value.isMalformed { return "malformed" }
    if list.name.isEmpty { return "free" }
    return list.isFetched ? "unlisted" : "unchecked"
  }

  private func displayName(_ label: String) throws -> Int64 {
    let spelling = Spelling(label)
    if let known = displayNames[spelling] { return known }
    try statements.findDisplayName.bind(label, at: 1)
    let key: Int64
    if let found = try statements.findDisplayName.first({ $0.integer(0) }) {
      key = found
    } else {
      try statements.insertDisplayName.bind(label, at: 1)
      try statements.insertDisplayName.run()
      key = sqlite3_last_insert_rowid(connection)
    }
    if displayNames.count > Self.rememberedMax { displayNames = [:] }
    displayNames[spelling] = key
    return key
  }

  /// Asks for the values anew: some may be there no more.
  func forgetTerms() {
    for list in lists.values { list.terms.removeAll(keepingCapacity: true) }
  }

  // MARK: Torn values

  /// The portal splits lists at every comma, also inside a URI (FIELDS.md, 1.2). What the list of the
  /// field knows with its commas is joined again, at the place of its first piece.
  private func mended(_ values: [URIValue]) throws -> [URIValue] {
    guard !torn.isEmpty else { return values }
    var mended: [URIValue] = []
    mended.reserveCapacity(values.count)
    var start = 0
    while start < values.count {
      var end = start + 1
      while end < values.count, values[end].field == values[start].field,
        values[end].resourcePosition == values[start].resourcePosition
      {
        end += 1
      }
      let run = values[start..<end]
      if run.count > 1, let wholes = wholes(for: run[start]) {
        mended += join(run, wholes, of: values)
      } else {
        mended += run
      }
      start = end
    }
    return mended
  }

  /// What the lists of the field have with commas, by the first piece; nil when nothing.
  private func wholes(for value: URIValue) -> [Spelling: [String]]? {
    let entity: FieldTable.Entity = value.resourcePosition == nil ? .dataset : .resource
    guard let name = fields[entity]?[value.field]?.valueList else { return nil }
    guard name.hasPrefix("@") else { return torn[name] }
    let all = schemes.values.compactMap { $0.flatMap { torn[$0] } }
    return all.isEmpty ? nil : all.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  private func join(
    _ run: ArraySlice<URIValue>, _ wholes: [Spelling: [String]], of values: [URIValue]
  ) -> [URIValue] {
    var joined: [URIValue] = []
    /// So many pieces behind the first went into each.
    var more: [Int] = []
    var index = run.startIndex
    while index < run.endIndex {
      var value = run[index]
      let whole = (wholes[Spelling(value.value)] ?? []).filter { begins($0, at: index, of: run) }
        .max { $0.utf8.count < $1.utf8.count }
      if let whole { value.value = whole }
      joined.append(value)
      more.append(whole?.utf8.count { $0 == .comma } ?? 0)
      index += 1 + (more.last ?? 0)
    }
    if joined.count < run.count { pairSchemes(with: &joined, more, of: values) }
    return joined
  }

  private func begins(_ whole: String, at index: Int, of run: ArraySlice<URIValue>) -> Bool {
    let count = whole.utf8.count { $0 == .comma } + 1
    guard index + count <= run.endIndex else { return false }
    let pieces = run[index..<(index + count)]
    let isSequence = pieces.indices.allSatisfy {
      run[$0].position == run[index].position + $0 - index
    }
    return isSequence && Spelling(pieces.map(\.value).joined(separator: ",")) == Spelling(whole)
  }

  /// The scheme with the number of the value among the joined ones, if there is one for each.
  private func pairSchemes(with joined: inout [URIValue], _ more: [Int], of values: [URIValue]) {
    guard let first = joined.first, first.resourcePosition == nil,
      let decider = fields[.dataset]?[first.field]?.valueList, decider.hasPrefix("@")
    else { return }
    let field = String(decider.dropFirst())
    let schemes = values.filter { $0.resourcePosition == nil && $0.field == field }
    var before = 0
    for index in joined.indices {
      let place = joined[index].position - before
      joined[index].scheme =
        schemes.count == joined.count ? schemes.first { $0.position == place }?.value : nil
      before += more[index]
    }
  }
}

/// The statements of a `Vocabulary`.
private struct VocabularyStatements {
  let fields: Statement
  let schemes: Statement
  let fetchedLists: Statement
  let entriesWithComma: Statement
  let findField: Statement
  let insertField: Statement
  let findTerm: Statement
  let insertTerm: Statement
  let isCode: Statement
  let findDisplayName: Statement
  let insertDisplayName: Statement

  init(_ connection: OpaquePointer) throws {
    func prepare(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }
    fields = try prepare("SELECT entity, field, value_list, until, renamed_to FROM fields")
    schemes = try prepare("SELECT scheme, value_list FROM spatial_schemes")
    fetchedLists = try prepare("SELECT name FROM value_lists WHERE fetched_at IS NOT NULL")
    entriesWithComma = try prepare(
      "SELECT list, value FROM terms WHERE first_seen IS NOT NULL AND instr(value, ',') > 0")
    findField = try prepare(
      "SELECT key FROM uri_fields WHERE entity = ? AND field = ? AND scheme = ?")
    insertField = try prepare(
      "INSERT INTO uri_fields (entity, field, scheme, value_list) VALUES (?, ?, ?, ?)")
    findTerm = try prepare("SELECT key FROM terms WHERE value = ? AND list = ?")
    insertTerm = try prepare("INSERT INTO terms (list, value, standing) VALUES (?, ?, ?)")
    isCode = try prepare(
      """
      SELECT EXISTS (
        SELECT 1 FROM code_patterns
        WHERE scheme = ?1 AND ?2 GLOB pattern AND NOT ?2 GLOB but_not)
      """)
    findDisplayName = try prepare("SELECT key FROM display_names WHERE label = ?")
    insertDisplayName = try prepare("INSERT INTO display_names (label) VALUES (?)")
  }
}
