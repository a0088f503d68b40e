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

/// The names of a publication: a link that readers open, and the generations that it has pointed
/// to. `public/catalog.db` is the link, `public/catalog-000020044.db` the copy at seq 20044.
///
/// A generation never changes under its name. A second copy at the same seq (a label changed, and
/// no dataset did) is `catalog-000020044-2.db`.
struct PublishedFolder: Sendable {
  /// As the operator wrote it.
  let path: String
  let folder: String
  private let name: String
  private let stem: String
  private let ending: String

  init(_ path: String) {
    self.path = path
    let url = URL(fileURLWithPath: path)
    folder = url.deletingLastPathComponent().path
    name = url.lastPathComponent
    ending = url.pathExtension.isEmpty ? "" : "." + url.pathExtension
    stem = String(name.dropLast(ending.count))
  }

  var temporary: String { "\(folder)/.\(name).tmp" }
  private var temporaryLink: String { temporary + "-link" }
  var temporaryJournal: String { temporary + "-journal" }

  /// What is swept away.
  var temporaryNames: [String] { [temporary, temporaryJournal, temporaryLink] }

  /// Whether a path is, or may become, the name of a generation.
  func isGeneration(_ path: String) -> Bool {
    let place = FilePlace.named(path)
    let url = URL(fileURLWithPath: place)
    return url.deletingLastPathComponent().path
      == URL(fileURLWithPath: FilePlace.named(self.path)).deletingLastPathComponent().path
      && seq(of: url.lastPathComponent) != nil
  }

  /// The file name that the link points to; nil when there is no link yet.
  ///
  /// - Throws: `Failure` 73 when something else stands there: it is not ours to replace.
  func target() throws(Failure) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw Failure(errno: errno, "\(path) cannot be looked at") }
      return nil
    }
    // A reader that came too early may have made an empty file.
    if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { return nil }
    guard status.st_mode & S_IFMT == S_IFLNK else {
      throw Failure(
        .cannotCreate, reason: "publish",
        "\(path) is there and is no publication; it was left as it is. Move it away, or publish "
          + "under another name.")
    }
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    guard let target, seq(of: target) != nil else {
      throw Failure(
        .cannotCreate, reason: "publish",
        "\(path) is a link to \(target ?? "an unknown place"), which is no publication; it was "
          + "left as it is. Remove the link, or publish under another name.")
    }
    return target
  }

  /// A name that no generation has had while one of its seq is there.
  func newGeneration(seq: Int) -> String {
    let digits = String(seq)
    let base = stem + "-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    let taken = names().compactMap { number(of: $0, base: base) }.max() ?? 0
    return base + (taken == 0 ? "" : "-\(taken + 1)") + ending
  }

  /// Lets the link point to a generation, for all readers at once.
  func point(to generation: String) throws(Failure) {
    unlink(temporaryLink)
    try Failure.check(symlink(generation, temporaryLink), "\(temporaryLink) cannot be made")
    try Failure.check(rename(temporaryLink, path), "\(path) cannot be replaced")
  }

  /// Removes what a killed or failed publication left behind.
  func sweep() {
    for path in temporaryNames { unlink(path) }
  }

  /// Removes the oldest generations; the one that the link points to always stays.
  func prune(keep: Int) {
    let current = try? target()
    let old = names().filter { seq(of: $0) != nil && $0 != current }
      .map { (name: $0, modified: modified($0)) }
      .sorted { ($0.modified, $0.name) > ($1.modified, $1.name) }
    for generation in old.dropFirst(max(0, keep - 1)) { unlink("\(folder)/\(generation.name)") }
  }

  private func names() -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  private func modified(_ name: String) -> Date {
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
    return attributes?[.modificationDate] as? Date ?? .distantPast
  }

  /// The seq of a generation; nil for any other name.
  private func seq(of name: String) -> Int? {
    guard name.hasPrefix(stem + "-"), name.hasSuffix(ending) else { return nil }
    let parts = name.dropFirst(stem.count + 1).dropLast(ending.count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts[0].count >= 9,
      // No copy has a number so long; it could not be counted on from either.
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } && $0.count < 19 })
    else { return nil }
    return Int(parts[0])
  }

  /// 1 for `base.db`, 2 for `base-2.db`; nil for any other name.
  private func number(of name: String, base: String) -> Int? {
    guard seq(of: name) != nil, name.hasPrefix(base) else { return nil }
    let rest = name.dropFirst(base.count).dropLast(ending.count)
    return rest.isEmpty ? 1 : rest.hasPrefix("-") ? Int(rest.dropFirst()) : nil
  }
}

