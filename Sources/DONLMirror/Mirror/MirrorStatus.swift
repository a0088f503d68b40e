import Foundation
import GRDB

/// What `status` tells: how far the mirror is, and what awaits a person.
public struct MirrorStatus: Sendable, Encodable {
  public struct Run: Sendable, Encodable {
    public var id: Int64
    public var mode: String
    public var outcome: String
    public var startedAt: String
    public var finishedAt: String?
    public var created: Int
    public var updated: Int
    public var touched: Int
    public var unchanged: Int
    public var deleted: Int
    public var held: Int
    public var rejected: Int
    public var requests: Int
    public var exitCode: Int?
    public var reason: String?
    public var message: String?
  }

  public struct Rejected: Sendable, Encodable {
    public var datasetID: String?
    public var reason: String
    public var detail: String
    public var lastSeen: String
    public var attempts: Int
  }

  /// A dataset that is absent from the portal and was not deleted.
  public struct Held: Sendable, Encodable {
    public var id: String
    public var name: String?
    public var state: String
    public var detail: String
    public var firstNotedAt: String
  }

  /// What the portal counts and does not serve.
  public struct Unserved: Sendable, Encodable {
    /// Nil where the portal shows no id.
    public var datasetID: String?
    public var firstNotedAt: String
    public var notedAt: String
    public var detail: String
  }

  /// A walk that was left open: the next full run goes on from there.
  public struct Unfinished: Sendable, Encodable {
    public var mode: String
    public var nextStart: Int
    public var movedAt: String
  }

  /// How far the value lists are.
  public struct Lists: Sendable, Encodable {
    /// How many have content.
    public var fetched: Int
    public var entries: Int
    /// When the one that was found present longest ago was; nil when there is none.
    public var checkedAt: String?
    /// Those whose last reading failed; what came before is kept.
    public var failed: [FailedList]
    /// A sentence when there is something that readers should know.
    public var message: String?
  }

  public struct FailedList: Sendable, Encodable {
    public var list: String
    public var failedAt: String
    public var reason: String
    public var message: String
    /// When the content came that is kept; nil when there is none.
    public var fetchedAt: String?
  }

  public var database: String
  public var source: String?
  public var completeAsOf: String?
  public var checkpoint: String?
  public var datasets: Int
  public var deletedDatasets: Int
  public var resources: Int
  public var changes: Int
  public var lastSeq: Int
  public var epoch: String?
  public var held: [Held]
  public var rejections: [Rejected]
  /// Records that the portal counts and does not serve.
  public var unserved: Int
  /// The same, a record each, as far as they are listed.
  public var unservedRecords: [Unserved]
  public var unfinished: Unfinished?
  public var valueLists: Lists
  /// When the next full walk is due; nil when none has completed yet.
  public var nextFull: String?
  /// When the next census is due; nil when none has been taken yet.
  public var nextCensus: String?
  /// The newest first.
  public var runs: [Run]
  public var databaseBytes: Int
  public var walBytes: Int
  /// The published copy; nil when there is none, or no `publish.path`.
  public var publication: Publication?
}

/// How a run ended, or that it has not.
struct RunEnd: Sendable, Equatable {
  var id: Int64
  var outcome: String
  var exitCode: Int?
  var reason: String

  var isRunning: Bool { outcome == "running" }

  /// Complete, or stopped by someone; what was held back is told apart. A run that died was not
  /// stopped by anyone.
  var isGood: Bool {
    (outcome == "interrupted" && reason == "interrupted")
      || (outcome == "complete" && [0, 3].contains(exitCode))
  }
}

