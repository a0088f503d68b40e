import Logging
import Synchronization
import Testing

/// Keeps what is logged, and wants a reason of whatever somebody may have to act on.
final class LogRecorder: Sendable {
  struct Line: Sendable, Equatable {
    var level: Logger.Level
    var message: String
    var metadata: [String: String]

    var reason: String? { metadata["reason"] }
  }

  private let state = Mutex<[Line]>([])

  var lines: [Line] { state.withLock { $0 } }
  var reasons: [String] { lines.compactMap(\.reason) }
  var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

  private struct Handler: LogHandler {
    let recorder: LogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let metadata = (event.metadata ?? [:]).mapValues { "\($0)" }
      let line = Line(level: event.level, message: "\(event.message)", metadata: metadata)
      recorder.state.withLock { $0.append(line) }
      if event.level >= .warning, line.reason?.wholeMatch(of: /[a-z0-9_]+/) == nil {
        Issue.record("\(event.level) without a reason: \(event.message)")
      }
    }
  }
}
