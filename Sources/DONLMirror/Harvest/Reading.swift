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
        same[place].map(Batch.Entry.same) ?? .unread(id: records.ids[place], place: place)
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

/// Asks for the pages of one listing and makes sure of each: of what looks odd by asking again, of
/// what cannot be served by asking for less, down to the one record that is at fault.
struct PageReader: Sendable {
  /// What is listed.
  struct Listing: Sendable, Equatable {
    /// The `fq` of it; empty for the whole catalogue.
    var filter: String
    var order: String
    /// Slim rows with these fields; empty for whole records.
    var fields: [String] = []
  }

  let portal: Portal
  let listing: Listing
  let skipLimit: Int
  let logger: Logger
  var size: PageSize
  /// Records stepped over because the portal could not serve them.
  private(set) var steppedOver = 0
  /// How often the first attempt of a page is retried; nil as the settings say.
  var retries: Int?
  private var isStepUnproven = false
  /// Second looks that brought no answer.
  private var vainLooks = 0
  private static let vainLooksMax = 5
  /// Whether the portal filters by id as it should; nil until it was tried.
  private var honorsKeys: Bool?

  init(
    _ listing: Listing, of portal: Portal, size: PageSize, skipLimit: Int, logger: Logger
  ) {
    self.portal = portal
    self.listing = listing
    self.size = size
    self.skipLimit = skipLimit
    self.logger = logger
  }

  /// The page that the walk asks next, as it comes.
  func ask(
    _ walk: Walk, at start: Int? = nil, rows: Int? = nil, retries: Int? = nil
  ) async -> Result<CountedPage, PortalError> {
    do {
      return .success(try await page(walk, at: start, rows: rows, retries: retries))
    } catch {
      return .failure(error)
    }
  }

  private func page(
    _ walk: Walk, at start: Int? = nil, rows: Int? = nil, retries: Int? = nil
  ) async throws(PortalError) -> CountedPage {
    let filter = Self.filter(listing.filter, after: walk.key)
    let query = SearchQuery(
      start: start ?? walk.nextStart, rows: rows ?? size.rows, sort: listing.order,
      filter: filter.isEmpty ? nil : filter, fields: listing.fields)
    return try await portal.search(
      query, retries: retries ?? (size.isReduced ? 0 : self.retries)
    ) { try listing.fields.isEmpty ? .whole($0) : CountedPage($0) }
  }

  /// Lets the walk judge what came for the page that it asked next.
  ///
  /// - Returns: the page and which of its records are new; nil when there is none: the walk goes on
  ///   elsewhere.
  /// - Throws: `PortalError` when the portal is in trouble, or serves no catalogue.
  mutating func settle(
    _ arrival: Result<CountedPage, PortalError>, in walk: inout Walk
  ) async throws -> (page: CountedPage, fresh: [Int])? {
    var page: CountedPage
    var asked = size.rows
    switch arrival {
    case .success(let arrived):
      page = arrived
    case .failure(let error):
      guard let isolated = try await isolate(after: error, in: &walk) else { return nil }
      page = isolated
      asked = size.rows
    }
    if walk.doubts(ids: page.ids, count: page.count, asked: asked) {
      if let again = try await secondLook(at: walk, rows: asked) {
        page = again
      } else if vainLooks < Self.vainLooksMax {
        vainLooks += 1
        return nil
      }
    }
    guard try await isStepProven(in: &walk) else {
      walk.breakSeam(at: walk.nextStart)
      return nil
    }
    let end = walk.nextStart + page.ids.count
    let fresh = try take(page, asked: asked, in: &walk)
    size.succeed(to: walk.isFinished ? .max : end)
    return (page, fresh)
  }

  /// What looks odd may be a passing fault: nothing that only one answer said is believed.
  private func secondLook(at walk: Walk, rows: Int) async throws -> CountedPage? {
    do {
      return try await page(walk, rows: rows)
    } catch {
      guard error.isAboutQuestion else { throw error }
      return nil
    }
  }

  private func take(
    _ page: CountedPage, asked rows: Int, in walk: inout Walk
  ) throws -> [Int] {
    let ids = page.ids
    let before = walk
    let fresh = walk.take(ids: ids, count: page.count, asked: rows)
    // Some records at its beginning can be unserved; a catalogue of nothing else is none.
    guard !walk.isFinished || walk.taken > 0 || page.count == 0 || !listing.filter.isEmpty else {
      throw PortalError(
        reason: .shortListing, nature: .notCKAN,
        message: "The portal counts \(counted(page.count, "dataset")) and serves none.")
    }
    if before.largestPage == 0, ids.count < min(rows, page.count) {
      logger.notice(
        "The portal serves \(counted(ids.count, "record")) a page where \(rows) were asked.",
        metadata: ["reason": "rows_capped"])
    }
    if walk.brokenSeams > before.brokenSeams {
      logger.notice(
        "Something was deleted behind offset \(before.nextStart); stepping back.",
        metadata: ["reason": "moving_catalogue"])
    }
    if before.isOrdered && !walk.isOrdered {
      logger.warning(
        "The portal does not sort by id; nothing will be deleted on the word of this walk.",
        metadata: ["reason": "no_order"])
    }
    for gap in walk.gaps.dropFirst(before.gaps.count) {
      logger.warning(
        "The portal counts records at offsets \(gap.start)..<\(gap.end) and does not serve them.",
        metadata: ["reason": "unserved"])
    }
    if walk.isLost, !walk.isFinished { walk.giveUp() }
    return fresh
  }

