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
    let secrets = portalSettings.secrets
    let logger = logger.redacted(by: secrets)
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
        throw Failure(error).redacted(by: secrets)
      } catch is PortalError {
        throw CancellationError()
      }
    }
    let (datasets, missing) = try mirror.inventory()
    return switch listing {
    case .rows(let rows):
      PortalComparison(datasets, missing: missing, with: rows, source: source)
    case .names(let names):
      PortalComparison(datasets, missing: missing, withNames: names, source: source)
    }
  }

  private enum Listing: Sendable {
    case rows([CensusRow])
    case names(Set<String>)
  }

  private func list(_ portal: Portal) async throws -> Listing {
    let listing = IDListing(
      portal: portal,
      limits: DeletionLimits(
        percent: settings.deletions.limitPercent, count: settings.deletions.limitCount),
      skipLimit: settings.portal.skipLimit, logger: logger)
    guard var (walk, rows) = try await list(listing, expecting: 0) else {
      return .names(try await names(listing))
    }
    // As in a census: what is not exact is listed again, and believed when it is whole.
    if !walk.isExact {
      guard let again = try await list(listing, expecting: walk.count) else {
        return .names(try await names(listing))
      }
      (walk, rows) = again
    }
    guard walk.count == 0 || walk.taken > 0 else {
      throw PortalError(
        reason: .shortListing, nature: .notCKAN,
        message: "The portal counts \(counted(walk.count, "dataset")) and lists none.")
    }
    guard walk.isWhole else {
      throw unproven("it counts \(walk.count) and listed \(walk.taken)")
    }
    return .rows(rows)
  }

  /// - Returns: nil when the portal does not list its ids in order.
  private func list(
    _ listing: IDListing, expecting count: Int
  ) async throws -> (walk: Walk, rows: [CensusRow])? {
    var rows: [CensusRow] = []
    var lesson: PageSize.Lesson?
    let walk = try await listing.read(
      expecting: count, lesson: &lesson, at: Timestamp.text(clock.now())
    ) { rows += $0 }
    guard let walk, walk.isOrdered else { return nil }
    return (walk, rows)
  }

  private func names(_ listing: IDListing) async throws -> Set<String> {
    guard let names = try await listing.names() else {
      throw unproven("it names fewer datasets than it counts")
    }
    return names.names
  }

  private func unproven(_ why: String) -> Failure {
    Failure(
      .temporary, reason: "unproven_census",
      "The portal's list proves nothing: \(why); try again.")
  }
}

extension Failure {
  /// A portal that failed, as the exit code says it.
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
