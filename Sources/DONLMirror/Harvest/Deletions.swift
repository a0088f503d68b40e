import Logging

extension Harvest {
  /// True when nothing that lived throughout the walk can be missing from what it took.
  ///
  /// Without order there are no seams to prove it; then the portal's list of names must agree.
  func isWhole(_ record: WalkRecord) async throws -> Bool {
    guard !record.walk.isOrdered else { return true }
    guard record.mode == .full else { return false }
    return try await Set(portal.packageList()) == store.namesSeen(by: record)
  }

  /// Buries the datasets that a full walk did not see, when the walk proves that they are gone.
  ///
  /// - Returns: false when the catalogue is too small to be believed; the run is then `partial`.
  func deleteUnseen(_ record: WalkRecord, into state: inout RunState) throws -> Bool {
    let unseen = try store.unseen(by: record)
    let walk = record.walk
    let live = try store.inventory(since: nil).live
    guard unseen.isEmpty || walk.count * 2 >= live else {
      state.fail(
        .partial,
        Failure(
          .temporary, reason: "collapse",
          "The portal counts \(walk.count) datasets where \(live) are known; nothing was deleted, "
            + "try again later."))
      return false
    }
    try store.forgetRejections(notSeenBy: record)
    guard !unseen.isEmpty else { return true }
    guard walk.isProven, walk.taken >= walk.count else {
      logger.warning(
        "\(unseen.count) datasets were not seen, but the walk does not prove that they are gone.",
        metadata: ["reason": "unproven"])
      return true
    }
    try store.bury(
      unseen, reason: "absent from a complete walk", run: state.record, at: stamp())
    state.tally.deleted = unseen.count
    return true
  }

  /// Reads the portal's own lists of organizations, groups and licenses. They are beside the
  /// catalogue: a portal that refuses one does not fail the run.
  func readLists() async throws {
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
