import Foundation

/// How the mirror is, as monitoring plugins (Nagios, Icinga and their kin) say it.
public struct Health: Sendable, Encodable {
  /// The exit code of a plugin.
  public enum State: Int32, Sendable, Comparable {
    case ok = 0
    case warning, critical, unknown

    public static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }

    var word: String {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }
  }

  public struct Finding: Sendable, Encodable, Equatable {
    public var state: State
    public var message: String

    private enum CodingKeys: CodingKey { case state, message }

    public func encode(to encoder: any Encoder) throws {
      var finding = encoder.container(keyedBy: CodingKeys.self)
      try finding.encode(state.word.lowercased(), forKey: .state)
      try finding.encode(message, forKey: .message)
    }
  }

  /// The worst of the findings.
  public var state: State { findings.map(\.state).max() ?? .ok }
  public internal(set) var findings: [Finding] = []
  /// The file that was judged: the published copy, where one is configured.
  public internal(set) var file: String
  public internal(set) var completeAsOf: String?
  /// Since `completeAsOf`, in seconds.
  public internal(set) var age: Int?
  /// In seconds.
  public internal(set) var maxAge: Int
  public internal(set) var datasets: Int?
  public internal(set) var held: Int?
  public internal(set) var quarantined: Int?
  public internal(set) var walBytes: Int?

  init(file: String, maxAge: Int) {
    self.file = file
    self.maxAge = maxAge
  }

  mutating func find(_ state: State, _ message: String) {
    findings.append(Finding(state: state, message: message))
  }

  /// One line: the state, the findings (the worst first), and after a bar the figures.
  public var line: String {
    let worst = findings.sorted { $0.state > $1.state }.map(\.message)
    let good = "complete as of \(completeAsOf ?? "-"), \(counted(datasets ?? 0, "dataset"))"
    let words = worst.isEmpty ? [good] : worst
    // A bar would begin the figures.
    let text = words.joined(separator: "; ").replacing("|", with: "/").replacing("\n", with: " ")
    let figures = figures
    return "DONL-MIRROR \(state.word) - \(text)" + (figures.isEmpty ? "" : " | \(figures)")
  }

  /// `label=value[unit];warn;critical;min`, as the plugins' guidelines have it.
  private var figures: String {
    let figures = [
      age.map { "age=\($0)s;;\(maxAge);0" },
      datasets.map { "datasets=\($0);;;0" },
      held.map { "held=\($0);0;;0" },
      quarantined.map { "quarantined=\($0);0;;0" },
      walBytes.map { "wal=\($0)B;;;0" },
    ]
    return figures.compactMap(\.self).joined(separator: " ")
  }

  private enum CodingKeys: CodingKey {
    case state, exitCode, message, findings, file, completeAsOf, age, maxAge, datasets, held,
      quarantined
    case walBytes
  }

  public func encode(to encoder: any Encoder) throws {
    var health = encoder.container(keyedBy: CodingKeys.self)
    try health.encode(state.word.lowercased(), forKey: .state)
    try health.encode(state.rawValue, forKey: .exitCode)
    try health.encode(line, forKey: .message)
    try health.encode(findings, forKey: .findings)
    try health.encode(file, forKey: .file)
    try health.encode(completeAsOf, forKey: .completeAsOf)
    try health.encode(age, forKey: .age)
    try health.encode(maxAge, forKey: .maxAge)
    try health.encode(datasets, forKey: .datasets)
    try health.encode(held, forKey: .held)
    try health.encode(quarantined, forKey: .quarantined)
    try health.encode(walBytes, forKey: .walBytes)
  }
}

/// Looks how the mirror is, from the outside: what readers open must open and be fresh.
///
/// It reads what the last run noted, and of the file no more than its head, its schema and a few rows:
/// what it costs does not grow with the catalogue. Whether the rest is whole is for `check`.
///
/// With `publish.path` set that is the published copy. What the copy cannot know, such as how the
/// last run ended, is asked of the live database where this user may read it.
public struct HealthCheck: Sendable {
  let settings: Settings
  public var now: @Sendable () -> Date = { Date() }
  /// Is shown each file that was opened.
  var opened: @Sendable (MirrorReader) -> Void = { _ in }

  /// - Parameter settings: `health.max-age` is the age that is critical.
  public init(_ settings: Settings) { self.settings = settings }

