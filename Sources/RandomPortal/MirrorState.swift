import DONLMirror
import Foundation
import GRDB

/// What readers find in the mirror after a run.
struct MirrorState: Sendable {
  struct Run: Sendable, Equatable {
    var outcome: String
    var exitCode: Int?
    var reason: String?
    var requests: Int
    var counters: [String: Int]
  }

  /// The records of the live datasets, by id.
  var records: [String: String] = [:]
  var names: [String: String] = [:]
  /// Of the content of the live datasets, by id.
  var hashes: [String: String] = [:]
  /// The newest entry of the feed.
  var seq = 0
  var absences: [String: String] = [:]
  /// In quarantine; "" where the record does not say its id.
  var rejected: [String] = []
  /// Listed and not served, as far as there are ids.
  var unserved: Set<String> = []
  var unservedCount = 0
  var unservedDetails: [String] = []
  var runs: [Int64: Run] = [:]
  /// The full walk of a run, as far as it has come, by the run.
  var walks: [Int64: Walk] = [:]
  /// The deleted ids by the run that told of them.
  var deleted: [Int64: [String]] = [:]
  var checkpoint: String?

  var live: Set<String> { Set(records.keys) }

  init() {}

  init(path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? queue.close() }
    self = try queue.read { try MirrorState($0) }
  }

  private init(_ db: Database) throws {
    for row in try Row.fetchAll(
      db,
      sql: """
        SELECT d.id, d.name, r.json, d.content_hash
        FROM datasets d LEFT JOIN records r ON r.dataset_id = d.id
        """
    ) {
      records[row[0]] = row[2] ?? ""
      names[row[0]] = row[1] ?? ""
      hashes[row[0]] = row[3]
    }
    seq = try Int.fetchOne(db, sql: "SELECT max(seq) FROM changes") ?? 0
    for row in try Row.fetchAll(
      db, sql: "SELECT d.id, a.state FROM absences a JOIN all_datasets d ON d.key = a.dataset")
    {
      absences[row[0]] = row[1]
    }
    rejected = try String.fetchAll(db, sql: "SELECT coalesce(dataset_id, '') FROM rejections")
    func meta(_ key: String) throws -> String? {
      try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
    checkpoint = try meta("checkpoint")
    for row in try Row.fetchAll(db, sql: "SELECT dataset_id, detail FROM unserved_records") {
      if let id = row[0] as String? { unserved.insert(id) }
      unservedDetails.append(row[1])
    }
    unservedCount = unservedDetails.count
    let counters = ["created", "updated", "touched", "unchanged", "deleted", "held", "rejected"]
    for row in try Row.fetchAll(db, sql: "SELECT * FROM runs") {
      runs[row["id"]] = Run(
        outcome: row["outcome"], exitCode: row["exit_code"], reason: row["reason"],
        requests: row["requests"],
        counters: Dictionary(uniqueKeysWithValues: counters.map { ($0, row[$0] as Int) }))
    }
    for row in try Row.fetchAll(
      db,
      sql: """
        SELECT r.id, w.facts FROM runs r JOIN walks w ON w.id = r.walk_id WHERE w.mode = 'full'
        """)
    {
      walks[row[0]] = try JSONDecoder().decode(Walk.self, from: Data((row[1] as String).utf8))
    }
    for row in try Row.fetchAll(
      db, sql: "SELECT run_id, dataset_id FROM changes WHERE kind = 'delete' ORDER BY seq")
    {
      deleted[row[0], default: []].append(row[1])
    }
  }
}
