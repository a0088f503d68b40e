import Foundation
import Logging

/// One run against the portal: decides what is due, reads it, stores it, and says how it went.
///
///     timer ▸ Harvest ▸ Walk ▸ Page ▸ Normalizer ▸ Batch ▸ Store.apply ▸ changes
///                        ▲                            │
///                        └──────── position ◂─────────┘
public struct Harvest: Sendable {
  struct Options: Sendable {
    /// The whole catalogue now, due or not.
    var isFull: Bool
    /// Records a page; 1 is asked as 2, because pages overlap by one.
    var rows: Int
    var requestsInFlight: Int
    var fullEvery: Duration
    /// How far before the checkpoint an incremental run begins: a slow writer's stamp is older than
    /// its commit.
    var overlap: Duration
    var limits: DeletionLimits
    /// How many records may be stepped over in a run because the portal cannot serve them.
    var skipLimit: Int
    var censusEvery: Duration
    /// Release the deletions that an earlier run listed as held.
    var acceptsDeletions = false
    /// A position older than this is dropped: the catalogue has moved too far.
    var resumeWithin = Duration.seconds(24 * 3600)

    init(_ settings: Settings = Settings(), isFull: Bool = false) {
      self.isFull = isFull
      rows = settings.portal.rows
      requestsInFlight = settings.portal.requestsInFlight
      fullEvery = settings.schedule.fullEvery
      overlap = settings.schedule.overlap
      limits = DeletionLimits(settings.deletions)
      skipLimit = settings.portal.skipLimit
      censusEvery = settings.schedule.censusEvery
    }
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

  /// Runs to the end and leaves a row in `runs` that says how it ended, whatever happens.
  ///
  /// - Parameter interruption: what to answer when the task is cancelled (130 or 143).
  /// - Throws: what failed on our side, the store first of all; what the portal does is in the
  ///   summary. The row then tells of the failure too, unless it cannot be written either.
  public func run(
    interruption: @Sendable () -> ExitStatus = { .interrupted }
  ) async throws -> RunSummary {
    let record = try store.beginRun(at: stamp())
    var state = RunState(record: record)
    var ours: (any Error)?
    do {
      try await perform(&state)
      try noteHeldBack(&state)
      // A run that stored nothing left nothing to build.
      if state.outcome == .complete, state.mode == .full || state.tally.hasChanges {
        try store.finishLoad(isFirst: !state.hasHistory)
      }
      try logWhole(state)
    } catch let error as PortalError where error.nature != .interrupted && !Task.isCancelled {
      state.fail(error)
    } catch  where error is CancellationError || Task.isCancelled || error is PortalError {
      state.fail(
        .interrupted,
        Failure(interruption(), reason: "interrupted", "Stopped; the next run goes on from here."))
    } catch {
      state.fail(.failed, Self.failure(of: error))
      ours = error
    }
    let summary: RunSummary
    do {
      summary = try finish(state)
    } catch {
      // What came first is what is told; the row of the run gets at least its end.
      let first = ours ?? error
      state.fail(.failed, Self.failure(of: first))
      try? store.end(self.summary(of: state))
      throw first
    }
    if let ours { throw ours }
    return summary
  }

  private static func failure(of error: any Error) -> Failure {
    error as? Failure ?? Failure(.internalError, reason: "internal", "Internal error: \(error)")
  }

  /// What is held back; a complete run that holds something back is done and proven, and not clean.
  private func noteHeldBack(_ state: inout RunState) throws {
    guard state.outcome == .complete else { return }
    let back = try store.heldBack()
    state.tally.held = back.held
    if state.accepted > 0 {
      state.reason = "accepted"
      state.message =
        "The operator's word (--accept-deletions) releases \(counted(state.accepted, "deletion")): two "
        + "censuses miss the datasets, and package_show gives no evidence."
    }
    guard let reason = back.reason else { return }
    state.status = .heldBack
    state.reason = reason
    state.message = [state.message, back.message].compactMap(\.self).joined(separator: " ")
  }