extension MirrorReader {
  /// The last two runs, the newest first.
  func lastEnds() throws -> [RunEnd] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, outcome, exit_code, coalesce(reason, '-') FROM runs ORDER BY id DESC LIMIT 2
          """
      ).map { RunEnd(id: $0[0], outcome: $0[1], exitCode: $0[2], reason: $0[3]) }
    }
  }

  /// - Parameters:
  ///   - runs: how many of the last runs to tell.
  ///   - fullEvery: `schedule.full-every`.
  ///   - censusEvery: `schedule.census-every`.
  public func status(
    runs: Int = 5, fullEvery: Duration, censusEvery: Duration
  ) throws -> MirrorStatus {
    let sizes = Self.sizes(of: path)
    return try read { db in
      func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
      func meta(_ key: String) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
      }
      let lastFull = try String.fetchOne(
        db,
        sql: """
          SELECT started_at FROM runs WHERE outcome = 'complete' AND mode = 'full'
          ORDER BY id DESC LIMIT 1
          """)
      return MirrorStatus(
        database: path, source: try meta("source"), completeAsOf: try meta("complete_as_of"),
        checkpoint: try meta("checkpoint"), datasets: try count("SELECT count(*) FROM datasets"),
        deletedDatasets: try count("SELECT count(*) FROM deleted_datasets"),
        resources: try count("SELECT count(*) FROM resource_rows"),
        changes: try count("SELECT count(*) FROM changes"),
        lastSeq: try count("SELECT max(seq) FROM changes"), epoch: try meta("epoch"),
        held: try Self.held(db), rejections: try Self.rejections(db),
        unserved: Int(try meta("unserved") ?? "") ?? 0,
        unservedRecords: try Self.unserved(db), unfinished: try Self.unfinished(db),
        valueLists: try Self.lists(db),
        nextFull: Self.due(lastFull, after: fullEvery),
        nextCensus: Self.due(try meta("census_at"), after: censusEvery),
        runs: try Self.runs(db, limit: runs), databaseBytes: sizes.database,
        walBytes: sizes.wal)
    }
  }

  private static func due(_ last: String?, after interval: Duration) -> String? {
    last.flatMap(Timestamp.date).map {
      Timestamp.text($0.addingTimeInterval(interval / .seconds(1)))
    }
  }

  private static func held(_ db: Database) throws -> [MirrorStatus.Held] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT id, name, state, detail, first_noted_at FROM held_deletions ORDER BY name, id
        """
    ).map { row in
      MirrorStatus.Held(
        id: row[0], name: row[1], state: row[2], detail: row[3], firstNotedAt: row[4])
    }
  }

  private static func rejections(_ db: Database) throws -> [MirrorStatus.Rejected] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT dataset_id, reason, detail, last_seen, attempts FROM rejections
        ORDER BY last_seen DESC, key LIMIT 100
        """
    ).map { row in
      MirrorStatus.Rejected(
        datasetID: row[0], reason: row[1], detail: row[2], lastSeen: row[3], attempts: row[4])
    }
  }

  private static func unserved(_ db: Database) throws -> [MirrorStatus.Unserved] {
    guard try db.viewExists("unserved_records") else { return [] }
    return try Row.fetchAll(
      db,
      sql: """
        SELECT dataset_id, first_noted_at, noted_at, detail FROM unserved_records
        ORDER BY dataset_id IS NULL, dataset_id, detail
        """
    ).map { row in
      MirrorStatus.Unserved(
        datasetID: row[0], firstNotedAt: row[1], notedAt: row[2], detail: row[3])
    }
  }

  private static func unfinished(_ db: Database) throws -> MirrorStatus.Unfinished? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT mode, next_start, moved_at FROM walks
        WHERE state = 'open' AND mode <> 'census' ORDER BY id DESC LIMIT 1
        """
    ).map { MirrorStatus.Unfinished(mode: $0[0], nextStart: $0[1], movedAt: $0[2]) }
  }

  private static func lists(_ db: Database) throws -> MirrorStatus.Lists {
    let rows = try Row.fetchAll(db, sql: "SELECT * FROM value_lists ORDER BY name")
    let fetched = rows.filter { $0["fetched_at"] != nil }
    return MirrorStatus.Lists(
      fetched: fetched.count, entries: fetched.reduce(0) { $0 + $1["entries"] },
      checkedAt: fetched.compactMap { $0["checked_at"] as String? }.min(),
      failed: rows.compactMap { row in
        // A file of version 1 has no such columns, and no rows either.
        guard let failedAt = row["failed_at"] as String? else { return nil }
        return MirrorStatus.FailedList(
          list: row["name"], failedAt: failedAt, reason: row["failure_reason"] ?? "",
          message: row["failure"] ?? "", fetchedAt: row["fetched_at"])
      },
      message: fetched.isEmpty ? "no value list was ever fetched: labels are NULL" : nil)
  }

  private static func runs(_ db: Database, limit: Int) throws -> [MirrorStatus.Run] {
    try Row.fetchAll(db, sql: "SELECT * FROM runs ORDER BY id DESC LIMIT ?", arguments: [limit])
      .map { row in
        MirrorStatus.Run(
          id: row["id"], mode: row["mode"], outcome: row["outcome"], startedAt: row["started_at"],
          finishedAt: row["finished_at"], created: row["created"], updated: row["updated"],
          touched: row["touched"], unchanged: row["unchanged"], deleted: row["deleted"],
          held: row["held"], rejected: row["rejected"], requests: row["requests"],
          exitCode: row["exit_code"], reason: row["reason"], message: row["message"])
      }
  }
}

