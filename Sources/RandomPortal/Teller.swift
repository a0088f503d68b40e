import DONLMirror
import Foundation
import Logging
import SamplePortal

/// How one history went.
public struct Tale: Sendable {
  public var seed: UInt64
  public var violation: Violation?
  /// What happened, line by line.
  public var log: [String] = []
  /// The labels of all that chance did.
  public var happened: [String] = []
  public var runs = 0
  public var requests = 0
  /// The requests of the costliest run as a part of what it was allowed.
  public var costliest = 0.0
}

/// Tells histories: harvests a portal that answers at random, and holds each run to its promises.
public struct Teller: Sendable {
  private let portal: SamplePortal
  private let folder: URL
  private let ignored: Set<Violation.Promise>

  /// - Parameters:
  ///   - folder: for the databases; each history clears it.
  ///   - ignored: promises that are not looked at after a run.
  public static func using<Result>(
    folder: URL, except ignored: Set<Violation.Promise> = [],
    _ body: (Teller) async throws -> Result
  ) async throws -> Result {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await SamplePortal.run(Catalogue()) { portal in
      try await body(Teller(portal: portal, folder: folder, ignored: ignored))
    }
  }

  /// - Parameter isTelling: every question is written down, and what the program logs.
  public func tell(_ seed: UInt64, kept: Kept = .all, isTelling: Bool = false) async -> Tale {
    let story = Story(History(seed: seed), kept, portal, folder, ignored, isTelling: isTelling)
    return await story.tell()
  }

  /// Leaves out whatever is not needed to break the same promise.
  public func shorten(_ tale: Tale, attemptsMax: Int = 300) async -> Tale {
    guard let violation = tale.violation else { return tale }
    var shortest = tale
    var attempts = 0
    var size = max(1, tale.happened.count / 2)
    while size >= 1, attempts < attemptsMax {
      var start = 0
      var hasShortened = false
      while start < shortest.happened.count, attempts < attemptsMax {
        var rest = shortest.happened
        rest.removeSubrange(start..<min(start + size, rest.count))
        attempts += 1
        let other = await tell(tale.seed, kept: .only(Set(rest)))
        if let found = other.violation, found.isLike(violation),
          other.happened.count < shortest.happened.count
        {
          shortest = other
          hasShortened = true
        } else {
          start += size
        }
      }
      if size == 1, !hasShortened { break }
      size = max(1, size / 2)
    }
    return await tell(tale.seed, kept: .only(Set(shortest.happened)), isTelling: true)
  }
}

/// One history while it is told.
private final class Story {
  private let history: History
  private let kept: Kept
  private let world: World
  private let portal: SamplePortal
  private let folder: URL
  private let ignored: Set<Violation.Promise>
  private var tale: Tale
  private var mirror = MirrorState()
  /// What was there after each run.
  private var states: [(seq: Int, hashes: [String: String])] = []
  private var number = 0

  private var path: String { folder.appending(path: "mirror.db").path }

  init(
    _ history: History, _ kept: Kept, _ portal: SamplePortal, _ folder: URL,
    _ ignored: Set<Violation.Promise>, isTelling: Bool
  ) {
    self.history = history
    self.kept = kept
    self.portal = portal
    self.folder = folder
    self.ignored = ignored
    world = World(history, kept: kept, isTelling: isTelling)
    tale = Tale(seed: history.seed)
  }

  func tell() async -> Tale {
    begin()
    do {
      try await live()
      try await end()
    } catch let violation as Violation {
      tale.violation = violation
    } catch {
      tale.violation = Violation(.thrown, "\(error)")
    }
    portal.intercept(nil)
    world.with { state in
      tale.log = state.log
      tale.happened = state.happened
    }
    return tale
  }

  private func begin() {
    for file in ["", "-wal", "-shm", ".lock"] {
      try? FileManager.default.removeItem(atPath: path + file)
    }
    var settings = SamplePortal.Settings()
    settings.packsAnswers = history.seed % 4 == 0
    settings.now = { [world] in world.now }
    portal.settings = settings
    portal.intercept { [world, portal] request, _ in world.answer(request, of: portal) }
    world.with { state in
      state.log.append("options: \(history.options)")
      for index in 0..<history.datasets where kept.keeps("d\(index)") {
        var chance = Chance(history.seed, "d\(index)")
        guard
          let id = state.register.addOne(&chance, at: state.now - Double(chance.below(9_000_000)))
        else { continue }
        state.happened.append("d\(index)")
        state.log.append("d\(index): the catalogue begins with \(id)")
      }
    }
  }

