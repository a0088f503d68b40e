/// The scope of a run and of the walk it does.
public enum HarvestMode: String, Sendable, Codable {
  case full, incremental
}

/// How a run ended.
public enum Outcome: String, Sendable, Codable {
  case running, complete, partial, failed, interrupted
}

/// What happened to the records of a run. Each record ends in exactly one counter.
public struct Tally: Sendable, Equatable, Codable {
  public var created = 0
  public var updated = 0
  public var touched = 0
  public var unchanged = 0
  public var deleted = 0
  public var held = 0
  public var rejected = 0

  /// The records that arrived, each counted once.
  public var received: Int { created + updated + touched + unchanged + rejected }

  public var hasChanges: Bool { created + updated + deleted > 0 }

  public typealias Counter = WritableKeyPath<Tally, Int> & Sendable

  /// Every counter by its name, which is that of its column in `runs`; in the order in which people are told.
  public static let counters: [(name: String, path: Counter)] = [
    ("created", \.created), ("updated", \.updated), ("touched", \.touched),
    ("unchanged", \.unchanged), ("deleted", \.deleted), ("held", \.held), ("rejected", \.rejected),
  ]

  static func += (left: inout Tally, right: Tally) {
    for (_, path) in counters { left[keyPath: path] += right[keyPath: path] }
  }
}

/// What a process answers when it ends (docs/contract.md, "Exit codes").
public enum ExitStatus: Int32, Sendable, Codable, CaseIterable {
  case done = 0
  case heldBack = 3
  case usage = 64
  case damagedDatabase = 65
  case noDatabase = 66
  case refused = 69
  case internalError = 70
  case cannotCreate = 73
  case inputOutput = 74
  case temporary = 75
  case notCKAN = 76
  case noPermission = 77
  case configuration = 78
  case interrupted = 130
  case terminated = 143
}

/// What a run amounted to: the row it leaves in `runs`, as a value.
public struct RunSummary: Sendable, Equatable {
  public var id: Int64
  public var mode: HarvestMode
  public var outcome: Outcome
  public var exitStatus: ExitStatus
  public var startedAt: String
  public var finishedAt: String
  public var checkpoint: String?
  public var portalCount: Int?
  public var requests = 0
  public var retries = 0
  /// How many of the requests were answered, by the class of the status: `2xx`.
  var answers: [String: Int] = [:]
  public var bytes = 0
  public var pages = 0
  public var tally = Tally()
  /// Live datasets when the run ended.
  public var datasets = 0
  public var reason: String?
  public var message: String?
}

/// One entry of the feed: what happened to a dataset, once, when content changed.
struct Change: Sendable, Equatable {
  enum Kind: String, Sendable {
    case create, update, delete
  }

  var kind: Kind
  var datasetID: String
  var name: String?
  var run: Int64
  /// Our clock, UTC; one stamp a transaction.
  var recordedAt: String
  /// The portal's stamp of the record.
  var metadataModified: String?
  /// The keys whose content differs; on an update only.
  var changedFields: [String]?
  /// What they had, as a JSON object.
  var before: String?
  var contentHash: String?
  /// On a deletion: the live id that bears the same name.
  var replacedBy: String?
}

/// A record that could not be read: the bytes are kept, with the reason, and the run goes on.
struct Rejection: Error, Sendable, Equatable {
  /// Stable words; they stand in `rejections.reason` and in the log.
  enum Reason: String, Sendable, CaseIterable {
    /// Not JSON: cut, a bad literal, a bad number, trailing bytes.
    case badJSON = "bad_json"
    /// Invalid UTF-8 or a raw control character inside a string.
    case badText = "bad_text"
    case tooDeep = "too_deep"
    case tooLarge = "too_large_record"
    /// JSON, but not an object.
    case notAnObject = "not_an_object"
    case noID = "no_id"
    /// The id is not a string, is empty, is longer than 200 bytes, or holds a control character or
    /// U+FFFD.
    case badID = "bad_id"
  }

  /// Nil when the record does not say which dataset it is.
  var datasetID: String?
  var reason: Reason
  /// What was found and where, for a person: `byte 812: lone \x01 in a string`.
  var detail: String
  /// The bytes of the record as received.
  var record: ArraySlice<UInt8>
}
