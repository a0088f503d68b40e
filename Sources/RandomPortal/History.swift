/// One history, made of a seed: a catalogue, the runs against it, and what happens between them.
/// What happens within a run is thrown when it is asked for.
struct History: Sendable {
  struct Round: Sendable {
    /// How long after the round before.
    var pause: Duration
    var moves: [Move]
    /// How likely an answer goes wrong.
    var faultRate: Double
    /// How likely the catalogue moves before an answer.
    var moveRate: Double
    var isFull = false
    var accepts = false
  }

  /// The settings of a run.
  struct Options: Sendable {
    var rows: Int
    var requestsInFlight: Int
    var retries: Int
    var skipLimit: Int
    var limitPercent: Double
    var limitCount: Int
    var overlap: Duration
    var censusEvery: Duration
    var fullEvery: Duration
    var hasToken: Bool
  }

  let seed: UInt64
  var datasets: Int
  var options: Options
  var quirk: Quirk?
  /// The quirk is there from this round on.
  var quirkFrom: Int
  var rounds: [Round]
  /// Before the whole is read at the end, an ordinary run must be enough.
  var endsWithOrdinaryRun: Bool

  init(seed: UInt64) {
    self.seed = seed
    var chance = Chance(seed)
    let isCalm = chance.happens(0.15)
    datasets = chance.one(of: [0, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60], else: 12)
    options = Options(
      rows: chance.one(of: [2, 3, 5, 7, 12], else: 5),
      requestsInFlight: chance.happens(0.1) ? chance.within(2...3) : 1,
      retries: chance.within(0...2), skipLimit: chance.one(of: [1, 3, 10], else: 10),
      limitPercent: chance.one(of: [0, 5, 20, 50, 100], else: 5),
      limitCount: chance.one(of: [0, 1, 3, 50], else: 50),
      overlap: .seconds(chance.one(of: [0, 60, 3_600], else: 3_600)),
      censusEvery: .seconds(chance.one(of: [3_600, 86_400], else: 86_400)),
      fullEvery: .seconds(chance.one(of: [86_400, 604_800], else: 604_800)),
      hasToken: chance.happens(0.2))
    quirk = chance.happens(0.3) ? .random(&chance) : nil
    quirkFrom = chance.happens(0.5) ? 0 : 1
    let faultRates = quirk == nil ? [0, 0.02, 0.1, 0.3] : [0, 0, 0.02, 0.1]
    let count = chance.within(1...6)
    var rounds: [Round] = []
    for number in 0...count {
      rounds.append(
        Round(
          pause: .seconds(chance.one(of: [600, 3_600, 14_400, 86_400, 172_800], else: 3_600)),
          moves: number == 0 ? [] : (0..<chance.below(5)).map { _ in .random(&chance) },
          faultRate: isCalm ? 0 : chance.one(of: faultRates, else: 0),
          moveRate: chance.one(of: [0, 0, 0.05, 0.2], else: 0),
          isFull: chance.happens(0.2), accepts: chance.happens(0.1)))
    }
    self.rounds = rounds
    endsWithOrdinaryRun = chance.happens(0.5)
  }
}

/// Which of the things that chance does are let happen: all, or some by their labels.
public enum Kept: Sendable, Equatable {
  case all
  case only(Set<String>)

  func keeps(_ label: String) -> Bool {
    switch self {
    case .all: true
    case .only(let labels): labels.contains(label)
    }
  }
}
