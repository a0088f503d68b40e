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

/// The URI values of a dataset, each as the entry of its list that it is. A term of 0 is none.
struct ResolvedValues {
  var rows: [URIRow] = []
  /// By `LabeledColumns.dataset`.
  var datasetTerms: [Int64]
  /// By `LabeledColumns.periods`.
  var periods: [TextRange?]
  /// By `LabeledColumns.resource`, one resource after the other.
  var resourceTerms: [Int64]
  /// What those terms say.
  fileprivate var resourceTexts: [TextRange]

  fileprivate init(resources: Int) {
    datasetTerms = Array(repeating: 0, count: LabeledColumns.dataset.count)
    periods = Array(repeating: nil, count: LabeledColumns.periods.count)
    let labels = resources * LabeledColumns.resource.count
    resourceTerms = Array(repeating: 0, count: labels)
    resourceTexts = Array(repeating: .empty, count: labels)
  }

  /// Whether a term of the resource says word for word what the column says: then it is not stored
  /// twice, and `''`, which no record can bring, stands for it.
  func isSaid(
    _ value: RecordCell, in column: Int, ofResource position: Int, _ texts: LentTexts
  ) -> Bool {
    guard let label = LabeledColumns.sharedByResources.first(where: { $0.0.rawValue == column })?.1,
      let text = value.text
    else { return false }
    let place = position * LabeledColumns.resource.count + label
    return resourceTerms[place] != 0 && texts.areEqual(text, resourceTexts[place])
  }
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
    var terms = ByteTable()

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
  private var torn = TornValues()
  private var displayNames = ByteTable()
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
    torn.schemeLists = schemes.values.compactMap(\.self)
    try statements.entriesWithComma.eachRow { row in
      if let list = row.text(0), let whole = row.text(1) { torn.add(whole, on: list) }
    }
    for name in fetched { list(name).isFetched = true }
  }

  // MARK: Values

  /// Codes the URI values of a dataset; what is not known yet is written.
  ///
  /// - Parameter texts: those of the dataset, lent.
  func resolve(_ dataset: Dataset, _ texts: LentTexts) throws -> ResolvedValues {
    if keys !== dataset.keys {
      keys = dataset.keys
      placesByRole = [:]
    }
    let content = dataset.content
    var resolved = ResolvedValues(resources: content.resources.count / ResourceColumn.names.count)
    resolved.rows.reserveCapacity(content.uriValues.count)
    var owner = -1
    forgetRanks()
    for value in content.uriValues {
      if value.resource != owner {
        owner = value.resource
        forgetRanks()
      }
      let place = try place(of: value, in: dataset, texts)
      let term = try term(value, on: place.list, texts)
      resolved.rows.append(
        URIRow(
          resource: Int64(owner), field: place.key, position: Int64(value.position), term: term,
          displayName: try value.portalLabel.map { try displayName(texts[$0]) } ?? 0))
      for slot in place.slots where !slot.wantsWord || value.isMalformed {
        show(term, value, in: slot, &resolved)
      }
    }
    showPeriods(of: dataset, texts, in: &resolved)
    return resolved
  }

  /// Lets a column show a value, unless it shows one that goes before it.
  private func show(
    _ term: Int64, _ value: RecordURI, in slot: LabeledColumns.Slot,
    _ resolved: inout ResolvedValues
  ) {
    guard (slot.rank, value.position) < ranks[slot.column] else { return }
    ranks[slot.column] = (slot.rank, value.position)
    if value.resource < 0 {
      resolved.datasetTerms[slot.column] = term
    } else {
      let place = value.resource * LabeledColumns.resource.count + slot.column
      resolved.resourceTerms[place] = term
      resolved.resourceTexts[place] = value.value
    }
  }

  private func showPeriods(
    of dataset: Dataset, _ texts: LentTexts, in resolved: inout ResolvedValues
  ) {
    guard !periods.isEmpty else { return }
    var ranks = [Int](repeating: .max, count: LabeledColumns.periods.count)
    for extra in dataset.content.extras {
      guard extra.resource < 0 else { return }
      // Whatever shows a period is a field of the table, and so has a role.
      guard extra.role >= 0, let slot = periods[dataset.keys.dataset.roles[extra.role].key],
        slot.rank < ranks[slot.column]
      else { continue }
      ranks[slot.column] = slot.rank
      resolved.periods[slot.column] = extra.value
    }
  }

  /// By column: the rank and the position of what it shows, while one owner's values are gone through.
  private var ranks = [(Int, Int)](
    repeating: (.max, .max),
    count: max(LabeledColumns.dataset.count, LabeledColumns.resource.count))

  private func forgetRanks() {
    for column in ranks.indices { ranks[column] = (.max, .max) }
  }

  /// The places of fields whose lists no scheme decides, by `2 * role`, and one more on resources; as
  /// long as records are read by the same keys.
  private var placesByRole: [Int: Place] = [:]
  private var keys: RecordKeys?

  private func place(
    of value: RecordURI, in dataset: Dataset, _ texts: LentTexts
  ) throws -> Place {
    let field = dataset.keys[value.resource].roles[value.role].key
    if let scheme = value.scheme {
      return try knownPlace(value.resource < 0 ? .dataset : .resource, field, texts.string(scheme))
    }
    let number = 2 * value.role + (value.resource < 0 ? 0 : 1)
    if let known = placesByRole[number] { return known }
    let place = try knownPlace(value.resource < 0 ? .dataset : .resource, field, "")
    placesByRole[number] = place
    return place
  }

  private func knownPlace(
    _ entity: FieldTable.Entity, _ field: String, _ scheme: String
  ) throws -> Place {
    if let known = fields[entity]?[field]?.places[scheme] { return known }
    let info = fields[entity]?[field] ?? FieldInfo(valueList: nil, slots: [])
    var valueList = info.valueList
    var list: List?
    if valueList?.hasPrefix("@") == true {
      valueList = schemes[scheme] ?? nil
      if schemes.keys.contains(scheme), valueList == nil {
        list = self.list(scheme, isScheme: true)
      }
    }
    let place = Place(
      key: try key(entity, field, scheme, valueList),
      list: list ?? self.list(valueList ?? ""),
      slots: info.slots)
    var known = info
    known.places[scheme] = place
    fields[entity]?[field] = known
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

  private func term(_ value: RecordURI, on list: List, _ texts: LentTexts) throws -> Int64 {
    let text = texts[value.value]
    if let known = list.terms.value(of: text) { return known }
    // What is new need not be looked for first: in a first load nearly all of it is.
    let key =
      if expectsNewTerms {
        try newTerm(value, text, on: list) ?? storedTerm(text, on: list)
      } else {
        try storedTerm(text, on: list) ?? newTerm(value, text, on: list)
      }
    guard let key else {
      throw DatabaseError(
        resultCode: .SQLITE_CONSTRAINT, message: "a value is neither new nor known")
    }
    remember()
    list.terms.set(key, of: text)
    return key
  }

  private func storedTerm(_ text: ByteView, on list: List) throws -> Int64? {
    try statements.findTerm.bind(lent: text, at: 1)
    try statements.findTerm.bind(list.name, at: 2)
    let key = try statements.findTerm.first { $0.integer(0) }
    if key != nil { expectsNewTerms = false }
    return key
  }

  /// - Returns: nil when it is there already.
  private func newTerm(_ value: RecordURI, _ text: ByteView, on list: List) throws -> Int64? {
    try statements.insertTerm.bind(list.name, at: 1)
    try statements.insertTerm.bind(lent: text, at: 2)
    try statements.insertTerm.bind(try standing(of: value, text, on: list), at: 3)
    try statements.insertTerm.run()
    expectsNewTerms = sqlite3_changes(connection) > 0
    return expectsNewTerms ? sqlite3_last_insert_rowid(connection) : nil
  }

  /// The last value that was not remembered was new.
  private var expectsNewTerms = false

  private func remember() {
    remembered += 1
    guard remembered > Self.rememberedMax else { return }
    forgetTerms()
    remembered = 1
  }

  /// Of a value that no list has.
  private func standing(of value: RecordURI, _ text: ByteView, on list: List) throws -> String {
    if list.isScheme {
      try statements.isCode.bind([.text(list.name), .text(text.string)])
      return try statements.isCode.first { $0.integer(0) } == 1 ? "code" : "malformed"
    }
    if value.isMalformed { return "malformed" }
    if list.name.isEmpty { return "free" }
    return list.isFetched ? "unlisted" : "unchecked"
  }

  private func displayName(_ label: ByteView) throws -> Int64 {
    if let known = displayNames.value(of: label) { return known }
    try statements.findDisplayName.bind(lent: label, at: 1)
    let key: Int64
    if let found = try statements.findDisplayName.first({ $0.integer(0) }) {
      key = found
    } else {
      try statements.insertDisplayName.bind(lent: label, at: 1)
      try statements.insertDisplayName.run()
      key = sqlite3_last_insert_rowid(connection)
    }
    if displayNames.count >= Self.rememberedMax { displayNames.removeAll() }
    displayNames.set(key, of: label)
    return key
  }

  /// Asks for the values anew: some may be there no more.
  func forgetTerms() {
    for list in lists.values { list.terms.removeAll() }
  }

  /// The dataset with its torn values joined again.
  func mended(_ dataset: Dataset) -> Dataset {
    torn.mended(dataset) { fields[$0]?[$1]?.valueList }
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
    insertTerm = try prepare(
      """
      INSERT INTO terms (list, value, standing) VALUES (?, ?, ?)
      ON CONFLICT (value, list) DO NOTHING
      """)
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
