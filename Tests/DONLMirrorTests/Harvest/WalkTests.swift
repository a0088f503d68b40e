import Foundation
import Testing

@testable import DONLMirror

@Suite("A walk")
struct WalkTests {
  private static func numbered(_ range: Range<Int>) -> [String] { range.map(Entry.id) }

  @Test("misses nothing that lives throughout it, in thousands of moving catalogues")
  func movingCatalogues() {
    var random = SeededGenerator(seed: 2)
    var mended = 0
    for round in 0..<4000 {
      let size = Int.random(in: 0...60, using: &random)
      let numbers = (0..<1000).shuffled(using: &random).prefix(size).sorted()
      var simulation = WalkSimulation(
        ids: numbers.map(Entry.id), rows: Int.random(in: 2...12, using: &random))
      if Bool.random(using: &random) { simulation.cap = Int.random(in: 2...12, using: &random) }

      var throughout = Set(simulation.ids)
      var movesLeft = Int.random(in: 0...40, using: &random)
      simulation.run { ids in
        for _ in 0..<Int.random(in: 0...3, using: &random) where movesLeft > 0 {
          movesLeft -= 1
          if Bool.random(using: &random), let gone = ids.indices.randomElement(using: &random) {
            throughout.remove(ids.remove(at: gone))
          } else {
            ids = Set(ids).union([Entry.id(Int.random(in: 0..<1000, using: &random))]).sorted()
          }
        }
      }

      let taken = simulation.taken
      let missed = throughout.subtracting(taken)
      #expect(missed.isEmpty, "round \(round) missed \(missed.sorted())")
      #expect(zip(taken, taken.dropFirst()).allSatisfy { $0 < $1 }, "round \(round) out of order")
      #expect(simulation.walk.isProven, "round \(round)")
      #expect(simulation.walk.unserved == 0, "round \(round)")
      #expect(simulation.pages <= 200, "round \(round) took \(simulation.pages) pages")
      mended += simulation.walk.brokenSeams
    }
    #expect(mended > 1000, "the simulation must break seams to prove anything")
  }

  @Test("reads a catalogue at rest in as many pages as it takes, and no more")
  func atRest() {
    var simulation = WalkSimulation(ids: Self.numbered(0..<50), rows: 10)
    simulation.run()

    #expect(simulation.taken == Self.numbered(0..<50))
    #expect(simulation.pages == 6)
    #expect(simulation.walk.unserved == 0)
  }

  @Test("goes on after a short page: only the count tells where the end is")
  func silentCap() {
    var simulation = WalkSimulation(ids: Self.numbered(0..<50), rows: 1000)
    simulation.cap = 7
    simulation.run()

    #expect(simulation.taken == Self.numbered(0..<50))
    #expect(simulation.walk.largestPage == 7)
    #expect(simulation.walk.isProven)
  }

  @Test("takes everything from a portal that serves one record a page, and proves nothing by it")
  func pagesOfOne() {
    var simulation = WalkSimulation(ids: Self.numbered(0..<9), rows: 10)
    simulation.cap = 1
    simulation.run()

    #expect(simulation.taken == Self.numbered(0..<9))
    #expect(!simulation.walk.isProven)
  }

  @Test("of one record is proven by it")
  func oneRecord() {
    var simulation = WalkSimulation(ids: ["a"], rows: 10)
    simulation.run()

    #expect(simulation.taken == ["a"])
    #expect(simulation.walk.isProven)
  }

  @Test("ends at once when there is nothing")
  func emptyCatalogue() {
    var simulation = WalkSimulation(ids: [], rows: 10)
    simulation.run()

    #expect(simulation.pages == 1)
    #expect(simulation.walk.isProven)
  }

  @Test(
    "crosses what is counted and not served, and says so",
    arguments: [0..<1, 0..<4, 0..<25, 10..<11, 10..<14, 8..<33, 46..<50, 25..<50, 0..<50])
  func gap(_ missing: Range<Int>) {
    var simulation = WalkSimulation(ids: Self.numbered(0..<50), rows: 5)
    simulation.unserved = Set(Self.numbered(missing))
    simulation.run()

    #expect(simulation.taken == Self.numbered(0..<50).filter { !simulation.unserved.contains($0) })
    #expect(simulation.walk.unserved == missing.count)
    #expect(simulation.walk.taken < simulation.walk.count)
    #expect(simulation.pages <= 60)
  }

