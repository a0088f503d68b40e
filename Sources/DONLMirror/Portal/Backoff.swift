/// How long to wait before a request is tried again: exponential with full jitter, so that many
/// mirrors of one portal do not come back together.
struct Backoff: Sendable {
  var shortest = Duration.seconds(1)
  var longest = Duration.seconds(60)
  /// A longer `Retry-After` ends the run instead: the timer comes back.
  static let patience = Duration.seconds(600)

  /// A random wait up to 1, 2, 4 … 60 seconds.
  ///
  /// - Parameters:
  ///   - attempt: how often the request has been retried already, from 0.
  ///   - random: a number in 0 ..< 1.
  func wait(after attempt: Int, random: Double) -> Duration {
    let ceiling = min(longest, shortest * (1 << min(max(attempt, 0), 16)))
    return ceiling * random
  }
}