  // MARK: - What cannot be served

  /// Reads what can be read where a whole page cannot.
  ///
  /// - Returns: a page from the walk's place on, or nil when the walk goes on elsewhere.
  /// - Throws: the error itself when it is not about this question, or when the portal answers not
  ///   even the plainest one; a temporary `PortalError` beyond `portal.skip-limit`.
  private mutating func isolate(
    after error: PortalError, in walk: inout Walk
  ) async throws -> CountedPage? {
    guard error.isAboutQuestion else { throw error }
    // If this fails too, it is not the page: the portal is in trouble.
    let count = try await portal.countOrAnswer(
      matching: Self.filter(listing.filter, after: walk.key))
    let start = walk.nextStart
    logger.warning(
      "The page at \(start) cannot be served; asking for less: \(error.message)",
      metadata: ["reason": "\(error.reason)"])
    size.fail(at: start)
    var cause = error
    while size.rows > 1 {
      size.halve()
      do {
        let page = try await page(walk, retries: size.rows > 1 ? 0 : retries)
        guard size.rows == 1, walk.isOnlySeam(page.ids) else { return page }
        // The seam can be served, and nothing together with it.
        return try await readBehindSeam(in: &walk, count)
      } catch let error as PortalError where error.isAboutQuestion {
        cause = error
      }
    }
    // Not even one. Where the portal does not serve such offsets at all, the key leads on.
    if start > 0, !walk.isKeyed, walk.lastID != nil, try await mayGoOnByKey(walk) {
      var keyed = walk
      keyed.goOnByKey()
      if case .success(let page) = await ask(keyed, rows: 1, retries: 0), !page.ids.isEmpty {
        walk = keyed
        size.blameRecord()
        return nil
      }
    }
    return try stepOver(start, count, because: cause, in: &walk)
  }

  private mutating func readBehindSeam(
    in walk: inout Walk, _ count: Int?
  ) async throws -> CountedPage? {
    let next = walk.nextStart + 1
    do {
      let page = try await page(walk, at: next, rows: 1, retries: retries)
      walk.passSeam()
      return page
    } catch {
      guard error.isAboutQuestion else { throw error }
      return try stepOver(next, count, because: error, in: &walk)
    }
  }

  private mutating func stepOver(
    _ offset: Int, _ count: Int?, because error: PortalError, in walk: inout Walk
  ) throws -> CountedPage? {
    steppedOver += 1
    guard steppedOver <= skipLimit else {
      throw PortalError(
        reason: .skipLimit, nature: .temporary,
        message: "More than \(counted(skipLimit, "record")) cannot be served (portal.skip-limit); "
          + "the last at offset \(offset): \(error.message)")
    }
    logger.warning(
      "The record at offset \(offset) cannot be served and was stepped over: \(error.message)",
      metadata: ["reason": "unserved", "offset": "\(offset)"])
    walk.stepOver(offset, count: count)
    size.blameRecord()
    isStepUnproven = true
    return nil
  }

  /// After steps over what cannot be served, the record before them must still be the last taken.
  private mutating func isStepProven(in walk: inout Walk) async throws -> Bool {
    guard isStepUnproven else { return true }
    isStepUnproven = false
    guard let place = walk.seamOfStep else { return true }
    do {
      return try await page(walk, at: place, rows: 1).ids == [walk.lastID]
    } catch {
      guard error.isAboutQuestion else { throw error }
      walk.loseSeam()
      return true
    }
  }

  // MARK: - By key

  /// Goes on by key where offsets have not led to the end, if the portal can be asked so.
  ///
  /// - Returns: false when it cannot, or when this would not help.
  /// - Throws: `PortalError` also when the walk was given up because nothing more came.
  mutating func goOnByKey(_ walk: inout Walk) async throws -> Bool {
    guard walk.isFinished, !walk.isWhole, !walk.hasCollapsed else { return false }
    if walk.isOrdered, !walk.isKeyed, walk.lastID != nil, try await mayGoOnByKey(walk) {
      walk.goOnByKey()
      // From the beginning: what was stepped over is met again, and is no more than it was.
      if walk.lastID == nil { steppedOver = 0 }
      return true
    }
    guard walk.isLost else { return false }
    throw PortalError(
      reason: .shortListing, nature: .notCKAN,
      message: "The portal counts \(counted(walk.count, "dataset")) and serves none from offset "
        + "\(walk.taken) on.")
  }

