import Foundation
import Synchronization

/// Which state of the feed the last run left. It stands beside the database, in `DB.mark`, and the
/// database names its state too (`meta.feed_state`): an older copy that is put back names another
/// one. Then the feed begins a new epoch, because the same numbers will tell of other changes.
///
/// A run enters a new state twice, when it begins and when it ends. Each time
///
///     mark: A, and B is next ▸ database: B ▸ mark: B
///
/// so that the mark knows the state of the database, at whatever point the process is killed. In
/// between it notes how far the feed has come, page by page; the database may be ahead of that.
struct FeedMark: Sendable, Equatable {
  var epoch: String
  /// The feed had come so far, at least.
  var seq: Int
  var state: String
  /// The state that is being entered.
  var next: String?

  /// Of a database that no run has marked yet.
  static let noState = "-"
  /// Of no database.
  static let unknownState = "?"

  static func path(beside database: String) -> String { FilePlace.resolved(database) + ".mark" }

  static func exists(beside database: String) -> Bool {
    access(path(beside: database), F_OK) == 0
  }

  /// - Throws: `Failure` 73 when what stands there is no mark of ours.
  static func read(beside database: String) throws(Failure) -> FeedMark? {
    let path = path(beside: database)
    try DurableFile.refuseForeign(path, head: head)
    guard let bytes = try DurableFile.beginning(of: path, bytes: bytesMax) else { return nil }
    var values: [Substring: String] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ")
      if words.count == 2 { values[words[0]] = String(words[1]) }
    }
    guard let epoch = values["epoch"], let seq = values["seq"].flatMap({ Int($0) }),
      let state = values["state"]
    else { return nil }
    return FeedMark(epoch: epoch, seq: seq, state: state, next: values["next"])
  }

  func write(beside database: String, isDurable: Bool = true) throws(Failure) {
    let text =
      "\(Self.head)epoch \(epoch)\nseq \(seq)\nstate \(state)\n"
      + (next.map { "next \($0)\n" } ?? "")
    try DurableFile.write(
      text, to: Self.path(beside: database), mode: 0o600, head: Self.head, isDurable: isDurable)
  }

  private static let head = "donl-mirror feed mark\n"
  private static let bytesMax = 1000

  /// Whether a database is in the state that this tells of, or further in the same.
  private func fits(_ found: FeedState) -> Bool {
    let state = found.state ?? Self.noState
    guard state == self.state || state == next else { return false }
    return found.epoch != epoch || found.seq >= seq
  }

  /// - Parameter isBehindCopy: whether the published copy has come further.
  static func doubt(
    _ found: FeedState, beside database: String, isBehindCopy: Bool
  ) throws(Failure) -> FeedDoubt? {
    let mark = try read(beside: database)
    if found.isNew, mark?.epoch != found.epoch { return nil }
    if isBehindCopy { return .publishedAhead }
    if let mark { return mark.fits(found) ? nil : .otherState }
    guard found.state == nil else { return .noMark }
    // What earlier versions left.
    guard let old = HarvestLock.legacyMark(beside: database) else { return nil }
    return old.epoch == found.epoch && old.seq > found.seq ? .otherState : nil
  }
}

/// Keeps the mark of a database while a run works on it. The caller holds the `HarvestLock`.
final class FeedKeeper: Sendable {
  private let store: Store
  /// `publish.path`.
  private let published: String?
  private let noted = Mutex<FeedMark?>(nil)

  init(store: Store, published: String?) {
    self.store = store
    self.published = published
  }

  /// Enters the state of this run, and a new epoch when the database is not the one that the last
  /// run left.
  ///
  /// - Returns: why there is a new epoch; nil when there is none.
  func begin() throws -> FeedDoubt? {
    let found = try store.feedState()
    let copy = MirrorReader.feedState(ofCopyAt: published)
    let isBehind = try copy.map { try found.isBehind($0, startOfRun: store.startOfRun) } ?? false
    let doubt = try FeedMark.doubt(found, beside: store.path, isBehindCopy: isBehind)
    let next = UUID().uuidString.lowercased()
    var mark = FeedMark(
      epoch: found.epoch, seq: found.seq, state: found.state ?? FeedMark.noState, next: next)
    if doubt != nil {
      // Killed before the database begins the new epoch, the doubt must stay.
      mark.state = FeedMark.unknownState
    }
    try mark.write(beside: store.path)
    guard doubt != nil else {
      try store.enter(next)
      return nil
    }
    var former = found.formerEpochs + [found.epoch]
    if let copy, isBehind { former += copy.formerEpochs + [copy.epoch] }
    try store.enter(next, endingEpochs: Array(former.uniqued().suffix(Self.formerEpochsMax)))
    return doubt
  }

  /// Notes how far the feed has come. After a power cut the database may be behind that, and then it
  /// is not what readers have seen.
  func note() {
    guard let found = try? store.feedState(), let state = found.state else { return }
    let mark = FeedMark(epoch: found.epoch, seq: found.seq, state: state)
    noted.withLock { noted in
      guard noted != mark, (try? mark.write(beside: store.path, isDurable: false)) != nil else {
        return
      }
      noted = mark
    }
  }

  /// Enters the state that this run leaves.
  func end() throws {
    let found = try store.feedState()
    let next = UUID().uuidString.lowercased()
    var mark = FeedMark(
      epoch: found.epoch, seq: found.seq, state: found.state ?? FeedMark.noState, next: next)
    try mark.write(beside: store.path)
    try store.enter(next)
    mark.state = next
    mark.next = nil
    try mark.write(beside: store.path)
  }

  private static let formerEpochsMax = 100
}

extension Sequence where Element: Hashable {
  /// Each element once, where it came last.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return reversed().filter { seen.insert($0).inserted }.reversed()
  }
}
