import Logging

/// What the portal has now, by id and stamp or at least by name.
enum Census: Sendable, Equatable {
  /// From `package_search?fl=id,metadata_modified`: the ids and stamps are in the store, under
  /// the number of this walk.
  /// While a record on it does not say its id, any dataset may be that one; `repeated` are ids that
  /// stand on it once more.
  case index(walk: Int64, count: Int, namesAll: Bool, repeated: Int)
  /// From `package_list`, where the portal refuses `fl`: names, and no stamps.
  case names(Set<String>)
  /// The portal refuses both: only a full walk can tell.
  case refused
}

extension Harvest {
  /// Rows of a census page; CKAN serves no more.
  static let censusRows = 1000

  /// Lists the portal's ids and stamps, by the same walk that reads records.
  ///
  /// - Returns: nil when the list proves nothing: no order, gaps, or a count that fell under us.
  func takeCensus(_ state: inout RunState) async throws -> Census? {
    var walk = Walk(limits: options.limits)
    let query = WalkRecord.Query(filter: "", order: Self.pageOrder, rows: Self.censusRows)
    let number = try store.beginCensus(
      query, portalDate: state.portalDate, walk: walk, at: stamp())
    state.censusWalk = number
    while !walk.isFinished {
      try Task.checkCancellation()
      guard let page = try await censusPage(of: query, at: walk.nextStart) else {
        try store.endCensus(number, isProven: false, at: stamp())
        return try await namesCensus()
      }
      let rows = page.records.censusRows
      let fresh = walk.take(ids: rows.map { $0?.id }, count: page.count)
      try store.note(fresh.compactMap { rows[$0] }, of: number)
    }
    try store.endCensus(number, isProven: walk.isWhole, at: stamp())
    // Without order there are no seams; the list of names comes in one answer.
    guard walk.isOrdered else { return try await namesCensus() }
    guard walk.isWhole else {
      logger.warning(
        "The census proves nothing; nothing will be deleted on its word.",
        metadata: ["reason": "unproven_census", "count": "\(walk.count)", "taken": "\(walk.taken)"])
      return nil
    }
    let repeated = walk.taken - walk.nameless - (try store.censusSize())
    return .index(
      walk: number, count: walk.count, namesAll: walk.nameless == 0, repeated: repeated)
  }

  /// - Returns: nil when the portal refuses to answer with slim rows at all.
  private func censusPage(of query: WalkRecord.Query, at start: Int) async throws -> CountedPage? {
    do {
      return try await portal.censusPage(at: start, rows: query.rows)
    } catch {
      guard error.isRefusal, start == 0 else { throw error }
      logger.notice(
        "The portal refuses a census by id (\(error.message)); asking for its list of names.",
        metadata: ["reason": "census_refused"])
      return nil
    }
  }

  private func namesCensus() async throws -> Census {
    do {
      return .names(Set(try await portal.packageList()))
    } catch {
      guard error.isRefusal else { throw error }
      logger.warning(
        "The portal refuses its list of names too: \(error.message)",
        metadata: ["reason": "census_refused"])
      return .refused
    }
  }

  /// Fetches what the census knows better than the store: ids that are unknown or whose stamp
  /// differs in either direction, and what is in quarantine.
  func reconcile(_ census: Census, into state: inout RunState) async throws {
    var wanted: [String] = []
    switch census {
    case .index(let walk, _, _, _):
      try store.forgetQuarantine(absentFrom: walk)
      wanted = try store.differing(from: walk)
    case .names(let names):
      wanted = try await ids(ofUnknown: names)
    case .refused:
      break
    }
    let served = try await fetch(wanted, into: &state)
    state.unserved = wanted.filter { !served.contains($0) }
    try await retryQuarantine(into: &state)
  }

  /// Tries what was listed and not served again. When some of it is served now, only a census can
  /// tell how things stand.
  func retryUnserved(into state: inout RunState) async throws {
    let served = try await fetch(try store.unservedIDs(), into: &state)
    if !served.isEmpty { state.isCensusDue = true }
  }

  /// Tries the records in quarantine again.
  func retryQuarantine(into state: inout RunState) async throws {
    _ = try await fetch(try store.quarantinedIDs(notReadBy: state.record), into: &state)
  }

  /// A name that we do not know is a new dataset or a renamed one: its id says which.
  private func ids(ofUnknown names: Set<String>) async throws -> [String] {
    var ids: [String] = []
    for name in try names.subtracting(store.liveNames()).sorted() {
      try Task.checkCancellation()
      guard case .record(let bytes) = try await portal.packageShow(name),
        let id = try? Page(body: bytes.asEnvelope).id(ofRecord: 0)
      else { continue }
      ids.append(id)
    }
    return ids
  }

