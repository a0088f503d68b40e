import DONLMirror

/// The summary of a run as `harvest --json` prints it; the names are those of the table `runs`.
struct SummaryRow: Encodable {
  var messageType = "summary"
  var schema = 1
  var dryRun: Bool
  var id: Int64
  var mode: String
  var outcome: String
  var exitCode: Int32
  var startedAt: String
  var finishedAt: String
  var checkpoint: String?
  var portalCount: Int?
  var datasets: Int
  var requests: Int
  var retries: Int
  var bytes: Int
  var pages: Int
  var created: Int
  var updated: Int
  var touched: Int
  var unchanged: Int
  var deleted: Int
  var held: Int
  var rejected: Int
  var reason: String?
  var message: String?

  init(_ summary: RunSummary, isRehearsal: Bool) {
    dryRun = isRehearsal
    id = summary.id
    mode = summary.mode.rawValue
    outcome = summary.outcome.rawValue
    exitCode = summary.exitStatus.rawValue
    startedAt = summary.startedAt
    finishedAt = summary.finishedAt
    checkpoint = summary.checkpoint
    portalCount = summary.portalCount
    datasets = summary.datasets
    requests = summary.requests
    retries = summary.retries
    bytes = summary.bytes
    pages = summary.pages
    created = summary.tally.created
    updated = summary.tally.updated
    touched = summary.tally.touched
    unchanged = summary.tally.unchanged
    deleted = summary.tally.deleted
    held = summary.tally.held
    rejected = summary.tally.rejected
    reason = summary.reason
    message = summary.message
  }
}

extension RunSummary {
  /// The run failed, or its copy could not be published.
  var isTrouble: Bool {
    let isClean = [.done, .heldBack, .interrupted, .terminated].contains(exitStatus)
    return outcome == .failed || (outcome == .complete && !isClean)
  }
}
