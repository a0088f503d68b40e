import CKANServer
import NIOCore

/// The index, and which state it shows.
struct SiteIndex {
  var records = RecordIndex([], breaksTiesByID: true)
  private var place: FeedPlace?
  private var word = ""
  private var isWarm = false

  /// What nearly everybody asks for; read in one go.
  private static let usual: Set = [
    "text", "title", "title_string", "organization", "groups", "tags", "res_format", "license_id",
    "theme", "authority", "dataset_status",
  ]

  private static let columns = "SELECT key, id, name, metadata_modified, metadata_created"

  /// Takes over what has changed since.
  mutating func follow(_ state: SiteState) throws {
    guard place != state.place || word != state.word else { return }
    // An older state is read by a request that began before another one.
    if let place, place.epoch == state.place.epoch, place.source == state.place.source,
      place.last <= state.place.last, !records.isWorn
    {
      try update(to: state, since: place.last)
    } else {
      try load(state)
    }
    place = state.place
    word = state.word
  }

  private mutating func load(_ state: SiteState) throws {
    var entries: [RecordIndex.Entry] = []
    try state.snapshot.eachRow(
      "\(Self.columns) FROM all_datasets WHERE deleted_at IS NULL ORDER BY key"
    ) { entries.append(Self.entry($0)) }
    records = RecordIndex(entries, breaksTiesByID: true)
    isWarm = false
  }

  private mutating func update(to state: SiteState, since seq: Int) throws {
    var moved: Set<Int> = []
    var live = 0
    // What was only touched is in no feed; its stamp tells. The index of stamps has both.
    try state.snapshot.eachRow(
      "SELECT key, metadata_modified FROM all_datasets WHERE deleted_at IS NULL"
    ) { row in
      let key = Int(row.integer(0))
      live += 1
      if records.entry(ofKey: key).map({ $0.modified != Self.date(row.text(1)) }) ?? true {
        moved.insert(key)
      }
    }
    try state.snapshot.eachRow(
      """
      SELECT DISTINCT d.key FROM changes c JOIN all_datasets d ON d.id = c.dataset_id WHERE c.seq > ?
      """, [.integer(Int64(seq))]
    ) { moved.insert(Int($0.integer(0))) }
    let row = try state.snapshot.statement(
      "\(Self.columns) FROM all_datasets WHERE key = ? AND deleted_at IS NULL")
    for key in moved.sorted() {
      try row.bind([.integer(Int64(key))])
      if let entry = try row.first({ Self.entry($0) }) {
        try records.put(entry, state.record(key) ?? ByteBuffer())
      } else {
        records.remove(key: key)
      }
    }
    if records.count != live { try load(state) }
  }

  mutating func prepare(_ fields: Set<String>, from state: SiteState) throws {
    var wanted = fields
    if !isWarm, !fields.isSubset(of: ["id", "name"]) {
      wanted.formUnion(Self.usual)
    }
    try records.prepare(wanted) { visit in
      try state.snapshot.eachRow("SELECT dataset, json FROM record_rows ORDER BY dataset") { row in
        try visit(Int(row.integer(0)), ByteBuffer(bytes: row.bytes(1)))
      }
    }
    isWarm = isWarm || wanted.isSuperset(of: Self.usual)
  }

  private static func entry(_ row: Statement.Columns) -> RecordIndex.Entry {
    RecordIndex.Entry(
      key: Int(row.integer(0)), id: row.text(1) ?? "", name: row.text(2) ?? "",
      modified: date(row.text(3)), created: date(row.text(4)))
  }

  private static func date(_ text: String?) -> SolrDate? {
    text.flatMap { SolrDate(naive: $0.dropLast()) }
  }
}
