import DONLMirror
import Foundation
import Logging
import SamplePortal
import ServiceLifecycle

/// One run after the other, each when it is due.
struct HarvestService: Service {
  let state: DaemonState
  let manager: ServiceManager
  let heartbeat: Heartbeat
  /// When that is what we harvest.
  let sample: SamplePortal?
  /// When the last run began, by the database.
  var lastRun: Date?

  /// A mistake of these kinds is still there in an hour. Before the first run has begun well, it
  /// ends the daemon; after that, whatever it is, it was not there from the start.
  static let hopeless: Set<ExitStatus> = [
    .usage, .damagedDatabase, .noPermission, .configuration,
  ]

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await harvestForever() }
  }

  private func harvestForever() async throws {
    var last = lastRun
    var isFirst = true
    while true {
      await wait(after: last)
      guard !Task.isCancelled else { return }
      last = Date()
      do {
        try await harvest()
        isFirst = false
      } catch let failure as Failure {
        guard !(isFirst && Self.hopeless.contains(failure.status)) else { throw failure }
        state.noteEnd(of: "failed, \(failure.reason)")
        state.logger.error("\(failure.message)", metadata: ["reason": "\(failure.reason)"])
      } catch {
        guard !Task.isCancelled else { return }
        state.noteEnd(of: "failed, internal")
        state.logger.error("internal error: \(error)", metadata: ["reason": "internal"])
      }
    }
  }

  /// Until `schedule.every` after the last run; the clock on the wall decides, whatever it did
  /// meanwhile, and so do settings that come while we wait.
  private func wait(after last: Date?) async {
    var told: Date?
    while !Task.isCancelled, let last {
      heartbeat.beat()
      let now = Date()
      let due = last.addingTimeInterval(state.settings.schedule.every / .seconds(1))
      // A last run in the future says only that a clock was wrong.
      guard due > now, last <= now else { return }
      if due != told {
        told = due
        tell("waiting; next run at \(due.formatted(.iso8601))")
        state.logger.info("next run at \(due.formatted(.iso8601))")
      }
      let left = Duration.seconds(due.timeIntervalSince(now))
      await state.sleep(for: min(left, heartbeat.interval ?? left, Self.nap))
    }
  }

  /// A clock that is set while we sleep is noticed after this long.
  private static let nap = Duration.seconds(60)

  private func harvest() async throws {
    let summary = try await TendedRun(job()).run()
    state.noteEnd(of: "run \(summary.id) \(summary.mode.rawValue) \(summary.outcome.rawValue)")
    summary.tell(state.logger)
  }

  private func job() -> HarvestJob {
    var job = HarvestJob(settings: state.settings, logger: state.logger)
    job.configuration = state.file
    job.environment = ProcessInfo.processInfo.environment
    job.sample(at: sample)
    // A run by hand is no reason to skip one.
    job.patience = job.settings.schedule.every
    job.clock = heartbeat.clock()
    job.interruption = { state.end.status }
    tell("opening \(sample == nil ? job.settings.portal.url : "the sample portal")")
    job.report = { tell($0.status) }
    return job
  }

  private func tell(_ status: String) {
    state.note(status)
    manager.tell(.status(state.status))
  }
}

extension HarvestJob {
  /// Harvests a sample portal: it needs no network, and so no proxy either.
  ///
  /// - Parameter portal: nil changes nothing.
  mutating func sample(at portal: SamplePortal?) {
    guard let portal else { return }
    settings.portal.url = portal.url
    settings.lists.url = portal.listsURL
    settings.portal.proxy = nil
    source = "sample"
    environment = [:]
  }
}
