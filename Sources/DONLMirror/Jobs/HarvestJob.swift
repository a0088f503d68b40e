import Foundation
import Logging

/// A whole `harvest`: the lock, the database, the way to the portal, and the run.
public struct HarvestJob: Sendable {
  public var settings: Settings
  /// The file that the settings were read from.
  public var configuration: String?
  /// What `meta.source` says; nil takes the portal's address.
  public var source: String?
  public var isFull = false
  /// The same catalogue has moved to this address.
  public var isRebinding = false
  /// Release the deletions that an earlier run listed as held.
  public var acceptsDeletions = false
  /// Say what would change, and write nothing.
  public var isRehearsal = false
  /// How long to wait for another run to end.
  public var patience = Duration.zero
  /// For `HTTPS_PROXY` and `NO_PROXY`.
  public var environment: [String: String] = [:]
  public var clock = PortalClock()
  public var logger: Logger
  public var report: @Sendable (Harvest.Progress) -> Void = { _ in }
  /// Called when the lock is held and the run begins.
  public var began: @Sendable () async -> Void = {}
  /// What to answer when the task is cancelled.
  public var interruption: @Sendable () -> ExitStatus = { .interrupted }

  public init(settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// - Throws: `Failure`, when there is no run to speak of or the store itself failed.
  public func run() async throws -> RunSummary {
    let session = try Session(settings, environment: environment, clock: clock, logger: logger)
    var job = self
    job.logger = session.logger
    do {
      return try await job.run(session)
    } catch let failure as Failure {
      throw failure.redacted(by: session.portal.secrets)
    }
  }

  private func run(_ session: Session) async throws -> RunSummary {
    try checkFiles()
    for warning in settings.warnings {
      logger.warning("\(warning)", metadata: ["reason": "configuration"])
    }
    let path = settings.database.path
    guard isRehearsal else {
      return try await session.locked(patience: patience) {
        // Before anything is made that would have to be left behind.
        _ = try FeedMark.read(beside: path)
        await began()
        Publisher(settings)?.sweep()
        return try await harvest(into: path, session)
      }
    }
    return try await Self.withCopy(of: path) { copy in
      try await harvest(into: copy, session)
    }
  }

  private func harvest(into path: String, _ session: Session) async throws -> RunSummary {
    let fields = try FieldTable.standard()
    let churn = ChurnKeys(besides: settings.portal.churnKeys)
    return try await session.storing(at: path, closing: close) { store in
      try store.claim(
        source ?? session.portal.address.site, rebinding: isRebinding, fields: fields,
        churn: churn)
      return try await marking(store) { keeper in
        let summary = try await perform(
          into: store, Normalizer(fields: fields, churn: churn), session, keeper)
        forgetHistory(in: store)
        if keeper != nil {
          noteQuality(after: summary, in: store)
          noteFigures(in: store)
        }
        return await publish(summary, from: store)
      }
    }
  }

  private func perform(
    into store: Store, _ normalizer: Normalizer, _ session: Session, _ keeper: FeedKeeper?
  ) async throws -> RunSummary {
    var runOptions = Harvest.Options(settings, isFull: isFull)
    runOptions.acceptsDeletions = acceptsDeletions
    return try await session.asking { portal, transport in
      let summary = try await Harvest(
        portal: portal, store: store, normalizer: normalizer,
        options: runOptions,
        logger: logger, now: clock.now,
        report: { [report] progress in
          keeper?.note()
          report(progress)
        }
      ).run(interruption: interruption)
      if !isRehearsal {
        try await refreshLists(after: summary, by: transport, session.portal, into: store)
      }
      return summary
    }
  }

  /// Reads the value lists that are due. The run is over and in the ledger by now: lists neither
  /// delay it nor change how it ended. Only where they cannot be stored the process fails, and the
  /// ledger then says what it answered.
  private func refreshLists(
    after summary: RunSummary, by transport: Transport, _ portalSettings: PortalSettings,
    into store: Store
  ) async throws {
    let lists = try ListSettings(settings.lists, of: portalSettings.address)
    let refresh = ListRefresh(
      lists, by: transport, portalSettings, into: store, clock: clock, logger: logger)
    do {
      let due = try refresh.due(lists)
      if !due.isEmpty { _ = try await refresh.refresh(due) }
    } catch let failure as Failure {
      var told = summary
      told.exitStatus = failure.status
      told.reason = failure.reason
      told.message = "The harvest is stored, the value lists are not: \(failure.message)"
      // Where the ledger cannot be written either, the exit code still tells.
      try? store.note(told)
      throw failure
    }
  }

  /// Does the work between two marks of which state the feed is in. However the work ends, readers
  /// of the live feed have seen what it stored.
  private func marking<Result>(
    _ store: Store, _ work: (FeedKeeper?) async throws -> Result
  ) async throws -> Result {
    guard !isRehearsal else { return try await work(nil) }
    let keeper = FeedKeeper(store: store, published: settings.publish.path)
    if let doubt = try keeper.begin() {
      logger.notice(
        "\(store.path) \(doubt.why). A new epoch begins: readers of the feed read all of it anew.",
        metadata: ["reason": "epoch"])
    }
    do {
      let result = try await work(keeper)
      do {
        try keeper.end()
      } catch {
        // The mark still tells of a state that the database is in, so the next run goes on.
        logger.warning(
          "The mark of the feed beside \(store.path) is not up to date: \(error)",
          metadata: ["reason": "mark"])
      }
      return result
    } catch {
      try? keeper.end()
      throw error
    }
  }

  /// Lets go what the feed need not remember any longer.
  private func forgetHistory(in store: Store) {
    guard let keep = settings.history.keep else { return }
    let moment = Timestamp.text(clock.now() - keep / .seconds(1))
    do {
      let count = try store.forgetHistory(before: moment)
      guard count > 0 else { return }
      logger.info("let go what was before \(counted(count, "change")), made before \(moment)")
    } catch {
      logger.warning(
        "What history.keep no longer asks for is still in \(store.path): \(error)",
        metadata: ["reason": "history"])
    }
  }

  /// Keeps the quality of each data owner as it is today.
  private func noteQuality(after summary: RunSummary, in store: Store) {
    guard summary.outcome == .complete else { return }
    do {
      try store.noteQuality(on: String(Timestamp.text(clock.now()).prefix(10)))
    } catch {
      logger.warning(
        "The quality of today was not noted in \(store.path): \(error)",
        metadata: ["reason": "quality"])
    }
  }

  /// Leaves in the database what `health` asks of it.
  private func noteFigures(in store: Store) {
    do {
      try store.noteFigures()
    } catch {
      logger.warning(
        "The figures for health were not noted in \(store.path): \(error)",
        metadata: ["reason": "figures"])
    }
  }

  /// Closes the database, and tells what kept its log from being emptied into the file.
  private func close(_ store: Store) throws {
    let hindrance = try store.closeTellingHindrance()
    let bytes = store.walBytes
    guard !isRehearsal, let hindrance, bytes > 0 else { return }
    let log = "\(store.path)-wal"
    guard hindrance.reason == "busy" else {
      return logger.warning(
        "\(log) holds what the database lacks; leave it there, the next run goes on: \(hindrance)",
        metadata: ["reason": "checkpoint"])
    }
    guard bytes <= Store.walBytesMax else { return tellReader(of: store) }
    logger.notice(
      "A reader keeps \(counted(bytes, "byte")) in \(log); leave it there, they belong to the database.",
      metadata: ["reason": "wal_kept"])
  }

  private func tellReader(of store: Store) {
    let size = "\(store.walBytes >> 20) MiB"
    logger.warning(
      "A reader keeps \(size) in \(store.path)-wal; it is emptied when the reader ends.",
      metadata: ["reason": "wal_size"])
  }

  /// Lets the body work on a copy of the database, in a folder that goes afterwards.
  private static func withCopy<Result>(
    of path: String, _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("donl-mirror-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.cannotCreate, reason: "no_folder", "\(folder.path) cannot be made: \(error).")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appendingPathComponent("rehearsal.db").path
    if FileManager.default.fileExists(atPath: path) {
      try MirrorReader(path: path).copy(to: copy)
    }
    return try await body(copy)
  }
}

extension HarvestJob {
  /// What a run would stumble over before it asks the portal anything, as far as that can be seen
  /// without writing: the settings, the database, the folder it stands in.
  ///
  /// - Returns: when the last run began; nil when there was none.
  /// - Throws: `Failure`: 78 settings, 65 database, 73 or 77 folder and files.
  public func preflight() throws -> Date? {
    try settings.check(environment: environment)
    try checkFiles()
    let path = settings.database.path
    try Store.examine(path)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try MirrorReader(path: path).lastRun()
    } catch let failure as Failure where failure.status == .noDatabase {
      // An empty file is as good as none.
      return nil
    }
  }

  func checkFiles() throws(Failure) {
    try settings.checkFiles(environment: environment, configuration: configuration)
  }
}

extension Settings {
  /// Whether the settings can be used together and on this machine.
  ///
  /// - Parameter environment: for `HTTPS_PROXY` and `NO_PROXY`.
  /// - Throws: `Failure` 78.
  public func check(environment: [String: String]) throws {
    _ = try PortalSettings(self, environment: environment)
  }

