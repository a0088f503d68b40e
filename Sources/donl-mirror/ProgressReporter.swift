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
    let rate = seconds > 0 ? (Double(progress.done) - Double(first)) / seconds : 0
    if console.isTerminal {
      console.draw(progress.bar(rate: rate))
    } else if isDue {
      logger.info(
        "\(progress.done) of \(counted(progress.total, "dataset"))",
        metadata: ["pages": "\(progress.pages)", "per_second": "\(Int(clamping: rate))"])
    }
  }

  func finish() { console.draw("") }
}
