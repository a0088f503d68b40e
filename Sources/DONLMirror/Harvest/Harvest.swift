import Foundation
import Logging

/// One run against the portal: decides what is due, reads it, stores it, and says how it went.
///
///     timer ▸ Harvest ▸ Walk ▸ Page ▸ Normalizer ▸ Batch ▸ Store.apply ▸ changes
///                        ▲                            │
///                        └──────── position ◂─────────┘
public struct Harvest: Sendable {
  public struct Options: Sendable {
    /// The whole catalogue now, due or not.
    public var isFull = false
    /// Records a page; 1 is asked as 2, because pages overlap by one.
    public var rows = 250
    public var requestsInFlight = 1
    public var fullEvery = Duration.seconds(7 * 86400)
    /// How far before the checkpoint an incremental run begins: a slow writer's stamp is older than
    /// its commit.
    public var overlap = Duration.seconds(3600)
    public var limits = DeletionLimits()
    /// How many records may be stepped over in a run because the portal cannot serve them.
    public var skipLimit = 10
    public var censusEvery = Duration.seconds(24 * 3600)
    /// Release the deletions that an earlier run listed as held.
    public var acceptsDeletions = false
    /// A position older than this is dropped: the catalogue has moved too far.
    public var resumeWithin = Duration.seconds(24 * 3600)

    public init() {}
  }

  /// Where a run is, for a progress bar or a log line.
  public struct Progress: Sendable {
    public var mode: HarvestMode
    /// Records taken, of `total` that the portal counts.
    public var done: Int
    public var total: Int
    public var pages: Int
    public var tally: Tally
  }

  let portal: Portal
  let store: Store
  let normalizer: Normalizer
  let options: Options
  let logger: Logger
  let now: @Sendable () -> Date
  let report: @Sendable (Progress) -> Void

  /// - Parameters:
  ///   - store: opened under the `HarvestLock`, and claimed for this portal.
  ///   - report: called after every page that was stored.
  init(
    portal: Portal, store: Store, normalizer: Normalizer, options: Options = Options(),
    logger: Logger,
    now: @escaping @Sendable () -> Date = { Date() },
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.portal = portal
    self.store = store
    self.normalizer = normalizer
    self.options = options
    self.logger = logger
    self.now = now
    self.report = report
  }

  /// Runs to the end and leaves a row in `runs` whatever happens, killed processes excepted.
  ///
  /// - Parameter interruption: what to answer when the task is cancelled (130 or 143).
  /// - Throws: `Failure` when the store itself fails; what the portal does is in the summary.
  public func run(
    interruption: @Sendable () -> ExitStatus = { .interrupted }
  ) async throws -> RunSummary {
    let record = try store.beginRun(at: stamp())
    var state = RunState(record: record)
    do {
      try await perform(&state)
    } catch let error as PortalError where error.nature != .interrupted && !Task.isCancelled {
      state.fail(error)
    } catch let failure as Failure {
      state.fail(.failed, failure)
      // The ledger may be what failed; then the failure itself is all there is to tell.
      guard (try? finish(state)) != nil else { throw failure }
      throw failure
    } catch  where error is CancellationError || Task.isCancelled || error is PortalError {
      state.fail(
        .interrupted,
        Failure(interruption(), reason: "interrupted", "Stopped; the next run goes on from here."))
    }
    try noteHeldBack(&state)
    return try finish(state)
  }

  /// A complete run that holds something back is done and proven, and not clean.
  private func noteHeldBack(_ state: inout RunState) throws {
    guard state.outcome == .complete else { return }
    let back = try store.heldBack()
    state.tally.held = back.held
    guard let reason = back.reason else { return }
    state.status = .heldBack
    state.reason = reason
    state.message = back.message
  }

  private func perform(_ state: inout RunState) async throws {
    let opening = try await portal.opening()
    state.opening = opening
    state.portalCount = opening.count
    state.portalDate = opening.date ?? stamp()
    state.hasHistory = try store.lastCompleteFullRun() != nil
    let due = try await scope(after: opening)
    state.mode = due.mode
    state.isCensusDue = due.isCensusDue
    state.openingInventory = due.inventory
    try store.setMode(due.mode, of: state.record)
    logger.info(
      "run \(state.record.id) \(due.mode.rawValue) started",
      metadata: ["portal_count": "\(opening.count)", "why": "\(due.why)"])
    if !due.isQuiet { try tellClocks(opening, state) }
    if let query = due.query { try await walk(query, mode: due.mode, from: opening, into: &state) }
    try await conclude(&state)
  }

