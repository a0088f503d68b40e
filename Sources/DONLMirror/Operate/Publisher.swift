import Foundation

/// Writes the read-only copy that everybody may open, and never breaks the one that is there.
///
/// The copy is written beside its place, checked, synced, and only then named; the link moves last.
/// Whatever fails on the way leaves readers with what they had.
public struct Publisher: Sendable {
  private let place: PublishedFolder
  private let keep: Int
  /// While nothing changes, the copy is renewed when its `complete_as_of` is older than this, so
  /// that those who see only the copy see that the mirror is alive.
  private let renewAfter: Duration
  /// Called while a copy is written: the work goes on.
  var beat: @Sendable () -> Void = {}

  /// Of the copy: readable by all, writable by nobody.
  private static let mode: mode_t = 0o444

  /// - Returns: nil when `publish.path` is not set.
  public init?(_ settings: Settings) {
    guard let path = settings.publish.path else { return nil }
    place = PublishedFolder(path)
    keep = settings.publish.keep
    renewAfter = settings.health.maxAge / 2
  }

  /// Removes what a killed publication left. The caller holds the `HarvestLock`.
  func sweep() { place.sweep() }

  /// Publishes the mirror's state, or finds that it is published already. The caller holds the
  /// `HarvestLock`, so that no run is under way.
  ///
  /// - Throws: `Failure`: 75 when the state is not that of a complete run, or not the one that the
  ///   last run left; 65 when the mirror is damaged, 78 when the place holds a copy of another
  ///   portal, 73, 74, 77 as the place says;
  ///   `CancellationError`.
  public func publish(_ mirror: MirrorReader) async throws -> Publication {
    place.sweep()
    try examineFolder()
    let edition = try mirror.edition()
    guard edition.isProven else { throw unproven(mirror, edition) }
    try refuseDoubtful(mirror)
    if try place.target() != nil, let published = try? Publication.edition(at: place.path) {
      // The same feed goes on when its portal has moved (--rebind).
      guard published.source == edition.source || published.epoch == edition.epoch else {
        throw Failure(
          .configuration, reason: "other_portal",
          "\(place.path) holds a copy of \(published.source ?? "another portal"), not of "
            + "\(edition.source ?? "this one"); it was left as it is. Publish under another name.")
      }
      if published.holdsTheSame(as: edition), !isDue(published, edition) {
        return try Publication(at: place.path)
      }
    }
    defer { place.sweep() }
    try await write(mirror, edition)
    place.prune(keep: keep)
    var publication = try Publication(at: place.path)
    publication.isNew = true
    return publication
  }

  /// Throws 75 when the mirror is not the state that the last run left: a new epoch is due.
  private func refuseDoubtful(_ mirror: MirrorReader) throws {
    let found = try mirror.feedState()
    let copy = MirrorReader.feedState(ofCopyAt: place.path)
    let isBehind = try copy.map { try found.isBehind($0, startOfRun: mirror.startOfRun) } ?? false
    let doubt = try FeedMark.doubt(found, beside: mirror.path, isBehindCopy: isBehind)
    // Without a mark the copy that is there decides, and it is not ahead.
    guard let doubt, doubt != .noMark else { return }
    if doubt == .publishedAhead {
      // The next run may know nothing of this place, and must not go on in this epoch either.
      try? FeedMark(epoch: found.epoch, seq: found.seq, state: FeedMark.unknownState)
        .write(beside: mirror.path)
    }
    throw Failure(
      .temporary, reason: "epoch",
      "\(mirror.path) \(doubt.why). It is published after the next run, which begins a new epoch; "
        + "\(place.path) stays as it is until then.")
  }

  private func write(_ mirror: MirrorReader, _ edition: Edition) async throws {
    try reserve()
    try await mirror.writeCopy(to: place.temporary, beat: beat)
    try Task.checkCancellation()
    let copy = try MirrorReader(path: place.temporary)
    let isSame = try copy.edition() == edition
    copy.close()
    guard isSame else {
      throw Failure(
        .inputOutput, reason: "publish",
        "The copy of \(mirror.path) is not what it was copied from; it was not published.")
    }
    let file = open(place.temporary, O_RDONLY | O_CLOEXEC)
    try Failure.check(file, "\(place.temporary) cannot be opened")
    defer { close(file) }
    try DurableFile.seal(file, path: place.temporary, mode: Self.mode)
    let generation = place.newGeneration(seq: edition.seq)
    let path = "\(place.folder)/\(generation)"
    try Failure.check(rename(place.temporary, path), "\(path) cannot be made")
    // The copy must be there before the link that says so.
    try DurableFile.sync(place.folder)
    try place.point(to: generation)
    try DurableFile.sync(place.folder)
  }

  /// SQLite says only "cannot open" when there is no place for its files; the kernel says why.
  private func reserve() throws(Failure) {
    for path in [place.temporary, place.temporaryJournal] {
      close(try DurableFile.create(path))
    }
  }

  private func examineFolder() throws(Failure) {
    var status = stat()
    try Failure.check(
      stat(place.folder, &status), "The folder \(place.folder), where to publish, is not there")
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(errno: ENOTDIR, "\(place.folder), where to publish, is no folder")
    }
    try Failure.check(
      access(place.folder, W_OK | X_OK), "\(place.folder), where to publish, cannot be written")
  }

  private func isDue(_ published: Edition, _ edition: Edition) -> Bool {
    guard let old = published.completeAsOf.flatMap(Timestamp.date),
      let new = edition.completeAsOf.flatMap(Timestamp.date)
    else { return published.completeAsOf != edition.completeAsOf }
    // One from the future says only that the portal's clock was wrong.
    return new < old || new.timeIntervalSince(old) > renewAfter / .seconds(1)
  }

  private func unproven(_ mirror: MirrorReader, _ edition: Edition) -> Failure {
    guard edition.completeAsOf != nil else {
      return Failure(
        .noDatabase, reason: "no_database",
        "No run into \(mirror.path) has completed yet, so there is nothing to publish; run "
          + "donl-mirror harvest.")
    }
    return Failure(
      .temporary, reason: "unproven",
      "\(mirror.path) holds what a run stored that was not complete; it is published after the "
        + "next complete run, and \(place.path) stays as it is until then.")
  }
}
