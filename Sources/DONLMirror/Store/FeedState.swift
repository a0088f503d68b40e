import GRDB

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

extension MirrorReader {
  func feedState() throws -> FeedState { try read(FeedState.init) }

  /// When a run began; nil when there was none of that number.
  func startOfRun(_ id: Int64) throws -> String? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT started_at FROM runs WHERE id = ?", arguments: [id])
    }
  }

  /// The feed of a copy; nil where there is none that can be read.
  static func feedState(ofCopyAt path: String?) -> FeedState? {
    guard let path, let copy = try? MirrorReader(path: path) else { return nil }
    defer { copy.close() }
    return try? copy.feedState()
  }
}

extension Store {
  func startOfRun(_ id: Int64) throws -> String? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT started_at FROM runs WHERE id = ?", arguments: [id])
    }
  }
}