  private func perform(_ state: inout RunState) async throws {
    state.lessons = try store.pageLessons(newerThan: Timestamp.text(now() - Self.lessonsLast))
    state.hasUnserved = try store.unservedCount() > 0
    if try store.dropUnreadableWalks(at: stamp()) {
      logger.notice(
        "An unfinished walk was left by another version of donl-mirror; it begins again.",
        metadata: ["reason": "walk_dropped"])
    }
    let opening = try await portal.opening()
    state.opening = opening
    state.portalCount = opening.count
    state.portalDate = opening.date ?? stamp()
    state.hasHistory = try store.lastCompleteFullRun() != nil
    let due = try await scope(after: opening)
    state.mode = due.mode
    state.isCensusDue = due.isCensusDue
    state.expected = due.expected
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
    let open = try resumed(query, mode: mode, state: state)
    // What came and what went since its first part may be the same number.
    if open != nil { state.isCensusDue = true }
    var record =
      try open
      ?? store.beginWalk(
        mode, query: query, portalDate: state.portalDate,
        checkpoint: opening.checkpoint(now: stamp()),
        walk: Walk(limits: options.limits, expecting: state.expected), run: state.record,
        at: stamp())
    state.walk = record
    defer { state.walk = record }
    try await read(&record, into: &state)
  }

  /// The walk that an earlier run left open, when it asks for the same and is fresh enough. One that
  /// was read to its end lacks its proof only, and is not read again.
  private func resumed(
    _ query: WalkRecord.Query, mode: HarvestMode, state: RunState
  ) throws -> WalkRecord? {
    guard var open = try store.openWalk() else { return nil }
    let age = Timestamp.date(open.movedAt).map { now().timeIntervalSince($0) } ?? .infinity
    let isSame =
      open.mode == mode && open.query.filter == query.filter && open.query.order == query.order
    // What the walk has learnt of a portal that was in trouble must not outlast the trouble.
    let isSound =
      open.walk.isOrdered
      && !options.limits.areExceeded(
        losing: open.walk.highestCount - state.expected, of: open.walk.highestCount)
    guard isSame, isSound, age <= options.resumeWithin / .seconds(1),
      !open.walk.isFinished || open.walk.isWhole
    else {
      try store.drop(open, at: stamp())
      return nil
    }
    // The settings of now count, not those of the run that began it.
    open.query.rows = query.rows
    open.walk.limits = options.limits
    try store.adopt(open, run: state.record)
    let place = open.walk.key.map { "behind \($0)" } ?? "at \(open.walk.nextStart)"
    logger.notice(
      open.walk.isFinished
        ? "resuming walk \(open.id): it is read to its end and still to be proven"
        : "resuming walk \(open.id) \(place) of \(open.walk.count)",
      metadata: ["reason": "resumed"])
    return open
  }

  private func finish(_ state: RunState) throws -> RunSummary {
    var summary = summary(of: state)
    try store.finish(
      summary, walk: state.walk, completeAsOf: state.completeAsOf, lessons: state.lessons)
    summary.datasets = try inventory(state).live
    return summary
  }

  private func summary(of state: RunState) -> RunSummary {
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
    return summary
  }

  /// How long it is remembered what a portal could not serve because of its size.
  private static let lessonsLast: TimeInterval = 7 * 86_400

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
  /// The secondary indexes were built in the middle of this load.
  var hasIndexes = false
  var mode = HarvestMode.full
  var outcome = Outcome.failed
  var status = ExitStatus.done
  var reason: String?
  var message: String?
  var opening: Opening?
  var isCensusDue = false
  /// How many datasets the walk is to read, by the portal's first answers.
  var expected = 0
  /// Sizes of pages, and numbers of ids, that the portal refused, by what was asked.
  var lessons: [String: PageLesson] = [:]
  /// Something that the portal counts was not served in earlier runs.
  var hasUnserved = false
  /// Of the ids known to be unserved, those that were not served in this run either.
  var triedUnserved: Set<String> = []
  /// Ids whose record came with an older stamp than the stored one, to be fetched by themselves.
  var postponed: Set<String> = []
  /// The portal cannot be asked for records by their ids.
  var refusesIDs = false
  /// Deletions that rest on the operator's word.
  var accepted = 0
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
  /// Names that the portal lists and does not show.
  var unservedNames: [String] = []
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

  mutating func fail(_ error: PortalError) { fail(.failed, Failure(error)) }
}

/// What an operator might want to know of a run that went well. Each is told once, when it happens.
