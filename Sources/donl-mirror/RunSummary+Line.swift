import DONLMirror
import Logging

extension RunSummary {
  /// `run 42 full complete datasets=17849 created=12 …`
  var line: String {
    let counters = Tally.counters.map { "\($0.name)=\(tally[keyPath: $0.path])" }
    return "run \(id) \(mode.rawValue) \(outcome.rawValue) datasets=\(datasets) "
      + counters.joined(separator: " ") + " pages=\(pages) requests=\(requests) retries=\(retries)"
  }

  /// What an operator may act on, and then one line that sums up, at notice.
  ///
  /// - Parameter withLine: false leaves the line to stdout.
  func tell(_ logger: Logger, withLine: Bool = true) {
    let word = reason ?? outcome.rawValue
    if let message { logger.log(level: level, "\(message)", metadata: ["reason": "\(word)"]) }
    guard withLine else { return }
    logger.notice("\(line)", metadata: ["exit_code": "\(exitStatus.rawValue)"])
  }

  private var level: Logger.Level {
    switch outcome {
    case .failed: .error
    // Somebody asked for it.
    case .interrupted: .notice
    case .complete, .partial, .running: isTrouble ? .error : .warning
    }
  }
}