  /// The rounds, with all their faults.
  private func live() async throws {
    for (index, round) in history.rounds.enumerated() {
      if index > 0 { world.pass(round.pause) }
      for (place, move) in round.moves.enumerated() where kept.keeps("m\(index).\(place)") {
        world.pass(.seconds(1))
        world.move(move, labeled: "m\(index).\(place)")
      }
      guard kept.keeps("r\(index)") else { continue }
      world.with { state in
        state.happened.append("r\(index)")
        guard let quirk = history.quirk, index >= history.quirkFrom, state.quirk == nil,
          kept.keeps("quirk")
        else { return }
        state.quirk = quirk
        state.happened.append("quirk")
        state.log.append("quirk: the portal from now on: \(quirk)")
      }
      _ = try await harvest(
        faultRate: round.faultRate, moveRate: round.moveRate,
        isFull: round.isFull && keep("full\(index)"),
        accepts: round.accepts && keep("accepts\(index)"))
    }
  }

  private func keep(_ label: String) -> Bool {
    guard kept.keeps(label) else { return false }
    world.with { $0.happened.append(label) }
    return true
  }

  /// The portal is sound again; the mirror must become what it is.
  private func end() async throws {
    world.with { state in
      state.quirk = nil
      state.register.recover()
      // Everything that comes back into the index may be new to the mirror.
      if !state.register.indexed.subtracting(mirror.live).isEmpty { state.isHonest = false }
      if state.register.indexed.isEmpty {
        var chance = Chance(history.seed, "last")
        _ = state.register.addOne(&chance, at: state.now)
      }
      state.log.append("the portal is sound from now on")
    }
    if history.endsWithOrdinaryRun, keep("ordinary") {
      world.pass(.seconds(600))
      let isHonest = world.with { $0.isHonest }
      try await recover("an ordinary run", mustBeEqual: isHonest)
    }
    // By now a full walk is due: it sees also what moved no stamp.
    world.pass(history.options.fullEvery + .seconds(86_400))
    try await recover("a full run", mustBeEqual: true)
    for check in try MirrorReader(path: path).check() where !check.isPassed {
      throw Violation(.check, "\(check.name): \(check.examples.joined(separator: "; "))")
    }
    for state in states {
      let remembered = try MirrorReader(path: path).contentHashes(after: state.seq)
      guard remembered == state.hashes else {
        throw Violation(
          .forgotten, "what was there after change \(state.seq) is remembered otherwise")
      }
    }
  }

  /// One run makes the mirror equal. Only where the guard held deletions, a second one is needed,
  /// in which an operator accepts them.
  private func recover(_ name: String, mustBeEqual: Bool) async throws {
    var summary = try await harvest(faultRate: 0, moveRate: 0, isFull: false, accepts: false)
    let guards = ["guard_empty", "collapse", "held_deletions"]
    if summary.exitStatus == .heldBack, guards.contains(summary.reason ?? "") {
      world.pass(.seconds(600))
      summary = try await harvest(faultRate: 0, moveRate: 0, isFull: false, accepts: true)
    }
    let end = "\(name) of a sound portal ended"
    guard summary.outcome == .complete else {
      throw Violation(
        .unrecovered, "\(end) \(summary.outcome.rawValue): \(summary.reason ?? "-")",
        reason: summary.reason)
    }
    guard mustBeEqual else { return }
    guard summary.exitStatus == .done else {
      throw Violation(
        .unrecovered,
        "\(end) with \(summary.exitStatus.rawValue): \(summary.reason ?? "-"), "
          + "\(summary.message ?? "-")")
    }
    let register = world.with { $0.register }
    let records = register.datasets.filter { register.indexed.contains($0.key) }.mapValues(\.json)
    guard mirror.live == Set(records.keys) else {
      let missing = Set(records.keys).subtracting(mirror.live).sorted()
      let surplus = mirror.live.subtracting(records.keys).sorted()
      throw Violation(.unrecovered, "\(end), missing \(missing), surplus \(surplus)")
    }
    let outdated = records.filter { mirror.records[$0.key] != $0.value }.keys.sorted()
    guard outdated.isEmpty else {
      throw Violation(.unrecovered, "\(end) with old versions of \(outdated)")
    }
    guard mirror.absences.isEmpty, mirror.rejected.isEmpty, mirror.unservedCount == 0 else {
      throw Violation(
        .unrecovered,
        "\(end) with absences \(mirror.absences), rejected \(mirror.rejected), "
          + "\(mirror.unservedCount) unserved")
    }
  }

