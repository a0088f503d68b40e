import Logging

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
