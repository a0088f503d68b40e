import Logging

/// How large the pages are that a walk asks for: halved where a page cannot be served, doubled
/// again where it can.
struct PageSize {
  let asked: Int
  private(set) var rows: Int

  init(_ asked: Int) {
    self.asked = asked
    rows = asked
  }

  var isReduced: Bool { rows < asked }

  /// Half, by way of 2 to 1.
  mutating func halve() { rows = rows > 3 ? rows / 2 : rows - 1 }
  /// Behind a record that was stepped over: two, so that pages can overlap again.
  mutating func restart() { rows = min(asked, 2) }
  mutating func grow() { rows = min(asked, rows * 2) }
}

extension Harvest {
  /// Reads what can be read where a whole page cannot, down to the one record that is at fault.
  ///
  /// - Returns: a page from `start` on, or nil when a record was stepped over.
  /// - Throws: the error itself when it does not lie in the content of the page, or when the portal
  ///   cannot even count; a temporary `PortalError` beyond `portal.skip-limit`.
  func isolate(
    at start: Int, after error: PortalError, in record: inout WalkRecord, size: inout PageSize,
    into state: inout RunState
  ) async throws -> CountedPage? {
    guard error.liesInContent else { throw error }
    // If this fails too, it is not the page: the portal is down.
    let count = try await portal.count(matching: record.query.filter)
    logger.warning(
      "The page at \(start) cannot be served; asking for less: \(error.message)",
      metadata: ["reason": "\(error.reason)"])
    var cause = error
    while size.rows > 1 {
      size.halve()
      do {
        let page = try await portal.page(
          of: record.query, at: start, rows: size.rows, retries: size.rows > 1 ? 0 : nil)
        // Two could not be served and one can: the next is at fault, unless nothing follows.
        guard size.rows == 1, !page.ids.isEmpty, start + 1 < page.count else { return page }
        if start == 0 || record.walk.lastID == nil { return page }
        size.restart()
        return try stepOver(start + 1, count, because: cause, in: &record, into: &state)
      } catch let error as PortalError where error.liesInContent {
        cause = error
      }
    }
    size.restart()
    return try stepOver(start, count, because: cause, in: &record, into: &state)
  }

  private func stepOver(
    _ offset: Int, _ count: Int, because error: PortalError, in record: inout WalkRecord,
    into state: inout RunState
  ) throws -> CountedPage? {
    state.steppedOver += 1
    guard state.steppedOver <= options.skipLimit else {
      throw PortalError(
        reason: .skipLimit, nature: .temporary,
        message: "More than \(options.skipLimit) records cannot be served (portal.skip-limit); "
          + "the last at offset \(offset): \(error.message)")
    }
    logger.warning(
      "The record at offset \(offset) cannot be served and was stepped over: \(error.message)",
      metadata: ["reason": "unserved", "offset": "\(offset)"])
    record.walk.stepOver(offset, count: count)
    state.unprovenStep = offset
    return nil
  }

  /// After a step over offset p, the record at p - 1 must still be the last one taken.
  func isStepProven(_ record: WalkRecord, _ state: inout RunState) async throws -> Bool {
    guard let offset = state.unprovenStep else { return true }
    state.unprovenStep = nil
    guard offset > 0, let lastID = record.walk.lastID else { return true }
    let page = try await portal.page(of: record.query, at: offset - 1, rows: 1)
    return page.ids == [lastID]
  }
}

extension PortalError {
  /// The failure may be that of one record in the page: asked for less, the portal may answer.
  var liesInContent: Bool {
    switch reason {
    case .tooLarge, .truncated, .truncatedJSON, .badEncoding, .reset, .total, .idle, .firstByte,
      .lowSpeed:
      true
    case .ckanError: nature == .temporary
    default: status.map { $0 >= 500 && $0 != 503 } ?? false
    }
  }
}

extension PortalError.Reason {
  static let skipLimit = Self(rawValue: "skip_limit")
}
