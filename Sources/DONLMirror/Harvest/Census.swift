import Logging

/// What the portal has now, by id and stamp or at least by name.
enum Census: Sendable, Equatable {
  /// From slim rows of `package_search`: the ids and stamps are in the store, under the number of
  /// this walk. `repeated` counts rows that bear the id of another one; `hasNameless` is true when
  /// some bear none.
  case index(walk: Int64, count: Int, repeated: Int, hasNameless: Bool, gaps: [Walk.Gap])
  /// From `package_list`, where the portal refuses `fl`: names, and no stamps.
  case names(Set<String>)
  /// The portal refuses both: only a full walk can tell.
  case refused
}

extension Harvest {
  /// How often a census is taken before one that is whole, and not the same as another, is believed.
  private static let censusAttempts = 3

  private var listing: IDListing {
    IDListing(portal: portal, limits: options.limits, skipLimit: options.skipLimit, logger: logger)
  }

  /// Lists the portal's ids and stamps, by the same walk that reads records.
  ///
  /// A census whose answers all count just what was listed is believed at once. One that is whole
  /// and not exact (something moved, or is counted and not served) is taken again: what a passing
  /// fault left out, the next one has; what is missing twice is missing.
  ///
  /// - Returns: nil when the list proves nothing: it is not whole, or the count fell under us.
  func takeCensus(_ state: inout RunState) async throws -> Census? {
    let known = try store.unservedCount()
    var walk = Walk(limits: options.limits)
    var number: Int64 = 0
    for attempt in 1...Self.censusAttempts {
      let query = WalkRecord.Query(filter: "", order: Self.pageOrder, rows: IDListing.rows)
      number = try store.beginCensus(query, portalDate: state.portalDate, at: stamp())
      state.censusWalk = number
      let listed: Walk?
      do {
        listed = try await listing.read(
          expecting: state.portalCount ?? 0, lesson: &state.lessons[Self.censusPages], at: stamp()
        ) { try store.note($0) }
      } catch let error as PortalError where error.reason == .skipLimit {
        listed = nil
      }
      guard let listed, listed.isOrdered else {
        try store.endCensus(number, isProven: false, at: stamp())
        // Without order there are no seams; the list of names comes in one answer.
        guard let names = try await listing.names() else { return .refused }
        state.portalCount = names.count
        return .names(names.names)
      }
      walk = listed
      state.portalCount = walk.count
      let explainsItself =
        walk.isExact || walk.isWhole && !walk.hasMoved && walk.count - walk.taken == known
      let isSame = try attempt > 1 && store.censusEqualsLast()
      if explainsItself || walk.isWhole && isSame || walk.hasCollapsed { break }
    }
    try store.endCensus(number, isProven: walk.isWhole, at: stamp())
    guard walk.isWhole else {
      logger.warning(
        "The census proves nothing; nothing will be deleted on its word.",
        metadata: ["reason": "unproven_census", "count": "\(walk.count)", "taken": "\(walk.taken)"])
      return nil
    }
    return .index(
      walk: number, count: walk.count,
      repeated: walk.taken - walk.nameless - (try store.censusSize()),
      hasNameless: walk.nameless > 0, gaps: walk.gaps)
  }

  /// Fetches what the census knows better than the store: ids that are unknown or whose stamp
  /// differs in either direction, and what is in quarantine.
  func reconcile(_ census: Census, into state: inout RunState) async throws {
    var wanted: [String] = []
    switch census {
    case .index:
      try store.forgetQuarantineAbsentFromCensus()
      wanted = try store.differingFromCensus()
    case .names(let names):
      wanted = try await ids(ofUnknown: names, into: &state)
    case .refused:
      break
    }
    // What was not served a moment ago is not asked again.
    let known = try store.unservedIDs()
    let tried = state.triedUnserved
    var served = try await fetch(wanted.filter { !known.contains($0) }, into: &state)
    served.formUnion(
      try await fetch(
        wanted.filter { known.contains($0) && !tried.contains($0) }, retries: 0, into: &state))
    state.unserved = wanted.filter { !served.contains($0) }
    try await retryQuarantine(into: &state)
  }

  /// Tries what was listed and not served again, once and without waiting. When some of it is
  /// served now, only a census can tell how things stand.
  func retryUnserved(into state: inout RunState) async throws {
    let ids = try store.unservedIDs()
    let served = try await fetch(ids.sorted(), retries: 0, into: &state)
    state.triedUnserved = ids.subtracting(served)
    if !served.isEmpty { state.isCensusDue = true }
  }

  /// Fetches the records that a walk left alone because their stamp is older than the stored one: of
  /// an id that is served twice the newest counts, wherever the pages are cut.
  func fetchPostponed(into state: inout RunState) async throws {
    _ = try await fetch(state.postponed.sorted(), as: .postponed, into: &state)
    if !state.refusesIDs { state.postponed = [] }
  }

  /// Tries the records in quarantine again.
  func retryQuarantine(into state: inout RunState) async throws {
    _ = try await fetch(try store.quarantinedIDs(notReadBy: state.record), into: &state)
  }

  /// A name that we do not know is a new dataset or a renamed one: its id says which.
  private func ids(
    ofUnknown names: Set<String>, into state: inout RunState
  ) async throws -> [String] {
    var ids: [String] = []
    state.unservedNames = []
    for name in try names.subtracting(store.liveNames()).sorted() {
      try Task.checkCancellation()
      let shown: Evidence
      do {
        shown = try await portal.packageShow(name)
      } catch {
        guard error.isAboutQuestion else { throw error }
        logger.warning(
          "The portal names \(name) and does not show it: \(error.message)",
          metadata: ["reason": "unserved", "dataset": "\(name)"])
        state.unservedNames.append(name)
        continue
      }
      // Gone meanwhile, or not for us.
      guard case .record(let bytes) = shown else { continue }
      guard let id = ShownRecord(bytes)?.id else {
        state.unservedNames.append(name)
        continue
      }
      ids.append(id)
    }
    return ids
  }

