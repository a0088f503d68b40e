import GRDB
import GRDBSQLite

/// Counts the keys outside the columns while records are written, and codes them by number.
///
/// Confined to the queue of the `Store` that owns it, as `CatalogWriter` is.
final class FieldCensus {
  private struct Entry {
    let key: Int64
    /// `field_census` shows it.
    let isUnknown: Bool
    /// As stored, and as changed since.
    var datasets: Int64
    var example: String?
    var isChanged = false
    /// How the key stands in JSON.
    let code: [UInt8]
    /// The dataset that was counted last: a key in five resources is one dataset.
    var countedFor: Int64 = -1

    init(key: Int64, isUnknown: Bool, datasets: Int64, example: String?) {
      self.key = key
      self.isUnknown = isUnknown
      self.datasets = datasets
      self.example = example
      code = Array("\"\(key)\":".utf8)
    }
  }

  private let statements: CensusStatements
  private let connection: OpaquePointer
  private var entries: [Entry] = []
  /// By the key, for each JSON type of each entity.
  private var places: [FieldTable.Entity: [String: ByteTable]] = [.dataset: [:], .resource: [:]]
  /// The places of keys that have a role, -1 where they are not known yet, as long as records are read by
  /// the same keys.
  private var placesByRole: [Int] = []
  private var keys: RecordKeys?
  private var placesByKey: [Int64: Int] = [:]
  private var known: Set<FieldSighting> = []
  /// The places of the extras that were coded last.
  private var present: [Int] = []
  private let json = ByteWriter()

  init(_ connection: OpaquePointer) throws {
    self.connection = connection
    statements = try CensusStatements(connection)
    try statements.all.eachRow { row in
      guard let entity = row.text(1).flatMap(FieldTable.Entity.init), let field = row.text(2),
        let type = row.text(3)
      else { return }
      append(
        Entry(
          key: row.integer(0), isUnknown: row.integer(6) == 1, datasets: row.integer(4),
          example: row.text(5)),
        entity, field, type)
    }
  }

  private func append(
    _ entry: Entry, _ entity: FieldTable.Entity, _ field: String, _ type: String
  ) {
    field.withView {
      places[entity]?[type, default: ByteTable()].set(Int64(entries.count), of: $0)
    }
    placesByKey[entry.key] = entries.count
    known.insert(FieldSighting(entity: entity, field: field, jsonType: type))
    entries.append(entry)
  }

  /// Codes the extras of a dataset, one JSON object for each owner, lent until the next are coded; keys
  /// that never came are noted.
  func code(
    _ dataset: Dataset, _ texts: LentTexts, at now: String, news: inout StoreNews
  ) throws -> [(resource: Int, json: ByteView)] {
    if keys !== dataset.keys { forgetRoles(of: dataset) }
    var coded: [(resource: Int, end: Int)] = []
    present.removeAll(keepingCapacity: true)
    json.removeAll()
    for extra in dataset.content.extras {
      if extra.resource == coded.last?.resource {
        json.append(.comma)
      } else {
        finish(&coded)
        coded.append((extra.resource, 0))
        json.append(.openBrace)
      }
      let place = try place(of: extra, in: dataset, texts, at: now, news: &news)
      present.append(place)
      entries[place].code.withUnsafeBytes { json.append(contentsOf: $0) }
      JSONText.write(texts[extra.value], into: json)
    }
    finish(&coded)
    var start = 0
    return coded.map { owner in
      defer { start = owner.end }
      return (owner.resource, json.view[start..<owner.end])
    }
  }

  private func finish(_ coded: inout [(resource: Int, end: Int)]) {
    guard !coded.isEmpty else { return }
    json.append(.closeBrace)
    coded[coded.count - 1].end = json.count
  }

  private func forgetRoles(of dataset: Dataset) {
    keys = dataset.keys
    let roles = max(dataset.keys.dataset.roles.count, dataset.keys.resource.roles.count)
    placesByRole = Array(repeating: -1, count: 2 * roles * JSONNode.Kind.count)
  }