  @Test("notes the offsets of a gap that is longer than a page")
  func offsetsOfGap() {
    var simulation = WalkSimulation(ids: Self.numbered(0..<50), rows: 5)
    simulation.unserved = Set(Self.numbered(12..<30))
    simulation.run()

    #expect(simulation.walk.gaps.first?.start == 12)
    #expect(simulation.walk.gaps.last?.end == 31)
  }

  @Test("takes everything that is served, whatever is not")
  func scatteredGaps() {
    var random = SeededGenerator(seed: 3)
    for round in 0..<1000 {
      let ids = Self.numbered(0..<Int.random(in: 1...60, using: &random))
      var simulation = WalkSimulation(ids: ids, rows: Int.random(in: 2...12, using: &random))
      let share = Int.random(in: 1...9, using: &random)
      simulation.unserved = Set(
        ids.filter { _ in Int.random(in: 0..<10, using: &random) < share })
      simulation.run()

      let served = ids.filter { !simulation.unserved.contains($0) }
      #expect(simulation.taken == served, "round \(round)")
      #expect(simulation.walk.unserved <= simulation.unserved.count, "round \(round)")
    }
  }

  @Test("gives up when the count falls by more than may be deleted")
  func collapse() {
    var walk = Walk(limits: DeletionLimits(percent: 5, count: 2))
    _ = walk.take(ids: ["a", "b", "c"], count: 100)
    let fresh = walk.take(ids: ["c", "d", "e"], count: 94)

    #expect(fresh.isEmpty)
    #expect(walk.hasCollapsed)
    #expect(walk.isFinished)
    #expect(!walk.isProven)
  }

  @Test("believes a count that falls by what may be deleted")
  func fewDeletions() {
    var walk = Walk(limits: DeletionLimits(percent: 5, count: 2))
    _ = walk.take(ids: ["a", "b", "c"], count: 100)
    let fresh = walk.take(ids: ["c", "d", "e"], count: 95)

    #expect(fresh == [1, 2])
    #expect(!walk.hasCollapsed)
  }

  @Test("without order takes every record that comes, and proves nothing")
  func disorder() {
    let ids = ["c", "a", "b", "f", "e", "d", "g"]
    var simulation = WalkSimulation(ids: ids, rows: 3)
    simulation.run()

    #expect(simulation.taken == ids)
    #expect(!simulation.walk.isOrdered)
    #expect(!simulation.walk.isProven)
  }

  @Test("that learns of disorder late begins again, because the seams have hidden records")
  func lateDisorder() {
    let ids = ["m", "n", "a", "b", "z", "y", "c"]
    var simulation = WalkSimulation(ids: ids, rows: 2)
    simulation.run()

    #expect(Set(simulation.taken) == Set(ids))
    #expect(simulation.walk.taken == ids.count)
    #expect(!simulation.walk.isProven)
  }

  @Test("proves no absence when a record did not say its id")
  func namelessRecord() {
    var walk = Walk(limits: DeletionLimits())
    let fresh = walk.take(ids: ["a", nil, "c"], count: 3)

    #expect(fresh == [0, 1, 2])
    #expect(walk.isFinished)
    #expect(!walk.isProven)
  }

