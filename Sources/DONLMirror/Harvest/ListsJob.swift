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
    guard portal != nil || owner.hasPrefix("http") else {
      throw Failure(
        .configuration, reason: "no_portal",
        "\(path) mirrors \(owner.isEmpty ? "nothing yet" : owner), which has no address; "
          + "name the portal, or use --sample.")
    }
    var settings = settings
    settings.portal.url = portal ?? owner
    let portalSettings = try PortalSettings(settings, environment: environment)
    let secrets = portalSettings.secrets
    let logger = logger.redacted(by: secrets)
    let wanted = source ?? portalSettings.address.site
    guard wanted == owner else {
      throw Failure(
        .configuration, reason: "other_portal",
        "\(path) mirrors \(owner), not \(wanted); nothing was changed. Use another --db.")
    }
    var lists = try ListSettings(settings.lists, of: portalSettings.address)
    guard !lists.lists.isEmpty else {
      throw Failure(
        .configuration, reason: "no_lists",
        "\(owner) has no value lists that we know of; set lists.url if it has.")
    }
    lists.lists = try lists.named(names)
    return try await HarvestLock.hold(
      beside: path, patience: patience, sleep: clock.sleep,
      waiting: { logger.notice("Waiting: \($0).", metadata: ["reason": "locked"]) },
      body: { [lists] in try await refresh(lists, into: path, portalSettings) })
  }

  private func refresh(
    _ lists: ListSettings, into path: String, _ portalSettings: PortalSettings
  ) async throws -> [ListOutcome] {
    let store = try Store(path: path)
    do {
      let outcomes = try await Transport.using(portalSettings, logger: logger) { transport in
        var refresh = ListRefresh(
          lists, by: transport, portalSettings, into: store, clock: clock, logger: logger)
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
      try store.close()
      return outcomes
    } catch {
      try? store.close()
      throw error
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
