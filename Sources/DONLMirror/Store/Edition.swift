import Crypto
import Foundation
import GRDB

/// Which state of a catalogue a database holds, to tell whether a published copy is still the same.
///
/// What readers ask for decides: datasets, resources and their parts, value lists, organizations,
/// what is held and in quarantine. When we looked does not: a new row of `runs`, a later
/// `complete_as_of` or `last_seen` is no news.
struct Edition: Sendable, Equatable {
  var source: String?
  var epoch: String?
  /// The newest entry of the feed.
  var seq: Int
  var completeAsOf: String?
  /// SHA-256 over all that makes the state; the bytes of the records stand in it by the ledger,
  /// which counts every change of them.
  var digest: String
  /// True when nothing was stored since the last complete run.
  var isProven: Bool

  func holdsTheSame(as other: Edition) -> Bool {
    epoch == other.epoch && seq == other.seq && digest == other.digest
  }
}

extension Edition {
  init(_ db: Database) throws {
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    source = try meta("source")
    epoch = try meta("epoch")
    completeAsOf = try meta("complete_as_of")
    seq = try Int.fetchOne(db, sql: "SELECT max(seq) FROM changes") ?? 0
    var hash = SHA256()
    for query in Self.queries {
      let rows = try Row.fetchCursor(db, sql: query)
      while let row = try rows.next() {
        var bytes: [UInt8] = []
        for value in row.databaseValues { bytes.append(distinctly: value) }
        hash.update(data: bytes)
      }
      hash.update(data: [0])
    }
    digest = hash.finalize().hex
    isProven = try Bool.fetchOne(db, sql: Self.proof) ?? false
  }

  private static let queries = [
    "SELECT user_version FROM pragma_user_version",
    """
    SELECT key, value FROM meta
    WHERE key IN ('source', 'license', 'hash_version', 'ckan_version', 'portal_title', 'unserved')
    ORDER BY key
    """,
    // Created, updated and deleted datasets are in the feed; touched ones only in the ledger.
    "SELECT sum(touched) FROM runs",
    "SELECT key, reason, length(record) FROM rejections ORDER BY key",
    "SELECT dataset, state FROM absences ORDER BY dataset",
    "SELECT id, name, title, description, image_url, state FROM organizations ORDER BY id",
    "SELECT id, name, title, description, image_url, state FROM groups ORDER BY id",
    "SELECT id, title, url FROM licenses ORDER BY id",
    "SELECT * FROM fields ORDER BY entity, field",
    "SELECT name, url, fetched_at, entries FROM value_lists ORDER BY name",
    "SELECT count(*), max(first_seen), max(removed_at) FROM concepts",
  ]

  /// A run that stored something and was not complete leaves a state that nobody has proven.
  private static let proof = """
    WITH proven(id) AS (SELECT max(id) FROM runs WHERE outcome = 'complete')
    SELECT id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM runs
      WHERE runs.id > proven.id AND created + updated + touched + deleted > 0)
    FROM proven
    """
}

extension [UInt8] {
  /// With its type and its length before it, so that no two rows read the same.
  fileprivate mutating func append(distinctly value: DatabaseValue) {
    let (type, text): (Character, String) =
      switch value.storage {
      case .null: ("n", "")
      case .int64(let number): ("i", String(number))
      case .double(let number): ("d", String(number))
      case .string(let text): ("s", text)
      case .blob(let data): ("b", data.base64EncodedString())
      }
    append(contentsOf: "\(type)\(text.utf8.count):".utf8)
    append(contentsOf: text.utf8)
  }
}

/// What `health` tells of a database, as the last run noted it: to count and to hash costs more the
/// larger the catalogue is, and monitoring asks every minute.
struct NotedFigures: Sendable, Equatable, Codable {
  var epoch: String?
  var seq: Int
  /// Of the `Edition`.
  var digest: String
  var datasets: Int
  /// Deletions that are held.
  var held: Int
  var quarantined: Int
  /// Records that the portal counts and does not serve.
  var unserved: Int

  static let key = "figures"

  func holdsTheSame(as other: NotedFigures) -> Bool {
    epoch == other.epoch && seq == other.seq && digest == other.digest
  }
}

extension NotedFigures {
  /// Counts and hashes.
  init(counting db: Database) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    let edition = try Edition(db)
    self.init(
      epoch: edition.epoch, seq: edition.seq, digest: edition.digest,
      datasets: try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL"),
      held: try count("SELECT count(*) FROM held_deletions"),
      quarantined: try count("SELECT count(*) FROM rejections"),
      unserved: try count("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'unserved'"))
  }
}

extension Store {
  /// Leaves the figures of now in the database. A run does so at its end, before it publishes.
  func noteFigures() throws {
    try write { db in
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let figures = try encoder.encode(NotedFigures(counting: db))
      try setMeta(NotedFigures.key, String(decoding: figures, as: UTF8.self), in: db)
    }
  }
}

/// How far the feed of a database or of a copy has come, and which state of it this is.
struct FeedState: Sendable, Equatable {
  var epoch: String
  /// The newest entry.
  var seq: Int
  /// A random word that each run renews when it begins and when it ends (`meta.feed_state`); nil
  /// before the first.
  var state: String?
  /// Epochs of this feed that are over.
  var formerEpochs: [String]
  /// The newest row of the ledger.
  var lastRun: Run?

  struct Run: Sendable, Equatable {
    var id: Int64
    var startedAt: String
  }

  /// Nobody can have seen anything of it yet.
  var isNew: Bool { lastRun == nil && state == nil }
}

extension FeedState {
  init(_ db: Database) throws {
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    epoch = try meta("epoch") ?? ""
    seq = try Int.fetchOne(db, sql: "SELECT max(seq) FROM changes") ?? 0
    state = try meta("feed_state")
    formerEpochs = try (meta("former_epochs") ?? "").split(separator: " ").map(String.init)
    lastRun = try Row.fetchOne(
      db, sql: "SELECT id, started_at FROM runs ORDER BY id DESC LIMIT 1"
    ).map { Run(id: $0[0], startedAt: $0[1]) }
  }
}

extension FeedState {
  /// Whether a copy of this feed shows that it had come further, or another way, than it is now.
  ///
  /// - Parameter startOfRun: when a run of ours began, by its number; nil when there was none.
  func isBehind(_ copy: FeedState, startOfRun: (Int64) throws -> String?) rethrows -> Bool {
    // Its epoch came after ours.
    guard copy.epoch == epoch else { return copy.formerEpochs.contains(epoch) }
    guard copy.seq <= seq else { return true }
    guard let run = copy.lastRun else { return false }
    return try startOfRun(run.id) != run.startedAt
  }
}

/// Why a database is not, or may not be, the state that the last run left.
enum FeedDoubt: Sendable, Equatable {
  /// The mark beside it names another state: a copy was put back, or the log was removed.
  case otherState
  /// There is no mark, and a run has left one: the file was copied or moved, or the mark removed.
  case noMark
  /// The published copy has come further.
  case publishedAhead

  /// Completes "PATH …".
  var why: String {
    switch self {
    case .otherState:
      "is not as the last run left it: a copy was put back, or its -wal file was removed"
    case .noMark: "has no .mark file beside it: it was copied or moved, or the mark was removed"
    case .publishedAhead: "is older than its published copy: it was put back"
    }
  }
}

extension Store {
  func startOfRun(_ id: Int64) throws -> String? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT started_at FROM runs WHERE id = ?", arguments: [id])
    }
  }
}
