import Logging

/// Holds a mirror against its portal by a census, and writes nothing.
public struct PortalCheck: Sendable {
  public var settings: Settings
  /// For `HTTPS_PROXY` and `NO_PROXY`.
  public var environment: [String: String] = [:]
  public var clock = PortalClock()
  public var logger: Logger

  public init(settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// - Parameters:
  ///   - mirror: is read after the census, so that what a run stores meanwhile is on both sides.
  ///   - portal: where the portal is; nil asks at the mirror's own `meta.source`.
  /// - Throws: `Failure`: 78 when the mirror is of another portal, 69, 75 or 76 as the portal
  ///   fails, 75 also when the portal's list proves nothing.
  public func run(_ mirror: MirrorReader, at portal: String?) async throws -> PortalComparison {
    let source = try mirror.source() ?? ""
    var settings = settings
    settings.portal.url = portal ?? source
    guard portal != nil || source.hasPrefix("http") else {
      throw Failure(
        .configuration, reason: "no_portal",
        "\(mirror.path) mirrors \(source), which has no address; set portal.url.")
    }
    let portalSettings = try PortalSettings(settings, environment: environment)
    guard portalSettings.address.site == source || !source.hasPrefix("http") else {
      throw Failure(
        .configuration, reason: "other_portal",
        "\(mirror.path) mirrors \(source), not \(portalSettings.address.site).")
    }
    let tally = PortalTally()
    let deadline = clock.instant() + settings.portal.runDeadline
    let listing = try await Transport.using(portalSettings, tally: tally, logger: logger) {
      transport in
      let portal = Portal(
        settings: portalSettings,
        fetch: { (request) async throws(PortalError) in try await transport.get(request) },
        clock: clock, tally: tally, logger: logger, deadline: deadline)
      do {
        return try await list(portal)
      } catch let error as PortalError where error.nature != .interrupted {
        throw Failure(error)
      } catch is PortalError {
        throw CancellationError()
      }
    }
    let (datasets, quarantined) = try mirror.inventory()
    return switch listing {
    case .rows(let rows):
      PortalComparison(datasets, quarantined: quarantined, with: rows, source: source)
    case .names(let names):
      PortalComparison(datasets, withNames: names, source: source)
    }
  }

  private enum Listing: Sendable {
    case rows([CensusRow])
    case names(Set<String>)
  }

  private func list(_ portal: Portal) async throws -> Listing {
    var walk = Walk(
      limits: DeletionLimits(
        percent: settings.deletions.limitPercent, count: settings.deletions.limitCount))
    var rows: [CensusRow] = []
    while !walk.isFinished {
      try Task.checkCancellation()
      let query = SearchQuery(
        start: walk.nextStart, rows: Harvest.censusRows, sort: Harvest.pageOrder,
        fields: ["id", "metadata_modified"])
      let page: CountedPage
      do {
        page = try await portal.search(query) { try CountedPage($0) }
      } catch {
        guard error.isRefusal, walk.nextStart == 0 else { throw error }
        return .names(Set(try await portal.packageList()))
      }
      guard walk.nextStart > 0 || page.count == 0 || !page.ids.isEmpty else {
        throw PortalError(
          reason: .shortListing, nature: .notCKAN,
          message: "The portal counts \(page.count) datasets and lists none.")
      }
      let listed = page.records.censusRows
      rows += walk.take(ids: page.ids, count: page.count).compactMap { listed[$0] }
    }
    guard walk.isOrdered else { return .names(Set(try await portal.packageList())) }
    guard walk.isProven else {
      throw Failure(
        .temporary, reason: "unproven_census",
        "The portal's list proves nothing: it counts \(walk.count) and listed \(walk.taken); "
          + "try again.")
    }
    return .rows(rows)
  }
}

extension Failure {
  /// A portal that failed, as the exit code says it.
  /// What an error of the portal means for whoever asked.
  init(_ error: PortalError) {
    let status: ExitStatus =
      switch error.nature {
      case .temporary, .interrupted: .temporary
      case .refused: .refused
      case .notCKAN: .notCKAN
      }
    self.init(status, reason: error.reason.rawValue, error.description)
  }
}
