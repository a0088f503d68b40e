/// The pages that are on their way or have come, by the offset that was asked.
///
/// With one request in flight that is the page after the present one. With more, the offsets are
/// guessed from the size of the largest page; a wrong guess costs a request and no more.
struct PageWindow {
  struct Arrival: Sendable {
    var start: Int
    var generation: Int
    /// A page that cannot be had is looked at when its turn comes.
    var page: Result<CountedPage, PortalError>
  }

  let width: Int
  /// Moves when the walk steps back: what was asked before shows the catalogue as it was.
  private(set) var generation = 0
  private var asked: Set<Int> = []
  private var ready: [Int: Result<CountedPage, PortalError>] = [:]
  private var inFlight = 0

  init(width: Int) {
    self.width = max(1, width)
  }

  func holds(_ start: Int) -> Bool { ready[start] != nil }

  /// The offsets to ask now: the one the walk needs, and guesses as far as the width allows.
  mutating func due(from walk: Walk, guessing: Bool = true) -> [Int] {
    var due: [Int] = []
    if !asked.contains(walk.nextStart) { due.append(walk.nextStart) }
    if guessing, walk.isOrdered, walk.largestPage > 1 {
      var start = walk.nextStart + walk.largestPage - 1
      while inFlight + due.count < width, start < walk.count {
        if !asked.contains(start) { due.append(start) }
        start += walk.largestPage - 1
      }
    }
    asked.formUnion(due)
    inFlight += due.count
    return due
  }

  mutating func take(_ arrival: Arrival) {
    inFlight -= 1
    guard arrival.generation == generation else { return }
    ready[arrival.start] = arrival.page
  }

  mutating func remove(_ start: Int) -> Result<CountedPage, PortalError>? {
    asked.remove(start)
    return ready.removeValue(forKey: start)
  }

  mutating func forget() {
    generation += 1
    asked = []
    ready = [:]
  }
}
