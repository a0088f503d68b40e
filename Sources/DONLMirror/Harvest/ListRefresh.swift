import Foundation
import Logging

/// Reads value lists, one request each, and keeps what was there where one cannot be read. Nothing
/// that a list does makes a harvest fail.
struct ListRefresh: Sendable {
  let portal: Portal
  let store: Store
  let logger: Logger
  let now: @Sendable () -> Date
  /// Take a list that is empty or far smaller than before.
  var acceptsShrinking = false

  /// A list that could not be read is not asked for again sooner.
  static let failuresRest = Duration.seconds(3600)
  /// For all lists together.
  static let patience = Duration.seconds(600)
  private static let outOfTime =
    "Reading the value lists has taken 10 minutes; the rest is read another time."

  init(
    _ lists: ListSettings, by transport: Transport, _ settings: PortalSettings, into store: Store,
    clock: PortalClock, logger: Logger
  ) {
    portal = Portal(
      settings: settings,
      fetch: { (request) async throws(PortalError) in try await transport.get(request) },
      clock: clock, logger: logger, deadline: clock.instant() + Self.patience)
    self.store = store
    self.logger = logger
    now = clock.now
  }

  /// The lists that were not confirmed within `every`.
  func due(_ settings: ListSettings) throws -> [ValueList] {
    let states = try store.listStates()
    let now = now()
    func isPast(_ stamp: String?, _ interval: Duration) -> Bool {
      guard let date = stamp.flatMap(Timestamp.date) else { return true }
      let age = now.timeIntervalSince(date)
      // A stamp from the future is no reason to wait for it. A tenth early is in time: a run that
      // starts once a day, and reads its lists sooner than yesterday, would skip every other day.
      return age < 0 || age >= interval / .seconds(1) * 0.9
    }
    return settings.lists.filter { list in
      guard let state = states[list.name], state.url == list.url || state.failedAt != nil else {
        return true
      }
      return isPast(state.checkedAt, settings.every)
        && isPast(state.failedAt, min(Self.failuresRest, settings.every))
    }
  }

  /// - Returns: one outcome per list, in their order; fewer when the task is cancelled.
  /// - Throws: `Failure` when the store itself fails.
  func refresh(_ lists: [ValueList]) async throws -> [ListOutcome] {
    let states = try store.listStates()
    var outcomes: [ListOutcome] = []
    // A server that does not answer is not asked for its other lists.
    var silent: [String: PortalError] = [:]
    for list in lists {
      let state = states[list.name]
      let origin = (try? PortalAddress(list.url).origin) ?? list.url
      do {
        if let error = silent[origin] { throw error }
        outcomes.append(try await read(list, state))
      } catch var error as PortalError {
        if error.reason == .deadline { error.message = Self.outOfTime }
        guard error.nature != .interrupted, !Task.isCancelled else { return outcomes }
        let isNews = silent.updateValue(error, forKey: origin) == nil
        if !error.meansSilence { silent[origin] = nil }
        outcomes.append(try keep(list, state, Failure(error), isNews: isNews))
      } catch let refusal as Refusal {
        outcomes.append(try keep(list, state, refusal.failure, isNews: true))
      }
    }
    let results = outcomes.map(\.result)
    logger.info(
      "value lists read",
      metadata: [
        "asked": "\(results.count)", "changed": "\(results.count { $0 == .changed })",
        "failed": "\(results.count { $0 == .failed })",
      ])
    return outcomes
  }

  private func read(_ list: ValueList, _ state: ListState?) async throws -> ListOutcome {
    let before = state?.entries ?? 0
    // What stands in another place is another file, whatever its validators say.
    let isSame = state?.url == list.url && state?.fetchedAt != nil
    switch try await portal.valueList(list, unlessStill: isSame ? state?.validators : nil) {
    case .unchanged:
      try store.confirm(list, at: stamp())
      return ListOutcome(list, entries: before)
    case .content(let concepts, let validators):
      try judge(list, entries: concepts.count, before: before)
      let changes = try store.replace(list, with: concepts, validators, at: stamp())
      if !changes.isEmpty, state?.fetchedAt != nil {
        logger.info(
          "Value list \(list.name) has changed",
          metadata: [
            "added": "\(changes.added)", "removed": "\(changes.removed)",
            "relabeled": "\(changes.relabeled)",
          ])
      }
      return ListOutcome(list, entries: concepts.count, changes)
    }
  }

