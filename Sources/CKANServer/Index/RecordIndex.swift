import NIOCore

/// What a search looks at, in place of Solr's index: of every document its id and stamps, and of each
/// field that was asked for once, which value is in which documents.
///
/// Documents stand in slots. One that changes leaves its slot and takes a new one at the end, so what
/// is in an index stays as it is; the holes are closed when they are many.
package struct RecordIndex: Sendable {
  /// A document, and by what its source knows it.
  package struct Entry: Sendable {
    package var key: Int
    package var id: String
    package var name: String
    package var modified: SolrDate?
    package var created: SolrDate?

    package init(
      key: Int, id: String, name: String, modified: SolrDate?, created: SolrDate?
    ) {
      self.key = key
      self.id = id
      self.name = name
      self.modified = modified
      self.created = created
    }
  }

  package private(set) var entries: [Entry] = []
  package private(set) var live: SlotSet
  private var slots: [Int: Int] = [:]
  private var columns: [String: Column] = [:]
  /// The live slots in the orders asked last.
  private var orders: [(sort: String, slots: [Int32])] = []
  /// Every key that a document has; nil until they were looked at.
  private var keys: Set<String>?
  /// Where nothing else decides the ids do; else the order in which documents came.
  private let breaksTiesByID: Bool

  private static let ordersKept = 8

  package init(_ entries: [Entry], breaksTiesByID: Bool = false) {
    self.entries = entries
    self.breaksTiesByID = breaksTiesByID
    live = SlotSet(capacity: entries.count)
    for (slot, entry) in entries.enumerated() {
      live.insert(slot)
      slots[entry.key] = slot
    }
  }

  package var count: Int { slots.count }

  package func entry(ofKey key: Int) -> Entry? { slots[key].map { entries[$0] } }

  /// Whether so many slots are empty that an index made anew would be the better one.
  package var isWorn: Bool { entries.count > 2 * slots.count + 1_024 }

  package mutating func remove(key: Int) {
    guard let slot = slots.removeValue(forKey: key) else { return }
    live.remove(slot)
    orders = []
  }

  /// Inserts a document or replaces it.
  package mutating func put(_ entry: Entry, _ record: @autoclosure () throws -> ByteBuffer) rethrows
  {
    remove(key: entry.key)
    let slot = entries.count
    entries.append(entry)
    live.insert(slot)
    slots[entry.key] = slot
    orders = []
    guard !columns.isEmpty else { return }
    let fields = RecordFields(try record())
    keys?.formUnion(fields.keys)
    // A list of its own: the dictionary must not be held while it is written.
    for name in Array(columns.keys) {
      Self.add(name, entry, fields, slot, to: &columns[name, default: Column()])
    }
  }

  // MARK: - Columns

  /// Reads the records for the fields that were not asked before.
  ///
  /// - Parameter scan: calls back with each live entry's record.
  package mutating func prepare(
    _ names: Set<String>, scan: ((_ key: Int, _ record: ByteBuffer) throws -> Void) throws -> Void
  ) throws {
    let missing = names.filter { columns[$0] == nil }
    guard !missing.isEmpty else { return }
    var built: [String: Column] = [:]
    let scanned = missing.filter { name in
      !Self.isOwn(name) && (keys?.contains(Self.member(of: name)) ?? true || name == "text")
    }
    // What no record has needs no column, however many ask for it.
    for name in scanned.union(missing.filter(Self.isOwn)) { built[name] = Column() }
    for name in missing where Self.isOwn(name) {
      live.eachSlot { slot in
        let entry = entries[slot]
        built[name]?.add(ByteOrdered(name == "id" ? entry.id : entry.name), at: slot)
      }
    }
    if !scanned.isEmpty {
      let names = Array(scanned)
      var made = Array(repeating: Column(), count: names.count)
      var seen: Set<String> = []
      // Postings want their slots in order; what comes otherwise is sorted in.
      var rows: [(slot: Int, values: [[ByteOrdered]])] = []
      var last = -1
      try scan { key, record in
        guard let slot = slots[key] else { return }
        let fields = RecordFields(record)
        seen.formUnion(fields.keys)
        let values = names.map { Self.values($0, fields) }
        guard slot > last, rows.isEmpty else { return rows.append((slot, values)) }
        last = slot
        for (place, values) in values.enumerated() {
          for value in values { made[place].add(value, at: slot) }
        }
      }
      for (slot, values) in rows.sorted(by: { $0.slot < $1.slot }) {
        for (place, values) in values.enumerated() {
          for value in values { made[place].insert(value, at: slot) }
        }
      }
      for (place, name) in names.enumerated() { built[name] = made[place] }
      keys = (keys ?? []).union(seen)
    }
    columns.merge(built) { $1 }
  }

  private static func isOwn(_ name: String) -> Bool { name == "id" || name == "name" }

  /// The member of a record that a field is read from.
  private static func member(of name: String) -> String {
    switch name {
    case "title_string": "title"
    case "dataset_type": "type"
    case "entity_type": "id"
    case "capacity": "id"
    case "res_format", "res_name", "res_url", "res_description", "res_id": "resources"
    default: name
    }
  }

  private static func values(_ name: String, _ fields: RecordFields) -> [ByteOrdered] {
    SolrQuery.textFields.contains(name)
      ? fields.texts(name).flatMap(splitIntoWords).map(ByteOrdered.init)
      : fields.indexed(name).map(ByteOrdered.init)
  }

  private static func add(
    _ name: String, _ entry: Entry, _ fields: RecordFields, _ slot: Int, to column: inout Column
  ) {
    let values =
      isOwn(name) ? [ByteOrdered(name == "id" ? entry.id : entry.name)] : values(name, fields)
    for value in values { column.add(value, at: slot) }
  }

  /// Whether no document has anything in this field.
  package func isEmpty(_ field: String) -> Bool { columns[field]?.values.isEmpty ?? true }

  /// A field's values with how many documents have them, of some documents.
  package func counts(of field: String, in documents: SlotSet) -> [(value: String, count: Int)] {
    guard let column = columns[field] else { return [] }
    return column.values.indices.compactMap { place in
      let count = column.postings[place].count { documents.contains(Int($0)) }
      return count > 0 ? (column.values[place].text, count) : nil
    }
  }

  /// A field's values, each with how many documents have it and the one that was modified last.
  package func newest(by field: String) -> [(value: String, count: Int, key: Int)] {
    guard let column = columns[field] else { return [] }
    return column.values.indices.compactMap { place in
      let slots = column.postings[place].filter { live.contains(Int($0)) }
      guard var newest = slots.first else { return nil }
      for slot in slots where modified(Int(newest)) < modified(Int(slot)) { newest = slot }
      return (column.values[place].text, slots.count, entries[Int(newest)].key)
    }
  }

  private func modified(_ slot: Int) -> Int { entries[slot].modified?.milliseconds ?? .min }

  // MARK: - Matching

  /// - Parameter record: the record of a key, for a phrase.
  package func matching(
    _ query: SolrQuery, record: (Int) throws -> ByteBuffer?
  ) throws -> SlotSet {
    var found = try slots(query, record)
    found.formIntersection(live)
    return found
  }

  private func slots(
    _ query: SolrQuery, _ record: (Int) throws -> ByteBuffer?
  ) throws -> SlotSet {
    switch query {
    case .all: return live
    case .term(let field, let value):
      guard SolrQuery.textFields.contains(field) else { return set(of: value, in: field) }
      return words(splitIntoWords(value), in: field)
    case .phrase(let field, let words):
      var found = self.words(words, in: field)
      found.formIntersection(live)
      var kept = SlotSet(capacity: entries.count)
      try found.eachSlot { slot in
        guard let bytes = try record(entries[slot].key) else { return }
        let texts = RecordFields(bytes).texts(field)
        if texts.contains(where: { Self.has(words, in: splitIntoWords($0)) }) { kept.insert(slot) }
      }
      return kept
    case .prefix(let field, let value):
      let prefix = SolrQuery.textFields.contains(field) ? value.lowercased() : value
      return columns[field]?.slots(
        where: { $0.text.utf8.starts(with: prefix.utf8) }, capacity: entries.count) ?? none
    case .exists(let field):
      return columns[field]?.slots(where: { _ in true }, capacity: entries.count) ?? none
    case .strings(let field, let range):
      return columns[field]?.slots(where: range.contains, capacity: entries.count) ?? none
    case .dates(let field, let range):
      var found = none
      for (slot, entry) in entries.enumerated() {
        let date = field == "metadata_modified" ? entry.modified : entry.created
        if let date, range.contains(date) { found.insert(slot) }
      }
      return found
    case .clauses(let clauses): return try combine(clauses, record)
    }
  }

  /// The documents of which a value of the field is wanted.
  package func documents(
    having field: String, where isWanted: (String) -> Bool
  ) -> SlotSet {
    columns[field]?.slots(where: { isWanted($0.text) }, capacity: entries.count) ?? none
  }

  /// The documents that a source knows by these keys.
  package func documents(ofKeys keys: some Sequence<Int>) -> SlotSet {
    keys.reduce(into: none) { found, key in
      if let slot = slots[key] { found.insert(slot) }
    }
  }

  private var none: SlotSet { SlotSet(capacity: entries.count) }

  private func set(of value: String, in field: String) -> SlotSet {
    var found = none
    for slot in columns[field]?.slots(of: ByteOrdered(value)) ?? [] { found.insert(Int(slot)) }
    return found
  }

  private func words(_ words: [String], in field: String) -> SlotSet {
    var found = live
    for word in words { found.formIntersection(set(of: word, in: field)) }
    return found
  }

  private static func has(_ phrase: [String], in words: [String]) -> Bool {
    guard words.count >= phrase.count else { return false }
    return (0...words.count - phrase.count).contains { start in
      words[start..<start + phrase.count].elementsEqual(phrase) {
        $0.utf8.elementsEqual($1.utf8)
      }
    }
  }

  /// Lucene's BooleanQuery: optional clauses count only where nothing is required, and a query of
  /// only prohibitions matches nothing.
  private func combine(
    _ clauses: [SolrQuery.Clause], _ record: (Int) throws -> ByteBuffer?
  ) throws -> SlotSet {
    let required = clauses.filter { $0.occurrence == .must }
    let optional = clauses.filter { $0.occurrence == .should }
    guard !required.isEmpty || !optional.isEmpty else { return none }
    var found = required.isEmpty ? none : live
    for clause in required { found.formIntersection(try slots(clause.query, record)) }
    if required.isEmpty {
      for clause in optional { found.formUnion(try slots(clause.query, record)) }
    }
    for clause in clauses where clause.occurrence == .mustNot {
      found.subtract(try slots(clause.query, record))
    }
    return found
  }

  // MARK: - Order

  /// The live slots in this order.
  package mutating func ordered(by order: SortOrder, named sort: String) -> [Int32] {
    if let known = orders.first(where: { $0.sort == sort }) { return known.slots }
    var slots: [Int32] = []
    slots.reserveCapacity(count)
    live.eachSlot { slots.append(Int32($0)) }
    let titles =
      order.keys.contains { $0.key == .title }
      ? columns["title_string"]?.ranks(count: entries.count) ?? [] : []
    if !order.keys.isEmpty || breaksTiesByID {
      slots.sort { isBefore(Int($0), Int($1), order, titles) }
    }
    orders = [(sort, slots)] + orders.prefix(Self.ordersKept - 1)
    return slots
  }

  private func isBefore(_ left: Int, _ right: Int, _ order: SortOrder, _ titles: [Int32]) -> Bool {
    for (key, ascending) in order.keys {
      let comparison =
        switch key {
        case .id: compare(ByteOrdered(entries[left].id), ByteOrdered(entries[right].id))
        case .name: compare(ByteOrdered(entries[left].name), ByteOrdered(entries[right].name))
        case .title: compare(titles[left], titles[right])
        case .modified: compare(modified(left), modified(right))
        case .created:
          compare(
            entries[left].created?.milliseconds ?? .min,
            entries[right].created?.milliseconds ?? .min)
        }
      if comparison != 0 { return (comparison < 0) == ascending }
    }
    return breaksTiesByID
      ? ByteOrdered(entries[left].id) < ByteOrdered(entries[right].id) : left < right
  }

  private func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
    left < right ? -1 : left == right ? 0 : 1
  }
}
