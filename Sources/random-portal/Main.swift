import ArgumentParser
import Foundation
import RandomPortal

/// Harvests a portal that answers at random, and looks whether every promise is kept.
@main
struct Main: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "random-portal",
    abstract: "Harvests a portal that answers at random, and looks whether every promise is kept.",
    discussion: """
      Each history is made of a seed: a catalogue, several runs, and what goes wrong. What must \
      hold after each run is listed in docs/design.md.

      EXAMPLE
        random-portal --histories 1000 --seed 1
        random-portal --seed 4711 --histories 1 --verbose

      EXIT CODES
        0 every promise was kept, 1 one was broken, 64 usage
      """)

  @Option(help: "How many histories to tell.")
  var histories = 1_000

  @Option(help: "The seed of the first; the next one has the next number.")
  var seed: UInt64 = 1

  @Option(help: "Take only every so manieth seed: for processes side by side.")
  var stride: UInt64 = 1

  @Option(help: "Stop after so many broken promises.")
  var stopAfter = 1

  @Option(help: "Begin no history after so many minutes.")
  var minutes: Double?

  @Option(help: "Let only these things happen (labels with commas between them).")
  var only: String?

  @Option(help: "Write the seed that is being told to this file, for the one who finds us dead.")
  var progress: String?

  @Option(help: "Promises that are not looked at, with commas between them.")
  var except: String?

  @Flag(name: .shortAndLong, help: "Tell everything.")
  var verbose = false

  @Flag(inversion: .prefixedNo, help: "Shorten histories that break a promise.")
  var shorten = true

  func run() async throws {
    let folder = Self.scratch.appending(path: "random-portal-\(getpid())")
    let kept: Kept = only.map { .only(Set($0.split(separator: ",").map(String.init))) } ?? .all
    let began = ContinuousClock.now
    let ignored = Set(
      (except ?? "").split(separator: ",").compactMap { Violation.Promise(rawValue: String($0)) })
    var broken: [Violation.Promise: [UInt64]] = [:]
    var (told, runs, requests, costliest) = (0, 0, 0, 0.0)
    try await Teller.using(folder: folder, except: ignored) { teller in
      for step in 0..<UInt64(max(0, histories)) {
        let number = seed &+ step &* stride
        if let progress { try Data("\(number)\n".utf8).write(to: URL(filePath: progress)) }
        if let minutes, ContinuousClock.now - began > .seconds(minutes * 60) { break }
        let tale = await teller.tell(number, kept: kept, isTelling: verbose)
        told += 1
        runs += tale.runs
        requests += tale.requests
        costliest = max(costliest, tale.costliest)
        if verbose { print(tale.log.joined(separator: "\n")) }
        guard let violation = tale.violation else { continue }
        broken[violation.promise, default: []].append(number)
        let isFirst = broken[violation.promise]?.count == 1
        await report(tale, violation, by: teller, atLength: isFirst && !verbose)
        if broken.values.reduce(0, { $0 + $1.count }) >= stopAfter { break }
      }
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let pace = Int(Double(told) / max(seconds, 0.001) * 60)
    print(
      "random-portal: \(told) histories, \(runs) runs, \(requests) requests in \(Int(seconds)) s "
        + "(\(pace) a minute); the costliest run took \(Int(costliest * 100))% of its allowance")
    for (promise, seeds) in broken.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      print("  \(promise.rawValue): \(seeds.count), seeds \(seeds.prefix(12))")
    }
    guard broken.isEmpty else { throw ExitCode(1) }
    print("random-portal: every promise was kept")
  }

  private func report(
    _ tale: Tale, _ violation: Violation, by teller: Teller, atLength: Bool
  ) async {
    print("\nrandom-portal: seed \(tale.seed) breaks a promise: \(violation)")
    guard atLength, shorten else { return }
    let short = await teller.shorten(tale)
    print(short.log.map { "  " + $0 }.joined(separator: "\n"))
    print("  BROKEN PROMISE \(short.violation.map(String.init(describing:)) ?? "not again")")
    print(
      "  again: --seed \(tale.seed) --histories 1 --verbose --only \(short.happened.joined(separator: ","))"
    )
  }

  /// In memory where there is such a place: the databases live for a moment.
  private static var scratch: URL {
    let memory = "/dev/shm"
    return FileManager.default.isWritableFile(atPath: memory)
      ? URL(filePath: memory) : FileManager.default.temporaryDirectory
  }
}