  private struct Refusal: Error { var failure: Failure }

  /// A list that loses more than half of its entries at once is more likely half a list.
  private func judge(_ list: ValueList, entries: Int, before: Int) throws(Refusal) {
    guard entries * 2 < before, !acceptsShrinking else { return }
    throw Refusal(
      failure: Failure(
        .notCKAN, reason: entries == 0 ? "empty_list" : "shrunk_list",
        "\(list.url) holds \(entries) entries, where there were \(before). If that is right: "
          + "donl-mirror lists refresh --accept-shrinking \(list.name)"))
  }

  private func keep(
    _ list: ValueList, _ state: ListState?, _ failure: Failure, isNews: Bool
  ) throws -> ListOutcome {
    try store.note(failure, of: list, at: stamp())
    let kept = state?.fetchedAt.map { "what came at \($0) stays" } ?? "there is none yet"
    logger.log(
      level: isNews ? .warning : .debug,
      "Value list \(list.name) could not be read, \(kept): \(failure.message)",
      metadata: ["reason": "\(failure.reason)", "list": "\(list.name)"])
    return ListOutcome(list, entries: state?.entries ?? 0, failure)
  }

  private func stamp() -> String { Timestamp.text(now()) }
}

/// What became of one list.
public struct ListOutcome: Sendable, Equatable, Encodable {
  public enum Result: String, Sendable, Encodable {
    /// The same as we had.
    case unchanged
    case changed
    /// What we had is kept.
    case failed
  }

  public var list: String
  public var url: String
  public var result: Result
  /// How many entries are on it now.
  public var entries = 0
  /// New, or back.
  public var added = 0
  public var removed = 0
  /// Under another label, or elsewhere in the hierarchy.
  public var relabeled = 0
  /// Why it failed: a stable word, and one sentence.
  public var reason: String?
  public var message: String?
  /// What a command that failed for this alone answers.
  public var exitStatus = ExitStatus.done

  private enum CodingKeys: CodingKey {
    case list, url, result, entries, added, removed, relabeled, reason, message
  }

  init(_ list: ValueList, entries: Int, _ changes: ListChanges = ListChanges()) {
    self.list = list.name
    url = list.url
    result = changes.isEmpty ? .unchanged : .changed
    self.entries = entries
    added = changes.added
    removed = changes.removed
    relabeled = changes.relabeled
  }

  init(_ list: ValueList, entries: Int, _ failure: Failure) {
    self.list = list.name
    url = list.url
    result = .failed
    self.entries = entries
    reason = failure.reason
    message = failure.message
    exitStatus = failure.status
  }
}

extension [ListOutcome] {
  /// What a refresh answers: 75 while another one may help any of the lists.
  public var exitStatus: ExitStatus {
    let failed = filter { $0.result == .failed }.map(\.exitStatus)
    return [.temporary, .notCKAN, .refused].first(where: failed.contains) ?? .done
  }
}

/// Where the value lists of a portal are, and how often they are read.
struct ListSettings: Sendable {
  var lists: [ValueList]
  var every: Duration

  /// Where data.overheid.nl publishes its lists. They are made for the fields of DONL, so no other
  /// portal is given them unless `lists.url` says so.
  static let standardFolder = "https://waardelijsten.dcat-ap-donl.nl"

  /// No lists when the portal has none that we know of.
  init(_ settings: Settings.Lists, of portal: PortalAddress) throws {
    every = settings.every
    let standard = portal.host == "data.overheid.nl" ? Self.standardFolder : nil
    lists =
      try (settings.url ?? standard).map { folder in
        try ValueListTable.standard().lists(in: folder, origin: portal.origin)
      } ?? []
  }
}