  @Test("comes to its end whatever does not say its id, and misses nothing")
  func namelessRecords() {
    var random = SeededGenerator(seed: 4)
    for round in 0..<2000 {
      var ids = Self.numbered(0..<Int.random(in: 1...40, using: &random))
      var simulation = WalkSimulation(ids: ids, rows: Int.random(in: 2...8, using: &random))
      let share = Int.random(in: 1...10, using: &random)
      simulation.nameless = Set(
        ids.filter { _ in Int.random(in: 0..<10, using: &random) < share })
      simulation.run(pagesMax: 200)

      ids.removeAll(where: simulation.nameless.contains)
      #expect(simulation.walk.isFinished, "round \(round)")
      #expect(
        simulation.taken.filter { !simulation.nameless.contains($0) } == ids, "round \(round)")
      #expect(Set(simulation.taken).isSuperset(of: simulation.nameless), "round \(round)")
      #expect(simulation.walk.isProven == simulation.nameless.isEmpty, "round \(round)")
    }
  }

  @Test("takes a record that is served twice in a page for one, not for disorder")
  func equalNeighbors() {
    var walk = Walk(limits: DeletionLimits())
    _ = walk.take(ids: ["a", "b", "b"], count: 5)
    let fresh = walk.take(ids: ["b", "c", "d"], count: 5)

    #expect(walk.isOrdered)
    #expect(fresh == [1, 2])
  }

  @Test("compares ids as bytes, as Solr does")
  func byteOrder() {
    let ids = ["10", "9", "A", "Z", "a", "é"]
    var simulation = WalkSimulation(ids: ids, rows: 2)
    simulation.run()

    #expect(simulation.taken == ids)
    #expect(simulation.walk.isProven)
  }

  @Test("goes on from its encoded state as if nothing had happened")
  func encodedState() throws {
    let ids = Self.numbered(0..<40)
    for stop in 1..<12 {
      var whole = WalkSimulation(ids: ids, rows: 5)
      whole.unserved = Set(Self.numbered(12..<24))
      whole.run()

      var parts = WalkSimulation(ids: ids, rows: 5)
      parts.unserved = whole.unserved
      parts.run(pagesMax: stop)
      parts.walk = try JSONDecoder().decode(Walk.self, from: JSONEncoder().encode(parts.walk))
      parts.run()

      #expect(parts.taken == whole.taken)
      #expect(parts.walk == whole.walk)
      #expect(parts.pages == whole.pages)
    }
  }
}

@Suite("A walk by key")
struct KeyedWalkTests {
  private static func numbered(_ range: Range<Int>) -> [String] { range.map(Entry.id) }

  /// A portal that honors `start` up to a place, and filters by id.
  private struct Clamped {
    var ids: [String]
    var unserved: Set<String> = []
    var rows: Int
    var startMax: Int
    var walk = Walk(limits: DeletionLimits(percent: 100, count: .max))
    private(set) var taken: [String] = []
    private(set) var pages = 0

    init(ids: [String], rows: Int, startMax: Int) {
      (self.ids, self.rows, self.startMax) = (ids, rows, startMax)
    }

    mutating func run() {
      while !walk.isFinished, pages < 2000 { step() }
    }

    /// One page, and by key where offsets have not led to the end.
    mutating func step() {
      let matches = walk.key.map { key in ids.filter { key.precedes($0) } } ?? ids
      let page = matches.dropFirst(min(walk.nextStart, startMax)).prefix(rows)
        .filter { !unserved.contains($0) }
      taken += walk.take(ids: page, count: matches.count).map { page[$0] }
      pages += 1
      if walk.isFinished, !walk.isWhole, !walk.isKeyed, walk.lastID != nil { walk.goOnByKey() }
    }
  }

  @Test("comes to the end where offsets do not", arguments: [0, 1, 9, 20, 49])
  func clamped(startMax: Int) {
    var portal = Clamped(ids: Self.numbered(0..<60), rows: 10, startMax: startMax)
    portal.run()

    #expect(portal.taken == Self.numbered(0..<60))
    #expect(portal.walk.isProven)
    #expect(portal.walk.count == 60)
  }

