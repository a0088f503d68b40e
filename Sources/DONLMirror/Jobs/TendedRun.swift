import Foundation
import Logging
import NIOSSL

/// A harvest as an operator runs it, whoever starts it:
///
///     ping start ▸ harvest ▸ publish ▸ metrics ▸ ping success or failure
///
/// The metrics tell of every end, thrown failures and a lock that another run holds included. What
/// goes wrong with metrics and pings is a warning and changes nothing about the run.
public struct TendedRun: Sendable {
  public var job: HarvestJob

  public init(_ job: HarvestJob) { self.job = job }

  /// Runs to the end. A rehearsal writes no metrics and sends no pings.
  ///
  /// - Returns: the summary; its exit status tells of the publication too.
  /// - Throws: what the job throws, after it was told of.
  public func run() async throws -> RunSummary {
    guard !job.isRehearsal else { return try await job.run() }
    let start = job.clock.instant()
    var job = job
    let ping = Ping(job.settings, environment: job.environment)
    // Not before the lock is held: the run that holds it has a watcher of its own.
    job.began = { await send(.start, by: ping) }
    do {
      let summary = try await job.run()
      await tell(summary.exitStatus, since: start, ping)
      return summary
    } catch {
      let failure = error as? Failure
      await tell(
        status(of: error), since: start, failure?.reason == "locked" ? nil : ping, after: failure)
      throw error
    }
  }

  /// Tells of a failure that comes before the first run, and ends the process.
  public func tell(of failure: Failure) async {
    await tell(
      failure.status, since: job.clock.instant(),
      Ping(job.settings, environment: job.environment), after: failure)
  }

  private func status(of error: any Error) -> ExitStatus {
    switch error {
    case let failure as Failure: failure.status
    case is InvalidPortalSetting, is SettingsError: .configuration
    case is CancellationError: job.interruption()
    default: .internalError
    }
  }

  private func tell(
    _ status: ExitStatus, since start: ContinuousClock.Instant, _ ping: Ping?,
    after failure: Failure? = nil
  ) async {
    let path = job.settings.database.path
    let sizes = MirrorReader.sizes(of: path)
    if let textfile = job.settings.metrics.textfile {
      var metrics = Metrics(
        exitStatus: status, endedAt: job.clock.now(), duration: job.clock.instant() - start)
      metrics.sizes = sizes
      metrics.figures = try? figures(of: path)
      metrics.publication = job.settings.publish.path.flatMap { try? Publication(at: $0) }
      do throws(Failure) {
        try job.checkFiles()
        try metrics.write(to: textfile)
      } catch  where error == failure {
        // That is what ended the run, and is told already.
      } catch {
        job.logger.warning(
          "The metrics were not written: \(error)", metadata: ["reason": "metrics"])
      }
    }
    switch status {
    case .done, .heldBack: await send(.success, by: ping)
    // Stopped by a person, or by systemd before a reboot: neither good nor bad.
    case .interrupted, .terminated: break
    default: await send(.failure, by: ping)
    }
  }

  private func figures(of path: String) throws -> MirrorFigures {
    let mirror = try MirrorReader(path: path)
    defer { mirror.close() }
    return try mirror.figures()
  }

  private func send(_ event: Ping.Event, by ping: Ping?) async {
    guard let ping else { return }
    do {
      try await ping.send(event)
    } catch {
      let reason = (error as? PortalError)?.reason.rawValue ?? "ping"
      job.logger.warning(
        "The ping of \(ping.host) (\(event.rawValue)) did not arrive: \(reason).",
        metadata: ["reason": "ping"])
    }
  }
}

/// Tells a watcher outside that a run begins and how it ended, as healthchecks.io and its kin
/// want to hear it: a GET of the address, of `ADDRESS/start`, of `ADDRESS/fail`.
///
/// Whoever knows the address can report in our name, so no error of ours shows more than its host.
struct Ping: Sendable {
  enum Event: String, Sendable {
    case start, success, failure
  }

  /// Nobody waits long for a watcher.
  private static let timeout = Duration.seconds(10)

  let address: URLComponents
  let host: String
  private let settings: PortalSettings

  /// Whatever else is wrong with the settings, the watcher is told: what cannot be used for the way
  /// there is left out.
  ///
  /// - Returns: nil when `ping.url` is not set or is no web address.
  init?(_ settings: Settings, environment: [String: String]) {
    guard let text = settings.ping.url, let address = URLComponents(string: text),
      let target = Target(address), let site = try? PortalAddress(target.origin)
    else { return nil }
    self.address = address
    host = target.host
    var portal = PortalSettings(address: site)
    portal.proxy = (try? ProxyRules(settings.portal, environment: environment)) ?? ProxyRules()
    portal.certificateFile = PortalSettings.certificateFile(in: environment)
    if (try? TLSConfiguration.verifying(trusting: portal.certificateFile)) == nil {
      portal.certificateFile = nil
    }
    portal.contact = settings.portal.contact
    if (try? portal.checkHeaders()) == nil { portal.contact = nil }
    portal.connectTimeout = Self.timeout
    portal.idleTimeout = Self.timeout
    portal.maxPageBytes = 1 << 20
    self.settings = portal
  }

  /// - Throws: `PortalError` whose reason says enough; its message may hold the address, and is
  ///   for nobody's eyes.
  func send(_ event: Event) async throws {
    let request = PortalRequest(url: url(of: event), timeout: Self.timeout)
    // A redirect would be logged with the address.
    let silence = Logger(label: "ping") { _ in SwiftLogNoOpLogHandler() }
    let response = try await Transport.using(settings, logger: silence) { transport in
      try await transport.get(request)
    }
    guard (200..<300).contains(response.status) else {
      throw PortalError(
        reason: .http(response.status), nature: .refused, message: "The ping was not taken.")
    }
  }

  func url(of event: Event) -> String {
    var url = address
    let ending =
      switch event {
      case .start: "start"
      case .success: ""
      case .failure: "fail"
      }
    if !ending.isEmpty {
      let path = url.percentEncodedPath
      url.percentEncodedPath = path + (path.hasSuffix("/") ? "" : "/") + ending
    }
    return url.string ?? ""
  }
}
