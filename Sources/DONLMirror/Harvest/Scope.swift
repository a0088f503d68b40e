import Foundation

/// What the portal says before the first page is read.
struct Opening: Sendable, Equatable {
  var count: Int
  /// The newest `metadata_modified`, as a stamp; nil when the catalogue is empty or has none.
  var newest: String?
  /// The portal's `Date`, as a stamp.
  var date: String?

  /// Up to when a complete walk that begins now makes us consistent: the portal's own time, and
  /// never later than its clock, because stamps can lie in the future; where it shows no clock, ours
  /// must do.
  ///
  /// - Parameter now: our time, as a stamp.
  func checkpoint(now: String) -> String? {
    newest.map { min($0, date ?? now) }
  }

  /// Something newer than the newest stamp can have come without changing that stamp.
  func isNewestAhead(now: String) -> Bool {
    newest.map { $0 > date ?? now } ?? false
  }
}

extension Portal {
  private static let newestFirst = "metadata_modified desc, id asc"

  /// The count and the newest stamp of the whole catalogue.
  ///
  /// Slim rows where they can be had: the newest record may be the very one that cannot be served.
  /// Where the portal does not sort by date either, the newest stamp stays unknown.
  func opening() async throws(PortalError) -> Opening {
    let fields = ["id", "metadata_modified"]
    let queries = [
      SearchQuery(start: 0, rows: 1, sort: Self.newestFirst, fields: fields),
      SearchQuery(start: 0, rows: 1, sort: Self.newestFirst),
      SearchQuery(start: 0, rows: 1),
    ]
    return try await firstAnswer(to: queries) { query, response in
      let page = try CountedPage(response)
      let newest =
        query.sort == Self.newestFirst ? page.records.censusRows.first??.metadataModified : nil
      return Opening(
        count: page.count, newest: newest, date: response.date.map(Timestamp.text))
    }
  }

  /// How many datasets match.
  func count(matching filter: String = "") async throws(PortalError) -> Int {
    let filter = filter.isEmpty ? nil : filter
    let queries = [
      SearchQuery(rows: 0, filter: filter), SearchQuery(rows: 1, filter: filter, fields: ["id"]),
      SearchQuery(rows: 1, filter: filter),
    ]
    return try await firstAnswer(to: queries) { _, response in try CountedPage(response).count }
  }

  /// How many datasets match; nil where the portal cannot say, and answers all the same.
  ///
  /// - Throws: when the portal does not even answer the plainest question.
  func countOrAnswer(matching filter: String) async throws(PortalError) -> Int? {
    do {
      return try await count(matching: filter)
    } catch {
      guard error.isAboutQuestion, !filter.isEmpty else { throw error }
      _ = try await count()
      return nil
    }
  }

  /// Asks the same in plainer and plainer ways: portals and what stands before them refuse
  /// parameters of all kinds. Only when the plainest fails too, the portal is in trouble.
  private func firstAnswer<Answer>(
    to queries: [SearchQuery], reading: (SearchQuery, PortalResponse) throws -> Answer
  ) async throws(PortalError) -> Answer {
    var failure: PortalError?
    for query in queries {
      do {
        // What passes has passed by then, so a plainer question is asked once.
        return try await search(query, retries: failure == nil ? nil : 0) {
          try reading(query, $0)
        }
      } catch {
        guard error.isAnswer else { throw error }
        failure = error
      }
    }
    throw failure ?? .cancelled
  }
}

/// What a run will read, and why; nothing when there is no query.
struct Scope: Sendable, Equatable {
  var mode: HarvestMode
  var query: WalkRecord.Query?
  var isCensusDue = false
  /// How many datasets the query matches.
  var expected = 0
  var why: String
  /// What the store held when this was decided.
  var inventory: Inventory?

  /// Nothing has moved since the last run.
  var isQuiet: Bool { query == nil }
}

extension Harvest {
  static let pageOrder = "id asc"

  /// Why a count is not believed; nil when it may be right.
  ///
  /// - Parameter known: the count at the end of the last complete run; 0 when there is none.
  func doubt(count: Int, known: Int) -> Doubt? {
    if count == 0, known > 0 { return .empty }
    return options.limits.areExceeded(losing: known - count, of: known) ? .collapse(known) : nil
  }

  /// The whole catalogue. A page holds at least two records, because pages overlap by one.
  var fullQuery: WalkRecord.Query {
    WalkRecord.Query(filter: "", order: Self.pageOrder, rows: max(2, options.rows))
  }

