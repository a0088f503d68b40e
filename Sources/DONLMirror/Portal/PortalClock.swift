import Foundation

/// Time, waiting and chance, given once at the top; a test gives others.
public struct PortalClock: Sendable {
  /// The time of day: for what the portal says in dates.
  public var now: @Sendable () -> Date
  /// A time that no one sets: for deadlines.
  public var instant: @Sendable () -> ContinuousClock.Instant
  /// Throws `CancellationError` when the task is cancelled.
  public var sleep: @Sendable (Duration) async throws -> Void
  /// A number in 0 ..< 1.
  public var random: @Sendable () -> Double

  public init(
    now: @escaping @Sendable () -> Date = { Date() },
    instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.now = now
    self.instant = instant
    self.sleep = sleep
    self.random = random
  }
}
