import DONLMirror
import Foundation
import Logging

/// Log lines on stderr: one event a line, control characters escaped.
struct ConsoleLog: LogHandler {
  let format: LogFormat
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  init(_ settings: Settings.Log) {
    logLevel = settings.level
    format = settings.format == .auto ? (Self.isJournal ? .journal : .text) : settings.format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
    Console.standardError.write(line(event.level, "\(event.message)", fields) + "\n")
  }

  private func line(
    _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata
  ) -> String {
    if format == .json { return json(level, message, fields) }
    let pairs = fields.sorted { $0.key < $1.key }.map {
      " \($0.key)=\("\($0.value)".quotedIfNeeded)"
    }
    let text = message.escapedForTerminal + pairs.joined().escapedForTerminal
    return format == .journal
      ? "<\(level.priority)>\(text)" : "\(Self.time()) \(level.rawValue) \(text)"
  }

  private func json(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
    var object = fields.mapValues { "\($0)" }
    object["time"] = Self.time()
    object["level"] = level.rawValue
    object["message"] = message
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(object) else { return message }
    return String(decoding: data, as: UTF8.self)
  }

  private static func time() -> String {
    Date().formatted(.iso8601)
  }

  /// systemd says which file its journal reads (systemd.exec(5), `$JOURNAL_STREAM`).
  private static var isJournal: Bool {
    guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
    var status = stat()
    guard fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }
}

extension Logger.Level {
  /// syslog's priorities (sd-daemon(3)).
  fileprivate var priority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}

extension String {
  fileprivate var quotedIfNeeded: String {
    contains(where: { $0.isWhitespace || $0 == "\"" })
      ? "\"" + replacing("\"", with: "\\\"") + "\"" : self
  }
}
