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