  /// What is accepted and yet unwise, in a sentence each.
  public var warnings: [String] {
    guard let path = portal.tokenFile, TokenFile(path: path).isWorldReadable else { return [] }
    return ["Every user of this machine can read portal.token-file \(path); chmod o-r \(path)."]
  }
}

extension HarvestJob {
  /// Publishes what a complete run left, when `publish.path` says where.
  ///
  /// The harvest stands, whatever becomes of its copy; but readers then have the old one, so the
  /// exit code and the row in `runs` tell the failure.
  func publish(_ summary: RunSummary, from store: Store) async -> RunSummary {
    guard !isRehearsal, summary.outcome == .complete, var publisher = Publisher(settings) else {
      return summary
    }
    // Reading the clock feeds the watchdog (see `Heartbeat`).
    publisher.beat = { [clock] in _ = clock.instant() }
    var summary = summary
    do {
      let publication = try await publisher.publish(MirrorReader(path: store.path))
      if publication.isNew {
        logger.info("\(publication.line)", metadata: ["bytes": "\(publication.bytes)"])
      }
    } catch {
      let failure = failure(of: error)
      summary.exitStatus = failure.status
      summary.reason = failure.reason
      summary.message =
        "The harvest is stored, and not published: \(failure.message)"
        + (summary.message.map { " Besides: \($0)" } ?? "")
      // Where the ledger cannot be written either, the exit code still tells.
      try? store.note(summary)
    }
    return summary
  }

  private func failure(of error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case is CancellationError:
      Failure(interruption(), reason: "interrupted", "Stopped; the next run publishes.")
    default: Failure(.internalError, reason: "publish", "\(error)")
    }
  }
}
