import Crypto
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
        // A length before each value, so that no two rows read the same.
        for value in row.databaseValues {
          let text = value.isNull ? "" : "\(value)"
          hash.update(data: Array("\(value.isNull ? -1 : text.utf8.count):\(text)".utf8))
        }
      }
      hash.update(data: [0])
    }
    digest = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
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
