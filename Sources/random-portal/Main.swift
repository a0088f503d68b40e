import ArgumentParser
import Foundation

/// Plays short random histories of a portal, and holds each against what was promised.
@main
struct Main: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "random-portal",
    abstract: "Harvest a portal that answers each question at random, and look what becomes of it.",
    discussion: """
      Each history is a small catalogue that moves, and some runs against a portal that answers \
      rightly, late, cut, with an error of any status, with another count, in another order, with a \
      page repeated or missing. After each run, and after a last one on a sound portal, the promises \
      are looked at. What breaks one is printed with its seed and all that happened.

      Example:
        random-portal --histories 5000 --jobs 2
        random-portal --seed 1138 --verbose

      Exit codes: 0 nothing was broken, 1 something was, 64 usage.
      """)

  @Option(help: "How many histories.")
  var histories: Int?

  @Option(help: "The seed of the first history; with --seed alone, one is played.")
  var seed: UInt64?

  @Option(help: "Histories at a time.")
  var jobs = 1

  @Option(help: "Stop after so many histories that break a promise.")
  var stopAfter = 10

  @Flag(help: "Print what happened in each history.")
  var verbose = false

  func validate() throws {
    guard histories ?? 1 > 0, jobs > 0, stopAfter > 0 else {
      throw ValidationError("--histories, --jobs and --stop-after are at least 1.")
    }
  }

  func run() async throws {
    let first = seed ?? 1
    let count = histories ?? (seed == nil ? 1000 : 1)
    let start = ContinuousClock.now
    let result = try await play(first..<first + UInt64(count))
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = seconds > 0 ? Int(Double(result.played) / seconds * 60) : 0
    print(
      "\(result.played) histories, \(result.runs) runs, \(result.requests) requests, "
        + "\(result.complete) complete runs; \(result.broken) histories broke a promise "
        + "(\(Int(seconds)) s, \(rate) a minute)")
    guard result.broken == 0 else { throw ExitCode(1) }
  }

  private struct Result {
    var played = 0
    var runs = 0
    var requests = 0
    var complete = 0
    var broken = 0
  }

  private func play(_ seeds: Range<UInt64>) async throws -> Result {
    var result = Result()
    var next = seeds.lowerBound
    let verbose = verbose
    try await withThrowingTaskGroup(of: History.self) { group in
      func begin() {
        guard next < seeds.upperBound, result.broken < stopAfter else { return }
        let seed = next
        next += 1
        group.addTask { try await History.play(seed) }
      }
      for _ in 0..<jobs { begin() }
      while let history = try await group.next() {
        result.played += 1
        result.runs += history.runs
        result.requests += history.requests
        result.complete += history.completeRuns
        result.broken += history.violations.isEmpty ? 0 : 1
        if verbose || !history.violations.isEmpty { print(history.text) }
        begin()
      }
    }
    return result
  }
}
