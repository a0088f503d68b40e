/// Gives up a body that trickles. A server that sends a byte now and then is never idle and could
/// hold a run for days.
struct SpeedWatch {
  private let bytesPerSecond: Int
  private let window: Duration
  private var began: ContinuousClock.Instant
  private var bytes = 0

  init(_ settings: PortalSettings, now: ContinuousClock.Instant = .now) {
    bytesPerSecond = settings.lowSpeed.bytesPerSecond
    window = settings.lowSpeed.window
    began = now
  }

  /// Notes a part. The end of a window is looked at when the next part comes; where none comes, the
  /// idle timeout ends the wait.
  mutating func received(
    _ count: Int, at now: ContinuousClock.Instant = .now
  ) throws(PortalError) {
    bytes += count
    let elapsed = began.duration(to: now)
    guard elapsed >= window else { return }
    guard Double(bytes) >= elapsed / .seconds(1) * Double(bytesPerSecond) else {
      throw PortalError(
        reason: .lowSpeed, nature: .temporary,
        message: "The portal sent less than \(bytesPerSecond) bytes a second for \(elapsed); "
          + "try again later.")
    }
    began = now
    bytes = 0
  }
}