  /// Reads the records of these ids from the index, in requests of bounded length. What the portal
  /// refuses because of its length is asked in smaller pieces, down to single ids.
  ///
  /// - Parameter retries: of a request for one id.
  /// - Returns: the ids that were served.
  func fetch(
    _ ids: [String], as asked: Store.Asked = .id, retries: Int? = nil, into state: inout RunState
  ) async throws -> Set<String> {
    guard !ids.isEmpty, !state.refusesIDs else { return [] }
    var pending = IDChunks(ids, idsMax: state.lessons[Self.idChunks]?.rows ?? IDChunks.idsMax)
    var all: Set<String> = []
    var askedAgain: Set<[String]> = []
    var refusals = 0
    while let chunk = pending.next() {
      try Task.checkCancellation()
      let page: CountedPage
      do {
        page = try await self.page(of: chunk, retries: retries)
      } catch {
        guard error.isAboutQuestion else { throw error }
        // If this fails too, it is not the records: the portal is in trouble.
        _ = try await portal.count()
        if chunk.count > 1 {
          pending.split(chunk)
          if error.isRefusal || (400..<500).contains(error.status ?? 0) {
            shorten(&pending, after: chunk.count, in: &state)
          }
          continue
        }
        refusals += error.isRefusal ? 1 : 0
        if all.isEmpty, refusals >= min(ids.count, Self.refusalsMax) {
          logger.warning(
            "The portal cannot be asked by id: \(error.message)",
            metadata: ["reason": "ids_refused"])
          state.refusesIDs = true
          return []
        }
        logger.warning(
          "The portal lists \(chunk[0]) and cannot serve it: \(error.message)",
          metadata: ["reason": "unserved", "dataset": "\(chunk[0])"])
        continue
      }
      let wanted = Set(chunk)
      let ids = page.ids
      let served = ids.indices.filter { ids[$0].map(wanted.contains) ?? false }
      try storeByID(page, served, as: asked, into: &state)
      all.formUnion(served.compactMap { ids[$0] })
      let missing = wanted.subtracting(all).sorted()
      // A portal that caps its pages serves the rest when asked again; one that served nothing of
      // what it counts may have done so once.
      if page.count > served.count, !served.isEmpty || askedAgain.insert(missing).inserted {
        pending.add(missing)
      }
    }
    return all
  }

  static let idChunks = "ids"
  /// Single ids that are refused before the whole way is given up.
  private static let refusalsMax = 3

  private func shorten(_ pending: inout IDChunks, after size: Int, in state: inout RunState) {
    let half = max(1, size / 2)
    pending.shorten(to: half)
    state.lessons[Self.idChunks] = PageLesson(rows: half, failed: size, at: stamp())
  }

  /// - Throws: a refusal also when the portal answers with other records: it has ignored the filter.
  private func page(of chunk: [String], retries: Int?) async throws(PortalError) -> CountedPage {
    let query = SearchQuery(
      rows: max(2, chunk.count), sort: Self.pageOrder, filter: IDFilter.of(chunk))
    let wanted = Set(chunk)
    return try await portal.search(query, retries: chunk.count > 1 ? 1 : retries) { response in
      let page = try CountedPage.whole(response)
      guard page.ids.allSatisfy({ $0.map(wanted.contains) ?? true }) else {
        throw PortalError(
          reason: .ckanError, nature: .notCKAN,
          message: "The portal was asked for some ids and answered with others.", status: 200)
      }
      return page
    }
  }

  private func storeByID(
    _ page: CountedPage, _ indices: [Int], as asked: Store.Asked, into state: inout RunState
  ) throws {
    let batch = try batch(page, indices)
    state.tally += try store.apply(
      batch, walk: state.walk?.id ?? state.censusWalk ?? 0, askedAs: asked, run: state.record,
      at: stamp())
    try tellNews(&state)
  }
}

/// Ids in chunks that fit a URL: at most 100, and 6 kB (servers stop at 8).
struct IDChunks {
  static let idsMax = 100
  static let bytesMax = 6000

  private var idsMax: Int
  private var chunks: [[String]] = []

  init(_ ids: [String], idsMax: Int = Self.idsMax) {
    self.idsMax = max(1, min(idsMax, Self.idsMax))
    add(ids)
  }

  mutating func add(_ ids: [String]) {
    var chunk: [String] = []
    var bytes = 0
    for id in ids {
      // `"id" OR `, with each byte perhaps three after encoding.
      let size = id.utf8.count * (id.utf8.allSatisfy(\.isPlain) ? 1 : 3) + 12
      if chunk.count == idsMax || bytes + size > Self.bytesMax, !chunk.isEmpty {
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

  /// From now on no chunk is longer.
  mutating func shorten(to ids: Int) {
    guard ids < idsMax else { return }
    idsMax = ids
    let all = chunks.joined()
    chunks = []
    add(Array(all))
  }

  mutating func next() -> [String]? { chunks.popLast() }
}

/// Ids in a filter.
enum IDFilter {
  /// Quoted, in one group with a plus: a bare OR would switch the whole filter off.
  static func of(_ ids: [String]) -> String {
    "+id:(" + ids.map { "\"\(escape($0))\"" }.joined(separator: " OR ") + ")"
  }

  static func escape(_ id: String) -> String {
    id.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}

extension UInt8 {
  fileprivate var isPlain: Bool {
    self == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
  }
}