  /// Full when there is no complete run yet, when it is due or when asked; else what has moved
  /// since the checkpoint. A filter that the portal does not honor leads to a full walk, every time.
  func scope(after opening: Opening) async throws -> Scope {
    let rows = max(2, options.rows)
    let full = fullQuery
    func everything(_ why: String) -> Scope {
      Scope(mode: .full, query: full, expected: opening.count, why: why)
    }
    if options.isFull { return everything("asked") }
    guard let last = try store.lastCompleteFullRun(), let checkpoint = try store.meta("checkpoint")
    else { return everything("first") }
    if let open = try store.openWalk(), open.mode == .full {
      return everything("unfinished")
    }
    guard !isDue(after: last, every: options.fullEvery) else {
      return everything("due")
    }

    guard let since = Self.lowerBound(checkpoint, less: options.overlap),
      let window = try await window(since: since, opening: opening)
    else {
      logger.warning(
        "The portal does not filter by metadata_modified as it should; reading everything.",
        metadata: ["reason": "filter_not_honored"])
      return everything("filter")
    }
    let inventory = try store.inventory(since: since.stamp)
    let known = try store.lastCompleteCount()
    let isQuiet =
      !window.isMoving && opening.count == inventory.expectedCount
      && window.matching == inventory.since
      && opening.newest.map(Self.milliseconds) == inventory.newest.map(Self.milliseconds)
      && !opening.isNewestAhead(now: stamp())
      && doubt(count: opening.count, known: known) == nil
    let filtered = WalkRecord.Query(filter: since.filter, order: Self.pageOrder, rows: rows)
    return Scope(
      mode: .incremental, query: isQuiet ? nil : filtered,
      isCensusDue: isDue(after: try store.meta("census_at"), every: options.censusEvery)
        || options.acceptsDeletions || window.isMoving,
      expected: window.matching, why: isQuiet ? "quiet" : "moved", inventory: inventory)
  }

  /// A last run in the future means that a clock was wrong; when it was is unknown.
  private func isDue(after last: String?, every interval: Duration) -> Bool {
    guard let last = last.flatMap(Timestamp.date) else { return true }
    let age = now().timeIntervalSince(last)
    return age < 0 || age >= interval / .seconds(1)
  }

  /// The lower bound of an incremental run.
  struct Since: Sendable, Equatable {
    /// Solr compares at the millisecond and wants a `Z` (docs/portal.md, "Searching").
    var bound: String

    var filter: String { "+metadata_modified:[\(bound) TO *]" }
    var complement: String { "+metadata_modified:[* TO \(bound)}" }
    /// In the form of the column `metadata_modified`.
    var stamp: String { bound.dropLast() + "000Z" }
  }

  static func lowerBound(_ checkpoint: String, less overlap: Duration) -> Since? {
    guard let date = Timestamp.date(checkpoint) else { return nil }
    let bound = Timestamp.text(date.addingTimeInterval(-(overlap / .seconds(1))))
    return Since(bound: milliseconds(bound))
  }

  /// A stamp cut to the millisecond, as Solr keeps it.
  static func milliseconds(_ stamp: String) -> String {
    stamp.count == 27 ? stamp.prefix(23) + "Z" : stamp
  }

  /// What lies in the window of an incremental run.
  private struct Window {
    var matching: Int
    /// The catalogue moved whenever we asked, so that the answers could not be held together.
    var isMoving = false
  }

  /// Asks how many datasets the filter matches, and how many its complement: together they must be
  /// all there are, and the newest must be on the right side.
  ///
  /// - Returns: nil on evidence that the portal does not filter as it should: it refuses, or the
  ///   same answers come twice and do not add up.
  private func window(since: Since, opening: Opening) async throws -> Window? {
    var opening = opening
    var last: [Int] = []
    var window = Window(matching: 0)
    for attempt in 1...Self.windowAttempts {
      if attempt > 1 { opening = try await portal.opening() }
      let others: Int
      do {
        window.matching = try await portal.count(matching: since.filter)
        others = try await portal.count(matching: since.complement)
      } catch {
        guard error.isAboutQuestion else { throw error }
        logger.notice(
          "The portal does not answer by date: \(error.message)",
          metadata: ["reason": "\(error.reason)"])
        return nil
      }
      let isNewestInside =
        opening.newest.map { Self.milliseconds($0) >= since.bound } ?? (window.matching > 0)
      if window.matching + others == opening.count, isNewestInside == (window.matching > 0) {
        return window
      }
      let answers = [opening.count, window.matching, others]
      if answers == last { return nil }
      last = answers
    }
    // Something came or went between any two questions. A census will hold the whole together.
    window.isMoving = true
    return window
  }

  private static let windowAttempts = 5
}
