import DONLMirror
import Logging
import Synchronization

/// What the loop of the daemon and its signals share.
final class DaemonState: Sendable {
  private struct Values {
    var loaded: LoadedSettings
    var now = "starting"
    var last: String?
    var sleeper: Task<Void, Never>?
  }

  /// Which signal asked us to end, if any has.
  let end = FirstSignal()
  private let every: Duration?
  private let values: Mutex<Values>

  /// - Parameter every: instead of `schedule.every`.
  init(_ loaded: LoadedSettings, every: Duration?) {
    self.every = every
    values = Mutex(Values(loaded: loaded))
  }

  var settings: Settings {
    let settings = values.withLock { $0.loaded.settings }
    guard let every else { return settings }
    var changed = settings
    changed.schedule.every = every
    return changed
  }

  /// The configuration file that was read last, if any.
  var file: String? { values.withLock { $0.loaded.file } }

  /// A new one for each use, because a reload may change its level and form.
  var logger: Logger { ConsoleLog.logger(settings.log) }

  /// What is being done now, and what came of the last run.
  var status: String {
    values.withLock { values in
      values.now + (values.last.map { "; last: \($0)" } ?? "")
    }
  }

  func note(_ now: String) { values.withLock { $0.now = now } }

  func noteEnd(of run: String) { values.withLock { $0.last = run } }

  /// Takes over new settings; whoever waits looks at them at once.
  func take(_ loaded: LoadedSettings) {
    values.withLock { values in
      values.loaded = loaded
      values.sleeper?.cancel()
    }
  }

  /// Waits, until the time is over, new settings come or the task is cancelled.
  func sleep(for duration: Duration) async {
    let sleeper = Task { () -> Void in try? await Task.sleep(for: duration) }
    values.withLock { $0.sleeper = sleeper }
    await withTaskCancellationHandler {
      await sleeper.value
    } onCancel: {
      sleeper.cancel()
    }
  }
}
