import Foundation

/// Looks how the mirror is, from the outside: what readers open must open, be whole and be fresh.
///
/// With `publish.path` set that is the published copy. What the copy cannot know, such as how the
/// last run ended, is asked of the live database where this user may read it.
public struct HealthCheck: Sendable {
  let settings: Settings
  public var now: @Sendable () -> Date = { Date() }

  /// - Parameter settings: `health.max-age` is the age that is critical.
  public init(_ settings: Settings) { self.settings = settings }

  public func run() -> Health {
    var health = Health(
      file: settings.publish.path ?? settings.database.path,
      maxAge: Int(settings.health.maxAge.components.seconds))
    let live = Self.open(settings.database.path)
    let published = settings.publish.path.map(Self.open)
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
      try Self.failing { try mirror.quickCheck() }
      return try judge(readers: mirror, live: mirror, &health)
    }
    switch (published, live) {
    case (.success(let copy), .success(let mirror)):
      try Self.failing { try copy.quickCheck() }
      try judge(readers: copy, live: mirror, &health)
    case (.success(let copy), .failure):
      try Self.failing { try copy.quickCheck() }
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
    let (edition, newest, figures, last) = try Self.failing {
      (try readers.edition(), try live.edition(), try live.figures(), try live.lastEnd())
    }
    health.datasets = try Self.failing { try readers.figures().live }
    health.held = figures.held
    health.quarantined = figures.quarantined
    health.walBytes = MirrorReader.sizes(of: live.path).wal
    // A copy that holds what the live database holds is as fresh as that.
    health.completeAsOf =
      edition.holdsTheSame(as: newest) ? newest.completeAsOf : edition.completeAsOf
    judgeAge(&health)
    if let last, !last.isGood {
      health.find(.warning, "run \(last.id) \(last.outcome), \(last.reason)")
    }
    if figures.held > 0 { health.find(.warning, "\(figures.held) deletions are held") }
    if figures.quarantined > 0 {
      health.find(.warning, "\(figures.quarantined) records are in quarantine")
    }
    if figures.unserved > 0 {
      health.find(.warning, "\(figures.unserved) records are counted and not served")
    }
  }

  private func judgeAge(_ health: inout Health) {
    guard let stamp = health.completeAsOf, let date = Timestamp.date(stamp) else {
      return health.find(.critical, "no run has completed yet")
    }
    let since = now().timeIntervalSince(date)
    let age = max(0, Int(since))
    health.age = age
    // By such a stamp a mirror that stands still looks fresh until its time has come.
    if since < -Self.clockTolerance {
      health.find(.warning, "complete as of \(stamp), which lies ahead of this machine's clock")
    }
    guard age > health.maxAge else { return }
    health.find(
      .critical, "complete as of \(stamp), \(age) seconds ago; \(health.maxAge) are allowed")
  }

  /// In seconds.
  private static let clockTolerance = 86400.0

  private static func open(_ path: String) -> Opened {
    Result { () throws(Failure) in try failing { try MirrorReader(path: path) } }
  }

  private static func failing<Value>(_ work: () throws -> Value) throws(Failure) -> Value {
    do {
      return try work()
    } catch {
      throw error as? Failure ?? Failure(.internalError, reason: "health", "\(error)")
    }
  }
}
