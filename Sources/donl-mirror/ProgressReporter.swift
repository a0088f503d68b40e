import DONLMirror
import Logging
import Synchronization

/// A bar with rate and remaining time on a terminal; elsewhere a log line now and then.
final class ProgressReporter: Sendable {
  private struct State {
    var lastLine: ContinuousClock.Instant
    var firstDone: Int?
  }

  private static let linesEvery = Duration.seconds(30)
  private let console: Console
  private let logger: Logger
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  init(console: Console = .standardError, logger: Logger) {
    self.console = console
    self.logger = logger
    state = Mutex(State(lastLine: start))
  }

  func show(_ progress: Harvest.Progress) {
    let now = ContinuousClock.now
    let (isDue, first) = state.withLock { state in
      // A resumed walk did not read what an earlier run had read.
      let first = state.firstDone ?? max(0, progress.done - progress.tally.received)
      state.firstDone = first
      let isDue = now - state.lastLine >= Self.linesEvery
      if isDue { state.lastLine = now }
      return (isDue, first)
    }
    let seconds = (now - start) / .seconds(1)
    let rate = seconds > 0 ? Double(progress.done - first) / seconds : 0
    if console.isTerminal {
      console.draw(Self.bar(progress, rate: rate))
    } else if isDue {
      logger.info(
        "\(progress.done) of \(progress.total) datasets",
        metadata: ["pages": "\(progress.pages)", "per_second": "\(Int(rate))"])
    }
  }

  func finish() { console.draw("") }

  private static func bar(_ progress: Harvest.Progress, rate: Double) -> String {
    let total = max(progress.total, progress.done, 1)
    let width = 24
    let filled = progress.done * width / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let left = rate > 0 ? Int(Double(total - progress.done) / rate) : 0
    let clock = "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
    return "\(progress.mode.rawValue) [\(bar)] \(progress.done) of \(total), "
      + "\(Int(rate)) a second, \(clock) left"
  }
}