  /// One run, and what must hold after it.
  private func harvest(
    faultRate: Double, moveRate: Double, isFull: Bool, accepts: Bool
  ) async throws -> RunSummary {
    number += 1
    portal.resetRequests()
    let quirk = world.with { state in
      state.run = Witness()
      state.run.number = number
      state.run.faultRate = faultRate
      state.run.moveRate = moveRate
      state.run.hasToken = history.options.hasToken
      state.run.begin(state.register)
      state.run.requestsMax = allowance(state)
      state.mirrored = mirror.live
      state.log.append(
        "run \(number)\(isFull ? " --full" : "")\(accepts ? " --accept-deletions" : ""): faults "
          + "\(faultRate), moves \(moveRate); the index holds \(state.register.count), the mirror "
          + "\(mirror.live.count)")
      return state.quirk
    }
    portal.settings.showsDate = quirk != .sendsNoDate
    let summary = try await run(isFull: isFull, accepts: accepts)
    let before = mirror
    mirror = try MirrorState(path: path)
    states.append((mirror.seq, mirror.hashes))
    let (witness, isHonest, silentEdits) = world.with { state in
      state.log.append(
        "  ends \(summary.outcome.rawValue) (\(summary.mode.rawValue)) with "
          + "\(summary.exitStatus.rawValue) \(summary.reason ?? ""); \(state.run.requests) requests"
      )
      // Names tell nothing of the index.
      if state.run.lies > 0 || state.run.hasAskedForNames { state.isHonest = false }
      return (state.run, state.isHonest, state.silentEdits)
    }
    tale.runs += 1
    tale.requests += witness.requests
    tale.costliest = max(
      tale.costliest, Double(witness.requests) / Double(witness.requestsMax))
    let verdict = Verdict(
      run: witness, before: before, after: mirror, summary: summary, isHonest: isHonest,
      silentEdits: silentEdits, quirk: quirk, accepts: accepts,
      skipLimit: history.options.skipLimit)
    if let violation = verdict.violation(except: ignored) { throw violation }
    if summary.outcome == .complete { look() }
    return summary
  }

  /// Where the mirror is equal now, everything from here on can be expected of ordinary runs.
  private func look() {
    world.with { state in
      let register = state.register
      let isSame = register.indexed.allSatisfy {
        mirror.records[$0] == register.datasets[$0]?.json
      }
      guard isSame, register.isSound, mirror.live == register.indexed else { return }
      state.isHonest = true
      state.silentEdits = []
    }
  }

  /// How many requests a run may take: a few for the opening, the lists and the proof; for each page
  /// some; and where things go wrong, some for each record and retry.
  private func allowance(_ state: World.State) -> Int {
    let options = history.options
    let records = state.register.count + mirror.live.count + mirror.unservedCount + 4
    let pages = records / max(1, options.rows - 1) + 1
    if state.run.faultRate == 0, state.run.moveRate == 0, state.quirk == nil {
      let odd = state.register.indexed.subtracting(state.register.served).count
      return 30 + 4 * pages + records + 20 * odd * (options.retries + 1)
    }
    return (60 + 12 * records) * (options.retries + 1)
  }

  private func run(isFull: Bool, accepts: Bool) async throws -> RunSummary {
    let options = history.options
    var settings = Settings()
    settings.portal.url = portal.url
    settings.database.path = path
    settings.portal.rows = options.rows
    settings.portal.requestsInFlight = options.requestsInFlight
    settings.portal.retries = options.retries
    settings.portal.skipLimit = options.skipLimit
    settings.portal.runDeadline = .seconds(7 * 86_400)
    settings.portal.timeout = .seconds(10)
    settings.deletions.limitPercent = options.limitPercent
    settings.deletions.limitCount = options.limitCount
    settings.schedule.overlap = options.overlap
    settings.schedule.censusEvery = options.censusEvery
    settings.schedule.fullEvery = options.fullEvery
    if options.hasToken {
      let file = folder.appending(path: "token")
      try Data("t0ken".utf8).write(to: file)
      settings.portal.tokenFile = file.path
    }
    var logger = Logger(label: "history") { [world] _ in HistoryLog(world: world) }
    logger.logLevel = world.isTelling ? .info : .critical
    var job = HarvestJob(settings: settings, logger: logger)
    job.source = "random"
    job.isFull = isFull
    job.acceptsDeletions = accepts
    job.clock = PortalClock(
      now: { [world] in world.now }, instant: { [world] in world.instant },
      sleep: { [world] duration in
        try Task.checkCancellation()
        world.pass(duration)
      }, random: { 0.5 })
    return try await Self.inTime { [job] in try await job.run() }
  }

  /// Requests are counted and bound a run; this is for one that waits for ever. A busy machine takes
  /// its time.
  private static func inTime(
    _ body: @escaping @Sendable () async throws -> RunSummary
  ) async throws -> RunSummary {
    try await withThrowingTaskGroup(of: RunSummary?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: .seconds(600))
        return nil
      }
      defer { group.cancelAll() }
      guard let summary = try await group.next().flatMap({ $0 }) else {
        throw Violation(.endless, "the run does not end")
      }
      return summary
    }
  }
}

extension Violation: Error {}

/// What the program logs, as lines of the history.
private struct HistoryLog: LogHandler {
  let world: World
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    world.tell("    ~ \(event.level): \(event.message)")
  }
}
