import Synchronization

/// Feeds the watchdog of the service manager from the work itself: whatever asks the time or waits
/// does something, and a run that hangs asks for neither.
///
/// There is no timer behind it that would go on when the work does not.
public final class Heartbeat: Sendable {
  private let manager: ServiceManager
  private let instant: @Sendable () -> ContinuousClock.Instant
  private let last: Mutex<ContinuousClock.Instant?> = Mutex(nil)

  public init(
    _ manager: ServiceManager,
    instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.manager = manager
    self.instant = instant
  }

  /// Half of what the watchdog allows, as systemd advises; nil when nobody watches.
  public var interval: Duration? { manager.watchdog.map { $0 / 2 } }

  /// The work goes on. Told at most once a second, so that a long request may follow at once.
  public func beat() {
    guard let interval else { return }
    let now = instant()
    let isDue = last.withLock { last in
      if let told = last, told.duration(to: now) < min(.seconds(1), interval / 2) { return false }
      last = now
      return true
    }
    if isDue { manager.tell(.watchdog) }
  }

  /// A clock that beats whenever it is used. A wait is work too: it is cut into pieces.
  public func clock(_ clock: PortalClock = PortalClock()) -> PortalClock {
    PortalClock(
      now: {
        self.beat()
        return clock.now()
      },
      instant: {
        self.beat()
        return clock.instant()
      },
      sleep: { try await self.sleep($0, by: clock) },
      random: clock.random)
  }

  private func sleep(_ duration: Duration, by clock: PortalClock) async throws {
    var left = duration
    repeat {
      beat()
      let piece = min(left, interval ?? left)
      try await clock.sleep(piece)
      left -= piece
    } while left > .zero
    beat()
  }
}