  /// Reads a walk to its end: one that was left open, or a new one.
  func walk(
    _ query: WalkRecord.Query, mode: HarvestMode, from opening: Opening, into state: inout RunState
  ) async throws {
    var record =
      try resumed(query, mode: mode, state: state)
      ?? store.beginWalk(
        mode, query: query, portalDate: state.portalDate, checkpoint: opening.checkpoint,
        walk: Walk(limits: options.limits), run: state.record, at: stamp())
    state.walk = record
    defer { state.walk = record }
    try await read(&record, into: &state)
  }

  /// The walk that an earlier run left open, when it asks for the same and is fresh enough.
  private func resumed(
    _ query: WalkRecord.Query, mode: HarvestMode, state: RunState
  ) throws -> WalkRecord? {
    guard let open = try store.openWalk() else { return nil }
    let age = Timestamp.date(open.movedAt).map { now().timeIntervalSince($0) } ?? .infinity
    let isSame =
      open.mode == mode && open.query.filter == query.filter && open.query.order == query.order
    guard isSame, age <= options.resumeWithin / .seconds(1), !open.walk.isFinished else {
      try store.drop(open, at: stamp())
      return nil
    }
    try store.adopt(open, run: state.record)
    logger.notice(
      "resuming walk \(open.id) at \(open.walk.nextStart) of \(open.walk.count)",
      metadata: ["reason": "resumed"])
    return open
  }

  private func finish(_ state: RunState) throws -> RunSummary {
    // A run that stored nothing left nothing to build.
    if state.outcome == .complete, state.mode == .full || state.tally.hasChanges {
      try store.finishLoad()
    }
    try tellWhole(state)
    let counts = portal.tally.counts
    var summary = RunSummary(
      id: state.record.id, mode: state.mode, outcome: state.outcome, exitStatus: state.status,
      startedAt: state.record.startedAt, finishedAt: stamp())
    summary.checkpoint = state.checkpoint
    summary.portalCount = state.portalCount
    summary.requests = counts.requests
    summary.retries = counts.retries
    summary.answers = counts.answers
    summary.bytes = counts.decodedBytes
    summary.pages = state.pages
    summary.tally = state.tally
    summary.reason = state.reason
    summary.message = state.message
    try store.finish(summary, walk: state.walk, completeAsOf: state.completeAsOf)
    summary.datasets = try inventory(state).live
    return summary
  }

  /// What the store holds now; counted again only when the run may have changed it.
  func inventory(_ state: RunState) throws -> Inventory {
    guard let before = state.openingInventory, state.hasLeftAllAsItWas else {
      return try store.inventory()
    }
    return before
  }

  func stamp() -> String { Timestamp.text(now()) }
}

/// What a run has come to so far.
struct RunState {
  let record: RunRecord
  /// A full walk has completed before: what is new now is new to the portal.
  var hasHistory = false
  var mode = HarvestMode.full
  var outcome = Outcome.failed
  var status = ExitStatus.done
  var reason: String?
  var message: String?
  var opening: Opening?
  var isCensusDue = false
  /// What the store held when the run began, where it was counted.
  var openingInventory: Inventory?
  /// The census of this run, once it has been taken.
  var censusWalk: Int64?
  var portalCount: Int?
  var portalDate = ""
  var checkpoint: String?
  var completeAsOf: String?
  var walk: WalkRecord?
  var pages = 0
  var tally = Tally()
  /// Datasets whose stamp went back.
  var olderStamps = 0
  /// Ids that the census lists and the portal does not serve, not even alone.
  var unserved: [String] = []
  /// Records that the portal could not serve and that were stepped over.
  var steppedOver = 0
  /// The offset of the last step whose seam is still to be proven.
  var unprovenStep: Int?

  init(record: RunRecord) {
    self.record = record
  }

  /// Nothing has been stored, and nothing settled.
  var hasLeftAllAsItWas: Bool { walk == nil && censusWalk == nil && tally.received == 0 }

  mutating func fail(_ outcome: Outcome, _ failure: Failure) {
    self.outcome = outcome
    status = failure.status
    reason = failure.reason
    message = failure.message
    checkpoint = nil
    completeAsOf = nil
  }

  mutating func fail(_ error: PortalError) {
    let status: ExitStatus =
      switch error.nature {
      case .temporary, .interrupted: .temporary
      case .refused: .refused
      case .notCKAN: .notCKAN
      }
    fail(
      .failed, Failure(status, reason: error.reason.rawValue, error.description))
  }
}