  public func run() -> Health {
    var health = Health(
      file: settings.publish.path ?? settings.database.path,
      maxAge: Int(settings.health.maxAge.components.seconds))
    let live = open(settings.database.path)
    let published = settings.publish.path.map(open)
    defer {
      for case .success(let mirror)? in [live, published] { mirror.close() }
    }
    do throws(Failure) {
      try examine(live: live, published: published, &health)
    } catch {
      // 66 and 77: there is nothing to judge, or not for this user. The rest is trouble.
      let isUnknown = [.noDatabase, .noPermission].contains(error.status)
      health.find(isUnknown ? .unknown : .critical, error.message)
    }
    return health
  }

  private typealias Opened = Result<MirrorReader, Failure>

  private func examine(
    live: Opened, published: Opened?, _ health: inout Health
  ) throws(Failure) {
    if case .failure(let failure) = live, failure.status == .damagedDatabase { throw failure }
    guard let published else {
      let mirror = try live.get()
      return try judge(readers: mirror, live: mirror, &health)
    }
    switch (published, live) {
    case (.success(let copy), .success(let mirror)):
      try judge(readers: copy, live: mirror, &health)
    case (.success(let copy), .failure):
      try judge(readers: copy, live: copy, &health)
    case (.failure(let failure), .success(let mirror)):
      try judge(readers: mirror, live: mirror, &health)
      guard health.completeAsOf != nil else { return }
      health.find(.critical, "readers cannot open the published copy: \(failure.message)")
    case (.failure, .failure(let failure)):
      throw failure
    }
  }

  private func judge(
    readers: MirrorReader, live: MirrorReader, _ health: inout Health
  ) throws(Failure) {
    let (noted, newest, ends) = try Self.failing {
      (try readers.notedFigures(), try live.notedFigures(), try live.lastEnds())
    }
    health.datasets = noted.datasets
    health.held = newest.held
    health.quarantined = newest.quarantined
    health.walBytes = MirrorReader.sizes(of: live.path).wal
    // A copy that holds what the live database holds is as fresh as that.
    let freshest = noted.holdsTheSame(as: newest) ? live : readers
    health.completeAsOf = try Self.failing { try freshest.completeAsOf() }
    judgeAge(&health)
    judge(ends, of: live, &health)
    func tell(_ count: Int, _ one: String, _ many: String) {
      guard count > 0 else { return }
      health.find(.warning, count == 1 ? "1 \(one)" : "\(count) \(many)")
    }
    tell(newest.held, "deletion is held", "deletions are held")
    tell(newest.quarantined, "record is in quarantine", "records are in quarantine")
    tell(
      newest.unserved, "record is counted and not served", "records are counted and not served")
  }

  /// - Parameter ends: of the last two runs, the newest first.
  private func judge(_ ends: [RunEnd], of live: MirrorReader, _ health: inout Health) {
    guard let newest = ends.first else { return }
    guard newest.isRunning else {
      if !newest.isGood {
        health.find(.warning, "run \(newest.id) \(newest.outcome), \(newest.reason)")
      }
      return
    }
    guard HarvestLock.isHeld(beside: live.path) else {
      return health.find(.warning, "run \(newest.id) ended without a word")
    }
    guard let last = ends.dropFirst().first, !last.isGood else { return }
    health.find(.warning, "run \(last.id) \(last.outcome), \(last.reason)")
  }

  private func judgeAge(_ health: inout Health) {
    guard let stamp = health.completeAsOf, let date = Timestamp.date(stamp) else {
      return health.find(.critical, "no run has completed yet")
    }
    let since = now().timeIntervalSince(date)
    let age = max(0, Int(clamping: since))
    health.age = age
    // By such a stamp a mirror that stands still looks fresh until its time has come.
    if since < -Self.clockTolerance {
      health.find(.warning, "complete as of \(stamp), which lies ahead of this machine's clock")
    }
    guard age > health.maxAge else { return }
    health.find(
      .critical,
      "complete as of \(stamp), \(counted(Int(age), "second")) ago; the limit is \(health.maxAge)")
  }

  /// In seconds.
  private static let clockTolerance = 86400.0

  private func open(_ path: String) -> Opened {
    let opened = Result { () throws(Failure) in try Self.failing { try MirrorReader(path: path) } }
    if case .success(let mirror) = opened { self.opened(mirror) }
    return opened
  }

  private static func failing<Value>(_ work: () throws -> Value) throws(Failure) -> Value {
    do {
      return try work()
    } catch {
      throw error as? Failure ?? Failure(.internalError, reason: "health", "\(error)")
    }
  }
}
