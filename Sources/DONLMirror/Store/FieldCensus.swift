import GRDB
import GRDBSQLite

/// Counts the keys outside the columns while records are written, and codes them by number.
///
/// Confined to the queue of the `Store` that owns it, as `CatalogWriter` is.
final class FieldCensus {
  private struct Sighting: Hashable {
    var field: Spelling
    var jsonType: String
  }

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
  private var places: [FieldTable.Entity: [Sighting: Int]] = [.dataset: [:], .resource: [:]]
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
    places[entity]?[Sighting(field: Spelling(field), jsonType: type)] = entries.count
    placesByKey[entry.key] = entries.count
    known.insert(FieldSighting(entity: entity, field: field, jsonType: type))
    entries.append(entry)
  }

  /// Codes the extras of a dataset, one JSON object for each owner; keys that never came are noted.
  func code(
    _ dataset: Dataset, at now: String, news: inout StoreNews
  ) throws -> [(resource: Int, json: String)] {
    var coded: [(resource: Int, json: String)] = []
    var owner: Int?
    func finish() {
      guard let owner else { return }
      json.append(.closeBrace)
      coded.append((owner, String(decoding: json.bytes, as: UTF8.self)))
    }
    present.removeAll(keepingCapacity: true)
    for extra in dataset.extras {
      let resource = extra.resourcePosition ?? -1
      if resource != owner {
        finish()
        owner = resource
        json.removeAll()
        json.append(.openBrace)
      } else {
        json.append(.comma)
      }
      let place = try place(of: extra, at: now, news: &news)
      present.append(place)
      entries[place].code.withUnsafeBytes { json.append(contentsOf: $0) }
      extra.value.withView { JSONText.write($0, into: json) }
    }
    finish()
    return coded
  }

  private func place(of extra: Extra, at now: String, news: inout StoreNews) throws -> Int {
    let entity: FieldTable.Entity = extra.resourcePosition == nil ? .dataset : .resource
    let sighting = Sighting(field: Spelling(extra.key), jsonType: extra.jsonType)
    if let place = places[entity]?[sighting] { return place }
    news.add(
      FieldSighting(entity: entity, field: extra.key, jsonType: extra.jsonType), known: known)
    try statements.insert.bind([
      .text(entity.rawValue), .text(extra.key), .text(extra.jsonType), .text(now),
    ])
    try statements.insert.run()
    let key = sqlite3_last_insert_rowid(connection)
    try statements.isUnknown.bind(.integer(key), at: 1)
    let isUnknown = try statements.isUnknown.first { $0.integer(0) } == 1
    append(
      Entry(key: key, isUnknown: isUnknown, datasets: 0, example: nil), entity, extra.key,
      extra.jsonType)
    return entries.count - 1
  }

  /// Counts what a dataset has whose extras were coded last.
  func add(_ dataset: Dataset, key: Int64) {
    for (extra, place) in zip(dataset.extras, present) {
      let isFirst = entries[place].countedFor != key
      if isFirst {
        entries[place].countedFor = key
        entries[place].datasets += 1
        entries[place].isChanged = true
      }
      guard entries[place].isUnknown else { continue }
      let excerpt = String(String.UnicodeScalarView(extra.value.unicodeScalars.prefix(200)))
      // Where the smallest one went, the end of the run looks for the next.
      let isOnly = isFirst && entries[place].datasets == 1
      if isOnly || entries[place].example.map({ excerpt.isBefore($0) }) == true {
        entries[place].example = excerpt
        entries[place].isChanged = true
      }
    }
    for place in entries.indices where entries[place].countedFor == key {
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

extension String {
  /// In the order of their bytes, as SQLite compares.
  fileprivate func isBefore(_ other: String) -> Bool {
    withView { mine in other.withView { mine.precedes($0) } }
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
