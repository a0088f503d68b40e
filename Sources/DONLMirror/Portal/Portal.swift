import Foundation
import Logging

/// A CKAN portal that is asked politely: one call here is one answer there, however many requests
/// it takes.
///
///     call ▸ pause ▸ fetch ▸ check the envelope ▸ read
///              ▲                                   │ transient
///              └──────── wait, at most `retries` ──┘
struct Portal: Sendable {
  let settings: PortalSettings
  let tally: PortalTally
  let logger: Logger
  private let fetch: Fetch
  let clock: PortalClock
  private let deadline: ContinuousClock.Instant?
  private let backoff = Backoff()
  let secrets: Secrets

  /// - Parameters:
  ///   - fetch: the way to the portal, usually `Transport.get`.
  ///   - deadline: of the whole run: no request begins and no wait ends after it.
  init(
    settings: PortalSettings,
    fetch: @escaping Fetch,
    clock: PortalClock = PortalClock(),
    tally: PortalTally = PortalTally(),
    logger: Logger,
    deadline: ContinuousClock.Instant? = nil
  ) {
    self.settings = settings
    self.fetch = fetch
    self.clock = clock
    self.tally = tally
    secrets = settings.secrets
    self.logger = logger.redacted(by: secrets)
    self.deadline = deadline
  }

  /// Asks an action until `reading` has made something of the answer.
  ///
  /// - Parameters:
  ///   - retries: instead of the settings', where the caller asks the same in smaller pieces.
  ///   - reading: gets answers in CKAN's envelope with `success: true` only. What it throws means
  ///     that the answer is not good, and is retried; a `PortalError` is taken as it is.
  /// - Throws: the last error, when retries, patience or the deadline are used up.
  func call<Answer>(
    _ action: String,
    _ query: [(name: String, value: String)] = [],
    retries: Int? = nil,
    reading: (PortalResponse) throws -> Answer
  ) async throws(PortalError) -> Answer {
    let url = settings.address.url(of: action, query: query)
    return try await get(url, called: action, retries: retries ?? settings.retries) { response in
      try PortalAnswer.check(response, now: clock.now())
      return try reading(response)
    }
  }

  /// Asks an address until `reading` has made something of the answer, whatever its status.
  ///
  /// - Parameter name: what the log calls it.
  func get<Answer>(
    _ url: String, headers: [String: String] = [:], called name: String,
    retries: Int, reading: (PortalResponse) throws -> Answer
  ) async throws(PortalError) -> Answer {
    var retry = 0
    while true {
      var failure: PortalError
      do {
        return try await ask(url, headers, isFirst: retry == 0, reading)
      } catch {
        failure = error.redacted(by: secrets)
      }
      failure.attempts = retry + 1
      guard failure.isTransient, retry < retries else { throw failure }
      try await wait(for: failure, retry: retry, name)
      retry += 1
    }
  }

  private func ask<Answer>(
    _ url: String, _ headers: [String: String], isFirst: Bool,
    _ reading: (PortalResponse) throws -> Answer
  ) async throws(PortalError) -> Answer {
    if isFirst, settings.pause > .zero, tally.counts.requests > 0 {
      try await sleep(settings.pause)
    }
    guard !Task.isCancelled else { throw .cancelled }
    let response = try await fetch(
      PortalRequest(url: url, timeout: try timeout(), headers: headers))
    do {
      return try reading(response)
    } catch let error as PortalError {
      throw error
    } catch {
      throw PortalAnswer.unreadable(response, error)
    }
  }

  /// What one request may take: never more than is left of the run.
  private func timeout() throws(PortalError) -> Duration {
    guard let deadline else { return settings.requestTimeout }
    let left = clock.instant().duration(to: deadline)
    guard left > .zero else {
      throw PortalError(
        reason: .deadline, nature: .temporary,
        message: "The run has reached its deadline (portal.run-deadline); the next one goes on.")
    }
    return min(left, settings.requestTimeout)
  }

  /// Waits before the next attempt, or throws `failure` where waiting is of no use.
  private func wait(
    for failure: PortalError, retry: Int, _ action: String
  ) async throws(PortalError) {
    let asked = failure.retryAfter ?? .zero
    guard asked <= Backoff.patience else {
      var failure = failure
      failure.message =
        "The portal asks to come back in \(counted(Int(asked.components.seconds), "second")), "
        + "which is more than \(Backoff.patience.components.seconds); try again later."
      throw failure
    }
    // A wait of zero is no wait that the portal asked for.
    let own = backoff.wait(after: retry, random: clock.random())
    let wait = max(asked > .zero ? asked : own, settings.pause)
    if let deadline, clock.instant() + wait >= deadline {
      var failure = failure
      failure.message += " The run's deadline leaves no time for another attempt."
      throw failure
    }
    tally.add(to: \.retries)
    logger.log(
      level: failure.reason == .throttled ? .notice : .warning,
      "\(failure.message) Trying again.",
      metadata: [
        "reason": "\(failure.reason)", "action": "\(action)", "retry": "\(retry + 1)",
        "wait": "\(Self.seconds(wait))s",
      ])
    try await sleep(wait)
  }

  private func sleep(_ duration: Duration) async throws(PortalError) {
    do { try await clock.sleep(duration) } catch { throw .cancelled }
  }

  /// Seconds with one decimal, for the log.
  private static func seconds(_ duration: Duration) -> Double {
    (duration / .seconds(1) * 10).rounded() / 10
  }
}

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
