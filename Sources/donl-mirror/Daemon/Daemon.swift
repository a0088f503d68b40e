import ArgumentParser
import DONLMirror
import Foundation
import Logging
import SamplePortal
import ServiceLifecycle
import UnixSignals

/// The process around the harvests: starts, listens to signals, ends.
struct Daemon {
  let state: DaemonState
  /// Reads the configuration again.
  let load: @Sendable () throws -> LoadedSettings
  /// When that is what we harvest.
  var sample: SamplePortal?

  private let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)

  init(
    state: DaemonState, load: @escaping @Sendable () throws -> LoadedSettings,
    sample: SamplePortal? = nil
  ) {
    self.state = state
    self.load = load
    self.sample = sample
  }

  /// A stop is promised within ten seconds. What still runs then is cut off; like a crash, that
  /// loses a page at most.
  private static let stopsWithin = Duration.seconds(9)

  /// - Throws: how the process answers: 130 or 143 after a signal, or a `Failure` that the start
  ///   met and that no waiting heals.
  func run() async throws {
    // Caught before we say that we are ready.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1)
    let service = HarvestService(
      state: state, manager: manager, heartbeat: Heartbeat(manager), sample: sample,
      lastRun: try await preflight())
    let group = ServiceGroup(services: [service], logger: state.logger)
    manager.tell(.ready, .status(state.status))
    state.logger.notice(
      "daemon started", metadata: ["version": "\(toolVersion)", "pid": "\(getpid())"])
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask { await listen(to: signals, stopping: group) }
      // The listener goes on until the service has ended: a second signal must be heard.
      try await tasks.next()
      tasks.cancelAll()
    }
    guard state.end.hasCome else { return }
    state.logger.notice("daemon stopped")
    throw ExitCode(state.end.status.rawValue)
  }

  private func preflight() async throws -> Date? {
    var job = HarvestJob(settings: state.settings, logger: state.logger)
    job.configuration = state.file
    job.environment = ProcessInfo.processInfo.environment
    job.sample(at: sample)
    do {
      return try job.preflight()
    } catch let failure as Failure {
      guard !HarvestService.hopeless.contains(failure.status) else {
        await TendedRun(job).tell(of: failure)
        throw failure
      }
      // A disk that is not mounted yet, for one: the run will say it, and the next may succeed.
      return nil
    }
  }

  private func listen(to signals: UnixSignalsSequence, stopping group: ServiceGroup) async {
    await withTaskGroup(of: Void.self) { tasks in
      for await signal in signals {
        switch signal {
        case .sighup: reload()
        case .sigusr1: state.logger.notice("status: \(state.status)")
        default:
          guard state.end.note(signal) else { _exit(state.end.status.rawValue) }
          manager.tell(
            .stopping, .status("stopping"), .extendTimeout(Self.stopsWithin + .seconds(3)))
          state.logger.notice("stopping", metadata: ["signal": "\(signal)"])
          await group.triggerGracefulShutdown()
          tasks.addTask { await cutOff() }
        }
      }
      tasks.cancelAll()
    }
  }

  private func cutOff() async {
    guard (try? await Task.sleep(for: Self.stopsWithin)) != nil else { return }
    state.logger.warning(
      "The run does not stop; it is cut off, and the next one goes on.",
      metadata: ["reason": "slow_stop"])
    _exit(state.end.status.rawValue)
  }

  /// A run that is under way keeps the settings it began with.
  private func reload() {
    manager.tell(.reloading)
    do {
      let loaded = try load()
      let environment = ProcessInfo.processInfo.environment
      try loaded.settings.check(environment: environment)
      try loaded.settings.checkFiles(environment: environment, configuration: loaded.file)
      state.take(loaded)
      state.logger.notice(
        "configuration read again; it holds from the next run",
        metadata: ["file": "\(loaded.file ?? "-")"])
    } catch {
      state.logger.error(
        "The configuration is as before: \(error)", metadata: ["reason": "configuration"])
    }
    manager.tell(.ready, .status(state.status))
  }
}
