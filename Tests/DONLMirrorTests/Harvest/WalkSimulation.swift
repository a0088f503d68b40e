@testable import DONLMirror

/// Xorshift64*: the same catalogues every time.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

/// A portal in memory, and a walk through it while it moves.
struct WalkSimulation {
  /// In the order in which the portal serves them.
  var ids: [String]
  /// Counted and not served.
  var unserved: Set<String> = []
  /// Served without saying their id.
  var nameless: Set<String> = []
  var rows: Int
  /// How many records each answer holds at most, whatever was asked.
  var cap = Int.max
  var walk = Walk(limits: DeletionLimits(percent: 100, count: .max))
  private(set) var taken: [String] = []
  private(set) var pages = 0

  init(ids: [String], rows: Int) {
    self.ids = ids
    self.rows = rows
  }

  /// Reads to the end, or to `pagesMax`; `move` changes the catalogue between any two requests.
  mutating func run(pagesMax: Int = 2000, between move: (inout [String]) -> Void = { _ in }) {
    while !walk.isFinished, pages < pagesMax {
      let page = ids.dropFirst(walk.nextStart).prefix(min(rows, cap))
        .filter { !unserved.contains($0) }
      let shown = page.map { nameless.contains($0) ? nil : $0 }
      let fresh = walk.take(ids: shown, count: ids.count)
      taken += fresh.map { page[$0] }
      pages += 1
      move(&ids)
    }
  }
}
