import Foundation
import Logging

extension Harvest {
  /// Proves what a walk brought, settles what is gone, and decides how the run ended.
  func conclude(_ state: inout RunState) async throws {
    if let record = state.walk {
      // What is counted and compared from here on is found in them.
      if !state.hasHistory { try store.buildIndexes() }
      state.portalCount = record.walk.count
      guard !record.walk.hasCollapsed else { return state.fail(.partial, collapse(record.walk)) }
      try await fetchPostponed(into: &state)
    }
    let isFull = state.walk?.mode == .full
    if !isFull {
      try await retryQuarantine(into: &state)
      try await retryUnserved(into: &state)
      try await fetchAbsent(into: &state)
      // The count of the filtered walk is not the catalogue's.
      if state.walk != nil { state.portalCount = try await portal.count() }
    }
    let count = state.portalCount ?? 0
    let expected = try inventory(state).expectedCount
    // What a walk stepped over it has not read, and the checkpoint would leave it behind.
    let isProven = state.walk.map { $0.walk.isProven && $0.walk.isExact } ?? true
    // One that came may stand for one that went: a count that moved meanwhile tells nothing.
    let hasMoved = state.opening.map { $0.count != count } ?? false
    guard
      try isFull || count != expected || hasMoved || state.isCensusDue || !isProven
        || doubt(count: count, known: store.lastCompleteCount()) != nil
    else {
      try await reviewAbsences(into: &state)
      return complete(&state)
    }

    guard let census = try await takeCensus(&state) else {
      return state.fail(
        .partial,
        Failure(
          .temporary, reason: "unproven",
          "The portal's list of ids proves nothing today; nothing was deleted, try again later."))
    }
    if census == .refused, !isFull { try await readEverything(&state) }
    guard state.walk?.walk.hasCollapsed != true else {
      return state.fail(.partial, collapse(state.walk?.walk))
    }
    try await reconcile(census, into: &state)
    if state.refusesIDs, !state.unserved.isEmpty || !state.postponed.isEmpty {
      // What cannot be asked by id comes with all the others.
      try await readEverything(&state)
      state.postponed = []
      state.unserved = try census.isIndex ? store.differingFromCensus() : []
    }
    try await settle(census, &state)
  }

  /// Reads the whole catalogue where nothing less will do.
  private func readEverything(_ state: inout RunState) async throws {
    guard let opening = state.opening else { return }
    if let record = state.walk { try store.drop(record, at: stamp()) }
    state.mode = .full
    state.expected = opening.count
    try store.setMode(.full, of: state.record)
    try await walk(fullQuery, mode: .full, from: opening, into: &state)
    try await fetchPostponed(into: &state)
  }

  private func settle(_ census: Census, _ state: inout RunState) async throws {
    let isFull = state.walk?.mode == .full
    let candidates: [Unseen]
    var repeated = 0
    var gaps: [Walk.Gap] = []
    let isExact: Bool
    switch census {
    case .index(let number, let count, let again, let hasNameless, let missing):
      state.portalCount = count
      repeated = again
      gaps = missing
      isExact = try missing.isEmpty && !hasNameless && store.censusSize() + again == count
      try store.confirmSeen(by: number)
      // A row without an id may be any dataset; whether one is gone, package_show says of each.
      candidates = try store.unlisted()
      if !hasNameless { try store.forgetNameless(notSeenBy: state.record) }
    case .names(let names):
      candidates = try store.unlisted(in: names)
      isExact = names.count == state.portalCount
    case .refused:
      guard isFull, let record = state.walk, record.walk.isWhole else {
        return state.fail(
          .partial,
          Failure(
            .temporary, reason: "unproven",
            "The portal gives no list of its datasets, and its pages do not prove that they are "
              + "all; nothing was deleted."))
      }
      candidates = try store.unseen(by: record)
      gaps = record.walk.gaps
      isExact = record.walk.isExact && record.walk.nameless == 0
    }
    var isTrusted = true
    if let record = state.walk, isFull, !record.walk.isOrdered {
      // Without order, the list of names must be what we hold; and nothing is deleted on its word.
      guard case .names(let names) = census, try names.isSubset(of: store.liveNames()) else {
        return state.fail(.partial, disorder())
      }
      isTrusted = false
    }
    let count = state.portalCount ?? 0
    let known = try store.lastCompleteCount()
    let doubt = doubt(count: count, known: known)
    try await settle(
      candidates, count: count, doubt: doubt ?? (isTrusted ? nil : .disorder), isExact: isExact,
      into: &state)
    guard doubt == nil || state.tally.held == 0 else {
      return state.fail(
        .partial,
        Failure(
          .heldBack, reason: count == 0 ? "guard_empty" : "collapse",
          "The portal counts \(counted(count, "dataset")) where the last complete run counted \(known); "
            + "\(counted(state.tally.held, "deletion")) held. See donl-mirror status; release them with "
            + "--accept-deletions if they are right."))
    }
    if isFull { try await readLists() }
    try store.explainDifference(
      count: count, repeated: repeated, unserved: state.unserved, names: state.unservedNames,
      gaps: gaps, at: stamp())
    complete(&state)
  }

  /// Done and proven; what was held back makes it exit 3.
  private func complete(_ state: inout RunState) {
    state.checkpoint = state.walk.map(\.checkpoint) ?? state.opening?.checkpoint(now: stamp())
    state.completeAsOf = state.walk?.portalDate ?? state.portalDate
    state.outcome = .complete
  }

  private func collapse(_ walk: Walk?) -> Failure {
    let (from, to) = (walk?.highestCount ?? 0, walk?.count ?? 0)
    return Failure(
      .temporary, reason: "collapse",
      "The portal's count fell from \(from) to \(to) while we read, as it "
        + "does while its index is rebuilt; nothing was deleted, try again later.")
  }

  private func disorder() -> Failure {
    Failure(
      .temporary, reason: "unproven",
      "The portal does not serve its datasets in id order, and what it served is not what its list "
        + "names; nothing was deleted, try again later.")
  }

  /// Reads the portal's own lists of organizations, groups and licenses. They are beside the
  /// catalogue: a portal that refuses one does not fail the run.
  private func readLists() async throws {
    try await readList("organization_list") {
      try store.write(try await portal.organizations(), as: .organization, at: stamp())
    }
    try await readList("group_list") {
      try store.write(try await portal.groups(), as: .group, at: stamp())
    }
    try await readList("license_list") { try store.write(try await portal.licenses()) }
    try await readList("status_show") { try store.write(try await portal.status()) }
  }

  private func readList(_ name: String, _ read: () async throws -> Void) async throws {
    do {
      try await read()
    } catch let error as PortalError where error.nature != .interrupted {
      logger.warning(
        "\(name) could not be read: \(error)", metadata: ["reason": "\(error.reason)"])
    }
  }
}

extension Census {
  fileprivate var isIndex: Bool { if case .index = self { true } else { false } }
}
