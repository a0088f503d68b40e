import Logging

extension Harvest {
  /// Reads a walk to its end, storing page after page. While a page is stored, the next is fetched.
  func read(_ record: inout WalkRecord, into state: inout RunState) async throws {
    let listing = PageReader.Listing(filter: record.query.filter, order: record.query.order)
    var reader = PageReader(
      listing, of: portal,
      size: PageSize(record.query.rows, lesson: state.lessons[Self.recordPages]),
      skipLimit: options.skipLimit, logger: logger)
    // What is known to be unserved is not waited for again and again.
    if state.hasUnserved { reader.retries = min(1, portal.settings.retries) }
    // What was learnt is worth keeping, however the run ends.
    defer { state.lessons[Self.recordPages] = reader.size.lesson(at: stamp()) }
    repeat {
      try await read(&record, by: &reader, into: &state)
    } while try await goOnByKey(&record, by: &reader, into: &state)
  }

  static let recordPages = "records"
  static let censusPages = "census"

  /// Where offsets did not lead to the end; the position says so, should we die on the way.
  private func goOnByKey(
    _ record: inout WalkRecord, by reader: inout PageReader, into state: inout RunState
  ) async throws -> Bool {
    guard try await reader.goOnByKey(&record.walk) else { return false }
    try store.apply(.empty, movingTo: record, run: state.record, at: stamp())
    return true
  }

  private func read(
    _ record: inout WalkRecord, by reader: inout PageReader, into state: inout RunState
  ) async throws {
    try await withThrowingTaskGroup(of: PageWindow.Arrival.self) { group in
      defer { group.cancelAll() }
      var window = PageWindow(width: options.requestsInFlight)
      while !record.walk.isFinished {
        try Task.checkCancellation()
        Self.ask(for: record.walk, by: reader, in: &window, of: &group)
        let start = record.walk.nextStart
        while !window.holds(start), let arrival = try await group.next() { window.take(arrival) }
        guard let arrival = window.remove(start) else { continue }
        if case .failure = arrival { window.forget() }

        let before = record.walk
        guard let (page, fresh) = try await reader.settle(arrival, in: &record.walk) else {
          window.forget()
          continue
        }
        // What was asked in advance was asked of another place.
        if record.walk.nextStart <= start || record.walk.key != before.key { window.forget() }
        if !record.walk.isFinished {
          Self.ask(for: record.walk, by: reader, in: &window, of: &group)
        }
        try storePage(page, fresh, of: record, into: &state)
      }
    }
  }

  /// Asks for the page that the walk needs next, and for guesses as far as the window allows.
  private static func ask(
    for walk: Walk, by reader: PageReader, in window: inout PageWindow,
    of group: inout ThrowingTaskGroup<PageWindow.Arrival, any Error>
  ) {
    let generation = window.generation
    for start in window.due(from: walk, guessing: !reader.size.isReduced) {
      group.addTask {
        PageWindow.Arrival(
          start: start, generation: generation, page: await reader.ask(walk, at: start))
      }
    }
  }

  /// Reads the new records of a page and stores them together with the position.
  private func storePage(
    _ page: CountedPage, _ fresh: [Int], of record: WalkRecord, into state: inout RunState
  ) throws {
    let batch = try batch(page, fresh, isFirstLoad: !state.hasHistory)
    // Where ids cannot be asked for, what the page says must do.
    state.tally += try store.apply(
      batch, movingTo: record, askedAs: state.refusesIDs ? .id : .page, run: state.record,
      at: stamp())
    try tellNews(&state)
    state.pages += 1
    if state.pages.isMultiple(of: Self.pagesPerCheckpoint) || store.walBytes > Self.walBytesMax {
      try store.checkpoint()
    }
    // An index is one transaction: that of a catalogue of any size would fill the WAL.
    if !state.hasHistory, !state.hasIndexes, record.walk.taken >= Self.indexedFrom {
      try store.buildIndexes()
      try store.checkpoint()
      state.hasIndexes = true
    }
    report(
      Progress(
        mode: record.mode, done: record.walk.taken, total: record.walk.count, pages: state.pages,
        tally: state.tally))
  }

  /// Records to be judged one by one while they are stored; what is stored byte for byte is not looked
  /// into.
  func batch(_ page: CountedPage, _ indices: [Int], isFirstLoad: Bool = false) throws -> Batch {
    let records = page.records
    let same = isFirstLoad ? [:] : try store.stored(among: records, at: indices)
    let read = normalizer.reader()
    return Batch(
      indices.map { place in
        if let key = same[place], let id = records.ids[place] { return .same(id: id, key: key) }
        return .unread(id: records.ids[place], place: place)
      }
    ) { read(records[$0]) }
  }

  /// Keep the WAL at some tens of megabytes. A page of a large catalogue touches a page of the file for
  /// each value, because each has its own place in the index: that is 40 MB.
  private static let pagesPerCheckpoint = 4
  private static let walBytesMax = 32 << 20
  /// From so many datasets on, a first load keeps its indexes as it goes: that of their values would
  /// take more than 100 MB of the WAL at 80,000.
  private static let indexedFrom = 50_000
}

/// A page of `package_search` with the count that every answer of it bears.
struct CountedPage: Sendable {
  var records: Page
  var count: Int

  /// Solr numbers its documents with 31 bits; whatever counts more is no catalogue.
  static let countMax = 100_000_000

  /// - Throws: `PageError` when the answer is cut or has not the shape of a search.
  init(_ response: PortalResponse) throws {
    records = try Page(body: response.body)
    guard let count = records.count else { throw PageError.wrongShape("no count") }
    guard count <= Self.countMax else {
      throw PortalError(
        reason: .notCKAN, nature: .notCKAN,
        message: "The portal counts \(counted(count, "dataset")), which no catalogue has.",
        status: 200)
    }
    self.count = count
  }

  var ids: [String?] { records.ids }

  /// A page of whole records.
  ///
  /// - Throws: `PageError` also for slim rows, which would replace what is known.
  static func whole(_ response: PortalResponse) throws -> CountedPage {
    let page = try CountedPage(response)
    guard !page.records.holdsSlimRow else { throw PageError.wrongShape("slim rows") }
    return page
  }
}