  /// Seed 2296 of the random portal: a third of a small catalogue, more than may be deleted at once.
  @Test("takes what lies before its key, counted and not served, for no collapse")
  func holeBeforeKey() {
    var walk = Walk(limits: DeletionLimits(percent: 5, count: 0))
    #expect(walk.take(ids: ["b"], count: 3, asked: 2) == [0])
    #expect(walk.take(ids: ["b", "c"], count: 3, asked: 2) == [1])
    // Not every page showed the last record of the one before: the walk by key begins anew.
    walk.loseSeam()
    walk.goOnByKey()
    #expect(walk.take(ids: ["b"], count: 3, asked: 2) == [0])
    #expect(walk.take(ids: ["c"], count: 1, asked: 2) == [0])

    #expect(!walk.hasCollapsed)
    #expect(walk.count == 3)
    #expect(walk.taken == 2)
  }

  /// Seed 4813: no page has held more than one record.
  @Test("does not take a page of one for a portal that caps its pages at one")
  func holesAroundOne() {
    var walk = Walk(limits: DeletionLimits(percent: 5, count: 0))
    walk.loseSeam()
    walk.goOnByKey()
    walk.stepOver(0, count: 4)
    #expect(walk.take(ids: ["b"], count: 4, asked: 2) == [0])
    #expect(walk.take(ids: ["d"], count: 2, asked: 4) == [0])
    #expect(walk.take(ids: [], count: 0, asked: 4) == [])

    #expect(!walk.hasCollapsed)
    #expect(walk.count == 4)
  }

  @Test("by offsets alone is not whole where they are not honored", arguments: [0, 1, 9, 20, 49])
  func notWhole(startMax: Int) {
    var portal = Clamped(ids: Self.numbered(0..<60), rows: 10, startMax: startMax)
    while !portal.walk.isFinished {
      let page = portal.ids.dropFirst(min(portal.walk.nextStart, startMax)).prefix(10)
      _ = portal.walk.take(ids: Array(page), count: 60)
    }

    #expect(!portal.walk.isWhole)
  }

  @Test("does not take the first record for the last where offsets are not honored")
  func firstForLast() {
    var walk = Walk(limits: DeletionLimits(percent: 100, count: .max), expecting: 20)
    for _ in 1...12 { _ = walk.take(ids: ["a", "b"], count: 20, asked: 2) }
    // The last offset cannot be had with two records, and is asked alone.
    while !walk.isFinished { _ = walk.take(ids: ["a"], count: 20, asked: 1) }

    #expect(!walk.isWhole)
  }

  @Test("misses nothing that lives throughout it, moving or with records that are not served")
  func moving() {
    var random = SeededGenerator(seed: 5)
    var keyed = 0
    for round in 0..<4000 {
      let size = Int.random(in: 1...60, using: &random)
      let numbers = (0..<1000).shuffled(using: &random).prefix(size).sorted()
      var portal = Clamped(
        ids: numbers.map(Entry.id), rows: Int.random(in: 4...12, using: &random),
        startMax: Int.random(in: 0...40, using: &random))
      // A portal that leaves records out, or one that moves while it is read by key.
      var movesLeft = 0
      if Bool.random(using: &random) {
        portal.unserved = Set(
          portal.ids.filter { _ in Int.random(in: 0..<20, using: &random) == 0 })
      } else {
        movesLeft = Int.random(in: 0...30, using: &random)
      }
      var throughout = Set(portal.ids).subtracting(portal.unserved)
      while !portal.walk.isFinished, portal.pages < 2000 {
        portal.step()
        guard portal.walk.isKeyed, movesLeft > 0, Bool.random(using: &random) else { continue }
        movesLeft -= 1
        if Bool.random(using: &random), let gone = portal.ids.indices.randomElement(using: &random)
        {
          throughout.remove(portal.ids.remove(at: gone))
        } else {
          portal.ids = Set(portal.ids).union([
            Entry.id(Int.random(in: 0..<1000, using: &random))
          ]).sorted()
        }
      }
      keyed += portal.walk.isKeyed ? 1 : 0
      #expect(portal.walk.isWhole || !portal.unserved.isEmpty, "round \(round)")
      let missed = portal.walk.isWhole ? throughout.subtracting(portal.taken) : []
      #expect(missed.isEmpty, "round \(round), start up to \(portal.startMax), \(portal.walk)")
    }
    #expect(keyed > 1000, "many of these portals cannot be read by offsets: \(keyed)")
  }
}
