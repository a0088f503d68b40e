import Foundation

/// What the portal says before the first page is read.
struct Opening: Sendable, Equatable {
  var count: Int
  /// The newest `metadata_modified`, as a stamp; nil when the catalogue is empty or has none.
  var newest: String?
  /// The portal's `Date`, as a stamp.
  var date: String?

  /// Up to when a complete walk that begins now makes us consistent: the portal's own time, and
  /// never later than its clock, because stamps can lie in the future.
  var checkpoint: String? {
    guard let newest else { return nil }
    guard let date else { return newest }
    return min(newest, date)
  }
}

extension Portal {
  /// The count and the newest stamp of the whole catalogue.
  func opening() async throws -> Opening {
    do {
      return try await opening(fields: ["id", "metadata_modified"])
    } catch {
      // A portal may refuse `fl`; then the whole record must do.
      guard error.type != nil, error.nature == .notCKAN, error.status == 400 || error.status == 409
      else { throw error }
      return try await opening(fields: [])
    }
  }

  /// Slim rows where they can be had: the newest record may be the very one that cannot be served.
  private func opening(fields: [String]) async throws(PortalError) -> Opening {
    let query = SearchQuery(
      start: 0, rows: 1, sort: "metadata_modified desc, id asc", fields: fields)
    return try await search(query) { response in
      let page = try CountedPage(response)
      return Opening(
        count: page.count, newest: page.records.censusRows.first??.metadataModified,
        date: response.date.map(Timestamp.text))
    }
  }

  /// How many datasets match.
  func count(matching filter: String = "") async throws -> Int {
    let query = SearchQuery(start: 0, rows: 0, filter: filter.isEmpty ? nil : filter)
    return try await search(query) { response in
      try CountedPage(response).count
    }
  }
}

/// What a run will read, and why; nothing when there is no query.
struct Scope: Sendable, Equatable {
  var mode: HarvestMode
  var query: WalkRecord.Query?
  var isCensusDue = false
  var why: String
  /// What the store held when this was decided.
  var inventory: Inventory?

  /// Nothing has moved since the last run.
  var isQuiet: Bool { query == nil }
}

extension Harvest {
  static let pageOrder = "id asc"

  /// The whole catalogue. A page holds at least two records, because pages overlap by one.
  var fullQuery: WalkRecord.Query {
    WalkRecord.Query(filter: "", order: Self.pageOrder, rows: max(2, options.rows))
  }

  /// Full when there is no complete run yet, when it is due or when asked; else what has moved
  /// since the checkpoint. A filter that the portal does not honor leads to a full walk, every time.
  func scope(after opening: Opening) async throws -> Scope {
    let rows = max(2, options.rows)
    let full = fullQuery
    if options.isFull { return Scope(mode: .full, query: full, why: "asked") }
    guard let last = try store.lastCompleteFullRun(), let checkpoint = try store.meta("checkpoint")
    else { return Scope(mode: .full, query: full, why: "first") }
    if let open = try store.openWalk(), open.mode == .full {
      return Scope(mode: .full, query: full, why: "unfinished")
    }
    guard !isDue(after: last, every: options.fullEvery) else {
      return Scope(mode: .full, query: full, why: "due")
    }

    guard let since = Self.lowerBound(checkpoint, less: options.overlap),
      let matching = try await honored(since: since, opening: opening)
    else {
      logger.warning(
        "The portal does not filter by metadata_modified as it should; reading everything.",
        metadata: ["reason": "filter_not_honored"])
      return Scope(mode: .full, query: full, why: "filter")
    }
    let inventory = try store.inventory(since: since.stamp)
    let known = try store.lastCompleteCount()
    let isQuiet =
      opening.count == inventory.expectedCount && matching == inventory.since
      && opening.newest.map(Self.milliseconds) == inventory.newest.map(Self.milliseconds)
      && !options.limits.areExceeded(losing: known - opening.count, of: known)
    let filtered = WalkRecord.Query(filter: since.filter, order: Self.pageOrder, rows: rows)
    return Scope(
      mode: .incremental, query: isQuiet ? nil : filtered,
      isCensusDue: isDue(after: try store.meta("census_at"), every: options.censusEvery)
        || options.acceptsDeletions,
      why: isQuiet ? "quiet" : "moved", inventory: inventory)
  }

  /// What was done last in the future was done while our clock was wrong: nobody knows when.
  private func isDue(after last: String?, every interval: Duration) -> Bool {
    guard let last = last.flatMap(Timestamp.date) else { return true }
    let age = now().timeIntervalSince(last)
    return age < 0 || age >= interval / .seconds(1)
  }

  /// The lower bound of an incremental run.
  struct Since: Sendable, Equatable {
    /// Solr compares at the millisecond and wants a `Z` (CKAN-OBSERVED.md).
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

  /// How many datasets match the filter; nil when the answers do not add up, asked twice because
  /// the catalogue may have moved in between.
  private func honored(since: Since, opening: Opening) async throws -> Int? {
    var opening = opening
    for attempt in 1...2 {
      if attempt == 2 { opening = try await portal.opening() }
      let matching = try await portal.count(matching: since.filter)
      let others = try await portal.count(matching: since.complement)
      let isNewestInside =
        opening.newest.map { Self.milliseconds($0) >= since.bound } ?? (matching > 0)
      if matching + others == opening.count, isNewestInside == (matching > 0) { return matching }
    }
    return nil
  }
}