  /// Whether the portal can be asked for what follows an id: below and above the last one taken
  /// there must be just as many as there are.
  private mutating func mayGoOnByKey(_ walk: Walk) async throws -> Bool {
    if let honorsKeys { return honorsKeys }
    guard let lastID = walk.lastID else { return false }
    var isHonored = false
    for _ in 1...2 where !isHonored {
      do {
        let all = try await portal.count(matching: listing.filter)
        let above = try await portal.count(matching: Self.filter(listing.filter, after: lastID))
        let others = try await portal.count(matching: Self.filter(listing.filter, upTo: lastID))
        isHonored = above + others == all && others > 0
      } catch {
        guard error.isAboutQuestion else { throw error }
        break
      }
    }
    honorsKeys = isHonored
    logger.notice(
      isHonored
        ? "The portal does not serve its list by offsets to the end; going on by id."
        : "The portal does not serve its list by offsets to the end, nor can it be asked by id.",
      metadata: ["reason": "by_key"])
    return isHonored
  }

  private static func filter(_ filter: String, after key: String?) -> String {
    guard let key else { return filter }
    return (filter.isEmpty ? "" : filter + " ") + "+id:{\"\(IDFilter.escape(key))\" TO *]"
  }

  private static func filter(_ filter: String, upTo key: String) -> String {
    (filter.isEmpty ? "" : filter + " ") + "+id:[* TO \"\(IDFilter.escape(key))\"]"
  }
}

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

/// How many records a page asks for: what the portal refuses, or cannot serve, because of its size
/// is asked in smaller pages, and the size that works is kept.
///
/// A page can fail for one of its records as well. So a size counts as too large only when all that
/// the failing page was to hold has come in smaller ones; until then pages grow back quickly.
struct PageSize: Sendable, Equatable {
  let asked: Int
  private(set) var rows: Int
  /// The smallest size that is known to be too large.
  private(set) var failed: Int?
  /// When that was learnt; nil in this run.
  private var failedAt: String?
  private var suspect: Suspect?
  private var goodPages = 0
  /// The size that worked before a larger one is tried; nil when none is.
  private var fallback: Int?

  private struct Suspect: Sendable, Equatable {
    var rows: Int
    var start: Int
  }

  /// Pages of one size before a larger one is tried.
  private static let patience = 8
  /// A page that is smaller, and needs no neighbor for its seam, never fails for its size.
  private static let smallestFailure = 4

  init(_ asked: Int, lesson: PageLesson? = nil) {
    self.asked = asked
    rows = asked
    guard let lesson, lesson.rows >= 1, lesson.failed <= asked else { return }
    rows = min(asked, lesson.rows)
    failed = lesson.failed
    failedAt = lesson.at
  }

  /// Whether a page of this size is on trial: it is not worth a retry, nor another beside it.
  var isReduced: Bool { suspect != nil && rows < asked || fallback != nil }

  mutating func fail(at start: Int) {
    goodPages = 0
    if suspect == nil { suspect = Suspect(rows: rows, start: start) }
  }

  /// Half, by way of 2 to 1; or what worked before.
  mutating func halve() {
    rows = fallback ?? (rows > 3 ? rows / 2 : max(1, rows - 1))
    fallback = nil
  }

  /// Behind a record that was stepped over: it was to blame, and not the size. Two, so that pages
  /// can overlap again.
  mutating func blameRecord() {
    suspect = nil
    fallback = nil
    rows = min(asked, 2)
  }

  /// - Parameter end: the offset behind the last record of a page that came; of the last page none.
  mutating func succeed(to end: Int) {
    if let suspect {
      guard end >= suspect.start + suspect.rows else { return }
      if suspect.rows >= Self.smallestFailure {
        failed = min(failed ?? .max, suspect.rows)
        failedAt = nil
      }
      self.suspect = nil
      goodPages = 0
      return
    }
    fallback = nil
    guard rows < asked else { return }
    goodPages += 1
    if let failed, failed > rows {
      // Half-way to what failed, after some pages, and not for the last quarter. Up to half of it
      // quickly: then a record was to blame.
      let isNear = rows > failed / 4
      let next = isNear ? (rows + failed) / 2 : rows * 2
      guard !isNear || goodPages >= Self.patience, next - rows > rows / 4 else { return }
      grow(to: next)
    } else {
      failed = nil
      grow(to: rows * 2)
    }
  }

  private mutating func grow(to next: Int) {
    goodPages = 0
    fallback = failed == nil ? nil : rows
    rows = min(asked, next)
  }

  /// What is worth remembering; nil when pages come as they are asked for.
  func lesson(at now: String) -> PageLesson? {
    failed.map { failed in
      PageLesson(
        rows: max(2, min(fallback ?? rows, failed - 1)), failed: failed, at: failedAt ?? now)
    }
  }
}
