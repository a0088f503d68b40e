import Foundation
import Logging

/// A whole `lists refresh`: the lock, the database, the way to the lists.
public struct ListsJob: Sendable {
  public var settings: Settings
  /// What `meta.source` must say; nil takes the portal's address.
  public var source: String?
  /// Names of lists, in any case; none means all.
  public var names: [String] = []
  /// Take a list that is empty or far smaller than before.
  public var acceptsShrinking = false
  /// How long to wait for a run to end.
  public var patience = Duration.zero
  /// For `HTTPS_PROXY` and `NO_PROXY`.
  public var environment: [String: String] = [:]
  public var clock = PortalClock()
  public var logger: Logger
  /// What to answer when the task is cancelled.
  public var interruption: @Sendable () -> ExitStatus = { .interrupted }

  public init(settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// - Parameter portal: whose lists; nil takes the portal that the database mirrors.
  /// - Throws: `Failure` when no list could be asked for, or the store itself failed; what a list
  ///   does is in its outcome.
  public func run(of portal: String?) async throws -> [ListOutcome] {
    let path = settings.database.path
    // There is nothing to label before the first harvest, and no portal whose lists to read.
    let owner = try MirrorReader(path: path).source() ?? ""
    let session = try Session(
      ofMirror: path, of: owner, at: portal, named: source,
      remedy: "name the portal, or use --sample",
      consequence: "; nothing was changed. Use another --db", settings, environment: environment,
      clock: clock, logger: logger)
    var lists = try ListSettings(settings.lists, of: session.portal.address)
    guard !lists.lists.isEmpty else {
      throw Failure(
        .configuration, reason: "no_lists",
        "\(owner) has no value lists that we know of; set lists.url if it has.")
    }
    lists.lists = try lists.named(names)
    return try await session.locked(patience: patience) { [lists] in
      try await refresh(lists, by: session)
    }
  }

  private func refresh(
    _ lists: ListSettings, by session: Session
  ) async throws -> [ListOutcome] {
    try await session.storing(at: settings.database.path) { store in
      let outcomes = try await session.asking { _, transport in
        var refresh = ListRefresh(
          lists, by: transport, session.portal, into: store, clock: clock,
          logger: session.logger)
        refresh.acceptsShrinking = acceptsShrinking
        return try await refresh.refresh(lists.lists)
      }
      guard !Task.isCancelled else {
        throw Failure(
          interruption(), reason: "interrupted",
          "Stopped after \(outcomes.count) of \(counted(lists.lists.count, "list")); what was read is kept."
        )
      }
      // What they are is part of what `health` compares.
      try store.noteFigures()
      return outcomes
    }
  }
}

extension ListSettings {
  /// - Throws: `Failure` 64 for a name that no list has.
  fileprivate func named(_ names: [String]) throws(Failure) -> [ValueList] {
    guard !names.isEmpty else { return lists }
    var wanted: [ValueList] = []
    for name in names {
      guard let list = lists.first(where: { $0.name.lowercased() == name.lowercased() }) else {
        let nearest = nearestName(to: name, among: lists.map(\.name))
        throw Failure(
          .usage, reason: "unknown_list",
          "There is no value list \(name)" + (nearest.map { "; is it \($0)?" } ?? "."))
      }
      if !wanted.contains(list) { wanted.append(list) }
    }
    return wanted
  }
}
