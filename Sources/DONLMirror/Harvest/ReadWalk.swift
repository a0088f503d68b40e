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
      var size = PageSize(query.rows)
      func ask(for walk: Walk) {
        let generation = window.generation
        let (rows, retries) = (size.rows, size.isReduced ? 0 : nil)
        for start in window.due(from: walk, guessing: !size.isReduced) {
          group.addTask {
            PageWindow.Arrival(
              start: start, generation: generation,
              page: await Result { () async throws(PortalError) in
                try await portal.page(of: query, at: start, rows: rows, retries: retries)
              })
          }
        }
      }

      while !record.walk.isFinished {
        try Task.checkCancellation()
        ask(for: record.walk)
        let start = record.walk.nextStart
        while !window.holds(start), let arrival = try await group.next() { window.take(arrival) }
        guard let arrival = window.remove(start) else { continue }

        var page: CountedPage?
        var pageRows = size.rows
        switch arrival {
        case .success(let arrived):
          page = arrived
          size.grow()
        case .failure(let error):
          window.forget()
          page = try await isolate(
            at: start, after: error, in: &record, size: &size, into: &state)
          pageRows = size.rows
        }
        guard let page else { continue }
        guard try await isStepProven(record, &state) else {
          record.walk.breakSeam(at: start)
          window.forget()
          continue
        }

        let fresh = try take(page, asked: pageRows, in: &record.walk)
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
    let fresh = walk.take(ids: ids, count: page.count, asked: rows)
    guard walk.emptyPages < Self.emptyPagesMax else {
      throw PortalError(
        reason: .shortListing, nature: .notCKAN,
        message: "The portal counts \(page.count) datasets and serves none from offset "
          + "\(walk.taken) on.")
    }
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
    let batch = read(page, fresh)
    state.tally += try store.apply(batch, movingTo: record, run: state.record, at: stamp())
    try tellNews(&state)
    state.pages += 1
    if state.pages.isMultiple(of: Self.pagesPerCheckpoint) { try store.checkpoint() }
    report(
      Progress(
        mode: record.mode, done: record.walk.taken, total: record.walk.count, pages: state.pages,
        tally: state.tally))
  }

  /// Judges records one by one; what cannot be read is told of.
  func read(_ page: CountedPage, _ indices: [Int]) -> Batch {
    let entries = normalizer.normalize(page.records)
    let batch = Batch(entries: indices.map { entries[$0] })
    for case .failure(let rejection) in batch.entries {
      logger.warning(
        "A record was put in quarantine: \(rejection.detail)",
        metadata: [
          "reason": "\(rejection.reason.rawValue)", "dataset": "\(rejection.datasetID ?? "-")",
        ])
    }
    return batch
  }

  /// More than any way back to the first page takes: then the portal serves nothing more.
  private static let emptyPagesMax = 40
  /// Keeps the WAL at some tens of megabytes during a first load.
  private static let pagesPerCheckpoint = 16
}

extension Portal {
  func page(
    of query: WalkRecord.Query, at start: Int, rows: Int, retries: Int? = nil
  ) async throws(PortalError) -> CountedPage {
    let query = SearchQuery(
      start: start, rows: rows, sort: query.order,
      filter: query.filter.isEmpty ? nil : query.filter)
    return try await search(query, retries: retries) { try CountedPage($0) }
  }
}

extension Result {
  fileprivate init(catching body: () async throws(Failure) -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}

extension PortalError.Reason {
  /// The portal counts records and serves none.
  static let shortListing = Self(rawValue: "short_listing")
}
