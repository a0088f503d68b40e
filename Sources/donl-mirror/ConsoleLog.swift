import DONLMirror
import Foundation
import Logging
import Synchronization

/// Log lines on stderr: one event a line, control characters escaped.
struct ConsoleLog: LogHandler {
  /// How the log is kept, once a command has begun one.
  private static let begun = Mutex<Settings.Log?>(nil)

  /// Begins the log, or goes on with it in another way.
  static func logger(_ settings: Settings.Log) -> Logger {
    begun.withLock { $0 = settings }
    return Logger(label: "donl-mirror") { _ in ConsoleLog(settings) }
  }

  /// Whether the log that was begun is the journal or JSON.
  static var isForMachines: Bool {
    begun.withLock(\.self).map { ConsoleLog($0).format != .text } ?? false
  }

  /// The last words of a process: in its log, when it keeps one or must, else as a sentence.
  static func tellEnd(_ failure: Failure) {
    var settings = begun.withLock(\.self)
    if settings == nil {
      var first = Settings().log
      // The configuration may be what is wrong, so its wish for JSON counts only where it is safe.
      let wish = ProcessInfo.processInfo.environment["DONL_MIRROR_LOG_FORMAT"]
      first.format = wish.flatMap(LogFormat.init) ?? .auto
      if ConsoleLog(first).format != .text { settings = first }
    }
    guard var settings else {
      return Console.standardError.write("donl-mirror: \(failure.message.escapedForTerminal)\n")
    }
    // Whatever the level, a process that fails says why.
    settings.level = min(settings.level, .error)
    Logger(label: "donl-mirror") { _ in ConsoleLog(settings) }
      .error(
        "\(failure.message)",
        metadata: ["reason": "\(failure.reason)", "exit_code": "\(failure.status.rawValue)"])
  }

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
    var fields = metadata.merging(event.metadata ?? [:]) { $1 }
    // Our own lines bring theirs; those of a library are known by where they come from.
    if event.level >= .warning, fields["reason"] == nil { fields["reason"] = "\(event.source)" }
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
    return (try? JSONOutput.text(of: object, pretty: false)) ?? message.escapedForTerminal
  }

  private static func time() -> String {
    Date().formatted(.iso8601)
  }

  /// systemd says which file its journal reads (systemd.exec(5), `$JOURNAL_STREAM`).
  static var isJournal: Bool {
    guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
    return stream == Console.standardError.file
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
