import Logging

/// A page of `package_search` with the count that every answer of it bears.
struct CountedPage: Sendable {
  var records: Page
  var count: Int

  /// - Throws: `PageError` when the answer is cut or has not the shape of a search.
  init(_ response: PortalResponse) throws {
    records = try Page(body: response.body)
    guard let count = records.count else { throw PageError.wrongShape("no count") }
    self.count = count
  }

  var ids: [String?] { records.records.indices.map(records.id(ofRecord:)) }
}

extension Harvest {
  /// Reads a walk to its end, storing page after page. While a page is stored, the next is fetched.
  func read(_ record: inout WalkRecord, into state: inout RunState) async throws {
    let (portal, query) = (portal, record.query)
    try await withThrowingTaskGroup(of: PageWindow.Arrival.self) { group in
      defer { group.cancelAll() }
      var window = PageWindow(width: options.requestsInFlight)
      func ask(for walk: Walk) {
        let generation = window.generation
        for start in window.due(from: walk) {
          group.addTask {
            PageWindow.Arrival(
              start: start, generation: generation,
              page: try await portal.page(of: query, at: start))
          }
        }
      }

      while !record.walk.isFinished {
        try Task.checkCancellation()
        ask(for: record.walk)
        let start = record.walk.nextStart
        while !window.holds(start), let arrival = try await group.next() { window.take(arrival) }
        guard let page = window.remove(start) else { continue }

        let fresh = try take(page, asked: query.rows, in: &record.walk)
        if record.walk.nextStart <= start { window.forget() }
        if !record.walk.isFinished { ask(for: record.walk) }
        try keep(page, fresh, of: record, into: &state)
      }
    }
  }

  /// Lets the walk judge a page; answers which of its records are new.
  private func take(_ page: CountedPage, asked rows: Int, in walk: inout Walk) throws -> [Int] {
    let ids = page.ids
    guard walk.nextStart > 0 || !ids.isEmpty || page.count == 0 else {
      throw PortalError(
        reason: .shortListing, nature: .notCKAN,
        message: "The portal counts \(page.count) datasets and serves none.")
    }
    let before = walk
    let fresh = walk.take(ids: ids, count: page.count)
    if before.largestPage == 0, ids.count < min(rows, page.count) {
      logger.notice(
        "The portal serves \(ids.count) records a page where \(rows) were asked.",
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
    return fresh
  }

  /// Reads the new records of a page and stores them together with the position.
  private func keep(
    _ page: CountedPage, _ fresh: [Int], of record: WalkRecord, into state: inout RunState
  ) throws {
    let batch = Batch(
      entries: fresh.map { index in
        Result { () throws(Rejection) in try normalizer.normalize(page.records[index]) }
      })
    for case .failure(let rejection) in batch.entries {
      logger.warning(
        "A record was put in quarantine: \(rejection.detail)",
        metadata: [
          "reason": "\(rejection.reason.rawValue)", "dataset": "\(rejection.datasetID ?? "-")",
        ])
    }
    state.tally += try store.apply(batch, movingTo: record, run: state.record, at: stamp())
    state.pages += 1
    if state.pages.isMultiple(of: Self.pagesPerCheckpoint) { try store.checkpoint() }
    report(
      Progress(
        mode: record.mode, done: record.walk.taken, total: record.walk.count, pages: state.pages,
        tally: state.tally))
  }

  /// Keeps the WAL at some tens of megabytes during a first load.
  private static let pagesPerCheckpoint = 16
}

extension Portal {
  fileprivate func page(of query: WalkRecord.Query, at start: Int) async throws -> CountedPage {
    let query = SearchQuery(
      start: start, rows: query.rows, sort: query.order,
      filter: query.filter.isEmpty ? nil : query.filter)
    return try await search(query) { try CountedPage($0) }
  }
}

extension PortalError.Reason {
  /// The portal counts records and serves none.
  static let shortListing = Self(rawValue: "short_listing")
}