  /// Reads the records of these ids from the index, in requests of bounded length.
  ///
  /// - Returns: the ids that were served.
  private func fetch(_ ids: [String], into state: inout RunState) async throws -> Set<String> {
    var pending = IDChunks(ids)
    var all: Set<String> = []
    while let chunk = pending.next() {
      try Task.checkCancellation()
      let query = WalkRecord.Query(
        filter: IDChunks.filter(chunk), order: Self.pageOrder, rows: max(2, chunk.count))
      guard let page = try await page(of: query, asking: chunk, splittingInto: &pending) else {
        continue
      }
      let wanted = Set(chunk)
      let served = page.ids.indices.filter { page.ids[$0].map(wanted.contains) ?? false }
      try store(page, served, into: &state)
      all.formUnion(served.compactMap { page.ids[$0] })
      let missing = wanted.subtracting(all)
      // A portal that caps its pages serves the rest when asked again.
      if !served.isEmpty, page.count > served.count { pending.add(missing.sorted()) }
    }
    return all
  }

  /// - Returns: nil when the portal cannot serve all of the chunk: its halves are pending then, or,
  ///   where it was one id, that is told.
  private func page(
    of query: WalkRecord.Query, asking chunk: [String], splittingInto pending: inout IDChunks
  ) async throws -> CountedPage? {
    do {
      return try await portal.page(
        of: query, at: 0, rows: query.rows, retries: chunk.count > 1 ? 1 : nil)
    } catch {
      guard error.liesInContent else { throw error }
      // If this fails too, it is not the records: the portal is down.
      _ = try await portal.count()
      if chunk.count > 1 {
        pending.split(chunk)
      } else {
        logger.warning(
          "The portal lists \(chunk[0]) and cannot serve it: \(error.message)",
          metadata: ["reason": "unserved", "dataset": "\(chunk[0])"])
      }
      return nil
    }
  }

  private func store(
    _ page: CountedPage, _ indices: [Int], into state: inout RunState
  ) throws {
    let batch = read(page, indices)
    state.tally += try store.apply(
      batch, walk: state.walk?.id ?? state.censusWalk ?? 0, run: state.record, at: stamp())
    try tellNews(&state)
  }
}

/// Ids in chunks that fit a URL: at most 100, and 6 kB (servers stop at 8).
struct IDChunks {
  static let idsMax = 100
  static let bytesMax = 6000

  private var chunks: [[String]] = []

  init(_ ids: [String]) {
    add(ids)
  }

  mutating func add(_ ids: [String]) {
    var chunk: [String] = []
    var bytes = 0
    for id in ids {
      // `"id" OR `, with each byte perhaps three after encoding.
      let size = id.utf8.count * (id.utf8.allSatisfy(\.isPlain) ? 1 : 3) + 12
      if chunk.count == Self.idsMax || bytes + size > Self.bytesMax, !chunk.isEmpty {
        chunks.append(chunk)
        (chunk, bytes) = ([], 0)
      }
      chunk.append(id)
      bytes += size
    }
    if !chunk.isEmpty { chunks.append(chunk) }
  }

  mutating func split(_ chunk: [String]) {
    let middle = chunk.count / 2
    chunks.append(Array(chunk[middle...]))
    chunks.append(Array(chunk[..<middle]))
  }

  mutating func next() -> [String]? { chunks.popLast() }

  /// Quoted, in one group with a plus: a bare OR would switch the whole filter off.
  static func filter(_ ids: [String]) -> String {
    let quoted = ids.map { id in
      "\"" + id.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    return "+id:(" + quoted.joined(separator: " OR ") + ")"
  }
}

extension UInt8 {
  fileprivate var isPlain: Bool {
    self == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
  }
}

extension [UInt8] {
  /// A record as `package_show` wraps it.
  var asEnvelope: [UInt8] {
    Array(#"{"success": true, "result": "#.utf8) + self + Array("}".utf8)
  }
}

extension Portal {
  fileprivate func censusPage(at start: Int, rows: Int) async throws(PortalError) -> CountedPage {
    let query = SearchQuery(
      start: start, rows: rows, sort: Harvest.pageOrder, fields: ["id", "metadata_modified"])
    return try await search(query) { try CountedPage($0) }
  }
}

extension PortalError {
  /// The portal will not answer this question; another one it may.
  var isRefusal: Bool {
    type != nil || nature == .refused || (nature == .notCKAN && (400..<500).contains(status ?? 0))
  }
}