  private func place(
    of extra: RecordExtra, in dataset: Dataset, _ texts: LentTexts, at now: String,
    news: inout StoreNews
  ) throws -> Int {
    let entity: FieldTable.Entity = extra.resource < 0 ? .dataset : .resource
    guard extra.role >= 0 else {
      if let known = places[entity]?[extra.kind.name]?.value(of: texts[extra.key]) {
        return Int(known)
      }
      return try note(entity, texts.string(extra.key), extra.kind.name, at: now, news: &news)
    }
    let number =
      (2 * extra.role + (extra.resource < 0 ? 0 : 1)) * JSONNode.Kind.count
      + Int(extra.kind.rawValue)
    if placesByRole[number] >= 0 { return placesByRole[number] }
    let key = dataset.keys[extra.resource].roles[extra.role].key
    let known = key.withView { places[entity]?[extra.kind.name]?.value(of: $0) }
    let place =
      try known.map(Int.init) ?? note(entity, key, extra.kind.name, at: now, news: &news)
    placesByRole[number] = place
    return place
  }

  /// Takes up a key that never came.
  private func note(
    _ entity: FieldTable.Entity, _ field: String, _ type: String, at now: String,
    news: inout StoreNews
  ) throws -> Int {
    news.add(FieldSighting(entity: entity, field: field, jsonType: type), known: known)
    try statements.insert.bind([.text(entity.rawValue), .text(field), .text(type), .text(now)])
    try statements.insert.run()
    let key = sqlite3_last_insert_rowid(connection)
    try statements.isUnknown.bind(.integer(key), at: 1)
    let isUnknown = try statements.isUnknown.first { $0.integer(0) } == 1
    append(Entry(key: key, isUnknown: isUnknown, datasets: 0, example: nil), entity, field, type)
    return entries.count - 1
  }

  /// Counts what a dataset has whose extras were coded last.
  func add(_ dataset: Dataset, _ texts: LentTexts, key: Int64) {
    for (extra, place) in zip(dataset.content.extras, present) {
      let isFirst = entries[place].countedFor != key
      if isFirst {
        entries[place].countedFor = key
        entries[place].datasets += 1
        entries[place].isChanged = true
      }
      guard entries[place].isUnknown else { continue }
      let text = texts[extra.value]
      // Where the smallest one went, the end of the run looks for the next.
      let isOnly = isFirst && entries[place].datasets == 1
      // The whole text stands before the example just when its beginning does.
      let isBefore = entries[place].example.map { $0.withView { text.precedes($0) } } == true
      if isOnly || isBefore {
        let excerpt = text.string.unicodeScalars.prefix(200)
        entries[place].example = String(String.UnicodeScalarView(excerpt))
        entries[place].isChanged = true
      }
    }
    for place in present where entries[place].countedFor == key {
      entries[place].countedFor = -1
    }
  }

  /// Takes what is stored of a dataset out of the counts, before it goes or is replaced.
  func remove(_ key: Int64) throws {
    try statements.stored.bind(.integer(key), at: 1)
    try statements.stored.eachRow { row in
      guard let place = placesByKey[row.integer(0)] else { return }
      entries[place].datasets -= 1
      entries[place].isChanged = true
      if entries[place].isUnknown, let least = row.text(1), let example = entries[place].example,
        Spelling(least) == Spelling(example)
      {
        entries[place].example = nil
      }
    }
  }

  /// Writes the counts that have changed.
  func flush() throws {
    for place in entries.indices where entries[place].isChanged {
      try statements.update.bind([
        .integer(entries[place].datasets), Cell(entries[place].example),
        .integer(entries[place].key),
      ])
      try statements.update.run()
      entries[place].isChanged = false
    }
  }
}

private struct CensusStatements {
  let all: Statement
  let insert: Statement
  let isUnknown: Statement
  let stored: Statement
  let update: Statement

  init(_ connection: OpaquePointer) throws {
    func prepare(_ sql: String) throws -> Statement { try Statement(sql, on: connection) }
    all = try prepare(
      """
      SELECT key, entity, field, json_type, datasets, example,
        key IN (SELECT key FROM unknown_fields)
      FROM field_sightings
      """)
    insert = try prepare(
      "INSERT INTO field_sightings (entity, field, json_type, first_seen) VALUES (?, ?, ?, ?)")
    isUnknown = try prepare("SELECT 1 FROM unknown_fields WHERE key = ?")
    stored = try prepare(
      """
      SELECT CAST(e.key AS INTEGER), min(substr(e.value, 1, 200))
      FROM extra_rows x CROSS JOIN json_each(x.json) e WHERE x.dataset = ? GROUP BY e.key
      """)
    update = try prepare("UPDATE field_sightings SET datasets = ?, example = ? WHERE key = ?")
  }
}
