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

  static func += (left: inout Tally, right: Tally) {
    left.created += right.created
    left.updated += right.updated
    left.touched += right.touched
    left.unchanged += right.unchanged
    left.deleted += right.deleted
    left.held += right.held
    left.rejected += right.rejected
  }
}

/// What a process answers when it ends (CONTRACT, "Exit codes").
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
