import Logging

/// Lists the ids and stamps of the whole catalogue in slim rows: the same for a census and for
/// `check --portal`.
struct IDListing: Sendable {
  let portal: Portal
  let limits: DeletionLimits
  let skipLimit: Int
  let logger: Logger

  /// Records a page; CKAN serves no more.
  static let rows = 1000
  private static let fields = ["id", "metadata_modified"]

  /// Reads the listing to its end.
  ///
  /// - Parameters:
  ///   - count: what the portal counted last; 0 when that is not known.
  ///   - lesson: the size of page that works, and what becomes of it.
  ///   - begin: called before the first page, and whenever the listing begins again.
  ///   - note: gets the rows that are new.
  /// - Returns: the walk, which says what the listing proves; nil when the portal does not list its
  ///   datasets in slim rows at all.
  func read(
    expecting count: Int, lesson: inout PageLesson?, at now: String,
    note: ([CensusRow]) throws -> Void
  ) async throws -> Walk? {
    var walk = Walk(limits: limits, expecting: count)
    var reader = PageReader(
      .init(filter: "", order: Harvest.pageOrder, fields: Self.fields), of: portal,
      size: PageSize(Self.rows, lesson: lesson), skipLimit: skipLimit, logger: logger)
    defer { lesson = reader.size.lesson(at: now) }
    repeat {
      while !walk.isFinished {
        try Task.checkCancellation()
        let arrival = await reader.ask(walk)
        if walk.largestPage == 0, case .failure(let error) = arrival,
          try await isRefused(error, by: reader, walk)
        {
          return nil
        }
        guard let (page, fresh) = try await reader.settle(arrival, in: &walk) else { continue }
        let rows = page.records.censusRows
        try note(fresh.compactMap { rows[$0] })
      }
    } while try await reader.goOnByKey(&walk)
    return walk
  }

  /// A first page that cannot be had: too large, or slim rows are not to be had at all?
  private func isRefused(
    _ error: PortalError, by reader: PageReader, _ walk: Walk
  ) async throws -> Bool {
    guard error.isAboutQuestion else { throw error }
    if case .success = await reader.ask(walk, rows: 2, retries: 1) { return false }
    _ = try await portal.count()
    logger.notice(
      "The portal refuses a census by id (\(error.message)); asking for its list of names.",
      metadata: ["reason": "census_refused"])
    return true
  }

  // MARK: - Names

  /// The names of all datasets, where the portal gives them.
  ///
  /// A portal may list some of them only unless asked for more, and says so nowhere; so a list that
  /// is shorter than the portal's own count is none.
  ///
  /// - Returns: the names, and how many datasets the portal counts; nil when it refuses, or what it
  ///   lists is too short.
  func names() async throws -> (names: Set<String>, count: Int)? {
    var names: Set<String> = []
    do {
      names = Set(try await portal.packageList())
    } catch {
      guard error.isAboutQuestion else { throw error }
      logger.notice(
        "The portal does not give its list of names at once: \(error.message)",
        metadata: ["reason": "\(error.reason)"])
    }
    let count = try await portal.count()
    if names.count < count { names.formUnion(try await namesByPage(upTo: count)) }
    guard names.count >= count else {
      logger.warning(
        "The portal counts \(counted(count, "dataset")) and names only \(names.count), which proves nothing.",
        metadata: ["reason": "census_refused"])
      return nil
    }
    return (names, count)
  }

  private func namesByPage(upTo count: Int) async throws -> Set<String> {
    var names: Set<String> = []
    var (offset, limit) = (0, Self.rows)
    while names.count < count {
      try Task.checkCancellation()
      do {
        let page = try await portal.packageList(limit: limit, offset: offset)
        let known = names.count
        names.formUnion(page)
        // Some portals ignore the offset and begin again.
        guard names.count > known else { return names }
        offset += page.count
      } catch {
        guard error.isAboutQuestion else { throw error }
        guard limit > Self.smallestNamesPage else { return names }
        limit /= 10
      }
    }
    return names
  }

  private static let smallestNamesPage = 10
}
