import Foundation
import Logging

/// What stands around work with a portal, whichever command does it: settings that hold on this machine, a
/// log without secrets, the lock, the database, the way to the portal.
struct Session: Sendable {
  let settings: Settings
  let portal: PortalSettings
  let clock: PortalClock
  let logger: Logger
  let tally = PortalTally()

  /// - Parameter environment: for `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`.
  /// - Throws: `Failure` 78 for settings that cannot be used.
  init(
    _ settings: Settings, environment: [String: String], clock: PortalClock, logger: Logger
  ) throws(Failure) {
    self.settings = settings
    portal = try PortalSettings(settings, environment: environment)
    self.clock = clock
    self.logger = logger.redacted(by: portal.secrets)
  }

  /// With the portal that a database mirrors.
  ///
  /// - Parameters:
  ///   - path: of the database; `source` is its `meta.source`.
  ///   - address: where the portal is; nil asks at `source`.
  ///   - name: what `source` must be; nil takes the portal's address.
  ///   - remedy: what to do where `source` has no address.
  ///   - consequence: what it means that `source` is another portal: the end of a sentence.
  /// - Throws: `Failure` 78 also when `source` has no address, or is another portal.
  init(
    ofMirror path: String, of source: String, at address: String?, named name: String?,
    remedy: String, consequence: String,
    _ settings: Settings, environment: [String: String], clock: PortalClock, logger: Logger
  ) throws(Failure) {
    guard address != nil || source.hasPrefix("http") else {
      throw Failure(
        .configuration, reason: "no_portal",
        "\(path) mirrors \(source.isEmpty ? "nothing yet" : source), which has no address; \(remedy)."
      )
    }
    var settings = settings
    settings.portal.url = address ?? source
    try self.init(settings, environment: environment, clock: clock, logger: logger)
    let wanted = name ?? portal.address.site
    guard wanted == source else {
      throw Failure(
        .configuration, reason: "other_portal",
        "\(path) mirrors \(source), not \(wanted)\(consequence).")
    }
  }

  /// Does the work while no other run can write into the database.
  ///
  /// - Parameter patience: how long to wait for another run to end.
  /// - Throws: `Failure` 75 when one holds the lock for longer.
  func locked<Result>(
    patience: Duration, _ body: () async throws -> Result
  ) async throws -> Result {
    try await HarvestLock.hold(
      beside: settings.database.path, patience: patience, sleep: clock.sleep,
      waiting: { logger.notice("Waiting: \($0).", metadata: ["reason": "locked"]) },
      body: body)
  }

  /// Opens the database for the work, and closes it however that ends.
  func storing<Result>(
    at path: String, closing close: (Store) throws -> Void = { try $0.close() },
    _ body: (Store) async throws -> Result
  ) async throws -> Result {
    let store = try Store(path: path)
    do {
      let result = try await body(store)
      try close(store)
      return result
    } catch {
      try? store.close()
      throw error
    }
  }

  /// Lends out the portal, and the way to it for what is asked elsewhere.
  ///
  /// - Throws: what the work throws; a `Failure` holds no secret.
  func asking<Result: Sendable>(
    _ body: (Portal, Transport) async throws -> Result
  ) async throws -> Result {
    do {
      return try await Transport.using(portal, tally: tally, logger: logger) { transport in
        let questions = Portal(
          settings: portal,
          fetch: { (request) async throws(PortalError) in try await transport.get(request) },
          clock: clock, tally: tally, logger: logger,
          deadline: clock.instant() + settings.portal.runDeadline)
        return try await body(questions, transport)
      }
    } catch let error as InvalidPortalSetting {
      throw Failure(.configuration, reason: "configuration", error.message)
    } catch let failure as Failure {
      throw failure.redacted(by: portal.secrets)
    }
  }
}
