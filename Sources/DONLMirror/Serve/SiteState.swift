import CKANServer
import Foundation
import NIOCore

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

extension SiteState {
  /// Headers that say which portal this is, as of when, and how old.
  func description(at now: Date) -> [(name: String, value: String)] {
    var headers = [
      ("X-Mirror-Source", place.source), ("X-Mirror-Epoch", place.epoch),
      ("X-Mirror-Seq", "\(place.last)"),
    ]
    var age = 0
    if let moment = completeAsOf, let date = Timestamp.date(moment) {
      headers.append(("X-Mirror-Last-Success", moment))
      age = max(0, Int(now.timeIntervalSince(date)))
      headers.append(("Age", "\(age)"))
    }
    if let moment = lastRunAt.flatMap(Timestamp.date) {
      headers.append(("Last-Modified", SolrDate(moment).httpDate))
    }
    // Fresh for a minute from now, counted from the portal as `Age` is (RFC 9111, 4.2).
    headers.append(("Cache-Control", "public, max-age=\(age + 60)"))
    return headers.map { (name: $0.0, value: $0.1) }
  }
}

extension SiteState {
  /// Whether others may write to the file: it has a write-ahead log.
  func isWritten() throws -> Bool {
    var mode: String?
    try snapshot.eachRow("PRAGMA journal_mode") { mode = $0.text(0) }
    return mode == "wal"
  }

  /// The live dataset of this id or, else, of this name.
  func live(_ idOrName: String) throws -> (key: Int, id: String)? {
    var live: (key: Int, id: String)?
    try snapshot.eachRow(
      """
      SELECT key, id FROM all_datasets WHERE id = ?1 AND deleted_at IS NULL
      UNION ALL SELECT * FROM (
        SELECT key, id FROM all_datasets WHERE name = ?1 AND deleted_at IS NULL ORDER BY id LIMIT 1)
      LIMIT 1
      """, [.text(idOrName)]
    ) { live = (Int($0.integer(0)), $0.text(1) ?? "") }
    return live
  }

  static let missing = Failure(
    .noDatabase, reason: "no_dataset", "No dataset has that id or name.")

  /// - Throws: `missing`.
  func liveID(_ idOrName: String) throws -> String {
    guard let live = try live(idOrName) else { throw Self.missing }
    return live.id
  }
}
