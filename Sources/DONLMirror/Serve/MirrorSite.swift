import CKANServer
import Foundation
import NIOCore
import Synchronization

/// The mirror as a server reads it: some readers of the file, and an index in memory that follows it.
///
/// Reading never waits for a harvest, and a harvest never for a reader: each request reads one state in
/// a transaction of its own, which ends with the request.
final class MirrorSite: Sendable {
  /// The database, or the link of a published copy.
  let path: String

  private struct Readers {
    var file: FileIdentity?
    var idle: [MirrorReader] = []
  }

  private let readers = Mutex(Readers())
  private let index = Mutex(SiteIndex())

  init(path: String) { self.path = path }

  /// How long a request may read; what takes longer is given up.
  private static let patience = Duration.seconds(30)

  /// Reads one state.
  ///
  /// - Parameter isPatient: however long it takes.
  func read<Result>(
    isPatient: Bool = false, _ work: (SiteState) throws -> Result
  ) throws -> Result {
    let (reader, file) = try borrow()
    defer { giveBack(reader, file) }
    let deadline =
      isPatient
      ? nil
      : Task {
        try await Task.sleep(for: Self.patience)
        reader.interrupt()
      }
    defer { deadline?.cancel() }
    return try reader.snapshot { try work(SiteState($0, reader, self)) }
  }

  /// A reader of the file that bears the name now: a copy that is published anew is another file.
  private func borrow() throws -> (MirrorReader, FileIdentity?) {
    let file = FileIdentity(path)
    let (known, outdated) = readers.withLock { readers in
      let isOther = readers.file != file
      let outdated = isOther ? readers.idle : []
      if isOther { readers = Readers(file: file) }
      return (readers.idle.popLast(), outdated)
    }
    for reader in outdated { reader.close() }
    return (try known ?? MirrorReader(path: path), file)
  }

  private func giveBack(_ reader: MirrorReader, _ file: FileIdentity?) {
    let isCurrent = readers.withLock { readers in
      guard readers.file == file else { return false }
      readers.idle.append(reader)
      return true
    }
    if !isCurrent { reader.close() }
  }

  /// The index, brought to the state that is being read.
  func withIndex<Result>(
    _ fields: Set<String>, of state: SiteState, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result {
    try index.withLock { index in
      try index.follow(state)
      try index.prepare(fields, from: state)
      return try body(&index.records)
    }
  }
}

/// One state of the mirror, as a request sees it.
///
/// Confined to the read in which it is made.
final class SiteState {
  let snapshot: MirrorSnapshot
  /// Reads this state too.
  let reader: MirrorReader
  let place: FeedPlace
  /// A random word that every run renews (`meta.feed_state`).
  let word: String
  /// The portal's time when the last complete run began.
  let completeAsOf: String?
  /// When the last run that is in the file ended, or when it began.
  let lastRunAt: String?
  /// When a value list last said something new.
  private let listsAt: String?
  private let site: MirrorSite
  private let record: Statement

  init(_ snapshot: MirrorSnapshot, _ reader: MirrorReader, _ site: MirrorSite) throws {
    self.snapshot = snapshot
    self.reader = reader
    self.site = site
    place = snapshot.place
    var row: [String?] = []
    try snapshot.eachRow(
      """
      SELECT (SELECT value FROM meta WHERE key = 'feed_state'),
        (SELECT value FROM meta WHERE key = 'complete_as_of'),
        (SELECT coalesce(finished_at, started_at) FROM runs ORDER BY id DESC LIMIT 1),
        (SELECT max(fetched_at) FROM value_lists)
      """
    ) { columns in row = (0..<4).map { columns.text($0) } }
    word = row[0] ?? ""
    completeAsOf = row[1]
    lastRunAt = row[2]
    listsAt = row[3]
    record = try snapshot.statement("SELECT json FROM record_rows WHERE dataset = ?")
  }

  /// Another one whenever an answer could be another one.
  var tag: String {
    let lists = listsAt.map { "-" + $0.filter(\.isNumber) } ?? ""
    return "\(place.epoch)-\(place.last)-\(word)\(lists)"
  }

  /// The record of a dataset, as received.
  func record(_ key: Int) throws -> ByteBuffer? {
    try record.bind([.integer(Int64(key))])
    return try record.first { ByteBuffer(bytes: $0.bytes(0)) }
  }

  func withIndex<Result>(
    _ fields: Set<String>, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result {
    try site.withIndex(fields, of: self, body)
  }
}

/// The index, and which state it shows.
private struct SiteIndex {
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
      isWarm = true
    }
    try records.prepare(wanted) { visit in
      try state.snapshot.eachRow("SELECT dataset, json FROM record_rows ORDER BY dataset") { row in
        try visit(Int(row.integer(0)), ByteBuffer(bytes: row.bytes(1)))
      }
    }
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