/// The files that a configuration names, and those whose names follow from them: no two settings may
/// mean one file, because one of them would be written over the other.
struct NamedFiles {
  /// A file by one of its names.
  private struct File {
    var setting: String
    var path: String
    /// False for what is read only: two settings may well read one file.
    var isWritten: Bool
    var identities: Set<String>

    init(_ setting: String, _ path: String, isWritten: Bool) {
      self.setting = setting
      self.path = path
      self.isWritten = isWritten
      // By its name in its folder, by where links lead, and by what is there.
      identities = [FilePlace.named(path), FilePlace.resolved(path)]
      if let inode = FilePlace.inode(path) { identities.insert("inode \(inode)") }
    }
  }

  private var files: [File] = []
  private let settings: Settings

  /// - Parameters:
  ///   - environment: for `SSL_CERT_FILE`.
  ///   - configuration: the file that the settings were read from.
  init(_ settings: Settings, environment: [String: String], configuration: String?) {
    self.settings = settings
    let database = FilePlace.resolved(settings.database.path)
    let mark = DurableFile.temporaryName(of: database + ".mark")
    add(
      "database.path", [settings.database.path, mark] + Self.sidecars.map { database + $0 })
    if let path = settings.publish.path {
      let folder = PublishedFolder(path)
      // The link that readers open, not the generation behind it: that is one of ours.
      add("publish.path", [path] + folder.temporaryNames)
    }
    if let path = settings.metrics.textfile {
      add("metrics.textfile", [path, DurableFile.temporaryName(of: FilePlace.resolved(path))])
    }
    let read = [
      ("portal.token-file", settings.portal.tokenFile),
      ("SSL_CERT_FILE", environment["SSL_CERT_FILE"]), ("the configuration file", configuration),
    ]
    for case (let setting, let path?) in read where !path.isEmpty {
      add(setting, [path], isWritten: false)
    }
  }

  private static let sidecars = ["-wal", "-shm", "-journal", ".lock", ".mark"]

  private mutating func add(_ setting: String, _ paths: [String], isWritten: Bool = true) {
    files += paths.map { File(setting, $0, isWritten: isWritten) }
  }

  /// - Throws: `Failure` 78 that names both.
  func check() throws(Failure) {
    for (index, file) in files.enumerated() {
      for other in files[..<index] where other.setting != file.setting {
        guard file.isWritten || other.isWritten,
          !file.identities.isDisjoint(with: other.identities)
        else { continue }
        throw Self.failure(
          "\(file.setting) (\(file.path)) and \(other.setting) (\(other.path)) are one file")
      }
    }
    try checkPatterns()
    try checkMetrics()
  }

  /// Names that come with numbers: published generations, and what a migration puts aside.
  private func checkPatterns() throws(Failure) {
    let backups = FilePlace.resolved(settings.database.path) + ".before-v"
    let published = settings.publish.path.map { PublishedFolder($0) }
    for file in files {
      for name in file.identities {
        if file.setting != "database.path", name.hasPrefix(backups) {
          throw Self.failure(
            "\(file.setting) (\(file.path)) has the name of a copy that a migration of database.path "
              + "leaves")
        }
        if file.setting != "publish.path", let published, published.isGeneration(name) {
          throw Self.failure(
            "\(file.setting) (\(file.path)) has the name of a published copy of publish.path")
        }
      }
    }
  }

  private func checkMetrics() throws(Failure) {
    guard let textfile = settings.metrics.textfile else { return }
    do throws(Failure) {
      try Metrics.examine(textfile)
    } catch {
      // A folder that is not there yet, or not for this user, is told at the end of the run.
      guard error.reason == "not_ours" else { return }
      throw Failure(.configuration, reason: "configuration", "metrics.textfile: \(error.message)")
    }
  }

  private static func failure(_ what: String) -> Failure {
    Failure(
      .configuration, reason: "same_file",
      "\(what); nothing was changed. Give each a file of its own.")
  }
}

extension Settings {
  /// Whether no two settings mean one file, and no file of others would be written over.
  ///
  /// - Throws: `Failure` 78.
  public func checkFiles(environment: [String: String], configuration: String?) throws(Failure) {
    try NamedFiles(self, environment: environment, configuration: configuration).check()
  }
}