/// What the metrics tell of a database: its contents, its last run, and the sums of all runs.
struct MirrorFigures: Sendable {
  var schemaVersion = 0
  var live = 0
  var deleted = 0
  var quarantined = 0
  /// Deletions that are held.
  var held = 0
  /// Records that the portal counts and does not serve.
  var unserved = 0
  /// What the portal counted last.
  var portalCount: Int?
  /// When the last run ended that answered 0 or 3.
  var lastSuccess: String?
  var lastChange: String?
  var completeAsOf: String?
  /// Of the last run: created, updated …
  var lastRun: [(name: String, count: Int)] = []
  /// Entries of the feed, by kind.
  var changes: [(name: String, count: Int)] = []
  /// HTTP requests of all runs, by the class of their answer.
  var requests: [String: Int] = [:]
  var retries = 0
}

extension MirrorReader {
  func figures() throws -> MirrorFigures { try read(MirrorFigures.init) }

  /// The size of the database and of its WAL, in bytes; 0 where there is none.
  static func sizes(of path: String) -> (database: Int, wal: Int) {
    func size(_ path: String) -> Int {
      let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      return (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    }
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return (size(path), size(real + "-wal"))
  }
}

extension MirrorFigures {
  init(_ db: Database) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    func text(_ sql: String) throws -> String? { try String.fetchOne(db, sql: sql) }
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    schemaVersion = try count("PRAGMA user_version")
    live = try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL")
    deleted = try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NOT NULL")
    quarantined = try count("SELECT count(*) FROM rejections")
    held = try count("SELECT count(*) FROM held_deletions")
    unserved = Int(try meta("unserved") ?? "") ?? 0
    portalCount = try Int.fetchOne(
      db, sql: "SELECT portal_count FROM runs WHERE portal_count IS NOT NULL ORDER BY id DESC")
    lastSuccess = try text("SELECT max(finished_at) FROM runs WHERE exit_code IN (0, 3)")
    lastChange = try text("SELECT recorded_at FROM changes ORDER BY seq DESC LIMIT 1")
    completeAsOf = try meta("complete_as_of")
    if let row = try Row.fetchOne(
      db,
      sql: """
        SELECT created, updated, touched, unchanged, deleted, rejected
        FROM runs ORDER BY id DESC LIMIT 1
        """)
    {
      lastRun = row.map { ($0.0, Int.fromDatabaseValue($0.1) ?? 0) }
    }
    changes = try ["create", "update", "delete"].map { kind in
      let number = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM changes WHERE kind = ?", arguments: [kind])
      return (kind, number ?? 0)
    }
    requests = try HTTPTotals(meta(HTTPTotals.key)).requests
    retries = try count("SELECT sum(retries) FROM runs")
  }
}

extension MirrorReader {
  /// What the last run noted; counted now in a file of an earlier version, where none did.
  func notedFigures() throws -> NotedFigures {
    try read { db in
      let json = try String.fetchOne(
        db, sql: "SELECT value FROM meta WHERE key = ?",
        arguments: [NotedFigures.key])
      if let json,
        let noted = try? JSONDecoder().decode(NotedFigures.self, from: Data(json.utf8))
      {
        return noted
      }
      return try NotedFigures(counting: db)
    }
  }

  func completeAsOf() throws -> String? {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT value FROM meta WHERE key = 'complete_as_of'")
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
