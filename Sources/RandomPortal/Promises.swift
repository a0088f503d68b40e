import DONLMirror
import Foundation

/// A promise that was broken.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
  public enum Promise: String, Sendable, CaseIterable {
    /// What the portal served throughout stays.
    case lost
    /// Deleted with evidence, and only what is gone.
    case deleted
    /// `complete` means that what was served throughout is there.
    case missing
    /// A walk that is called whole has read what was served throughout.
    case unread
    /// `complete` means that what is gone is gone here, or named as absent.
    case surplus
    /// `complete` means that the records are the portal's.
    case outdated
    /// What the summary says, the ledger says; and the exit code fits.
    case ledger
    /// A run that met nothing wrong is complete.
    case unfinished
    /// After all faults have ended, the next run makes the mirror equal.
    case unrecovered
    /// The requests of a run are bounded.
    case endless
    /// The job ends as a run, in time and without an error.
    case thrown
    /// What `donl-mirror check` looks at holds.
    case check
    /// An earlier state does not follow from the present one and the feed.
    case forgotten
  }

  public var promise: Promise
  public var detail: String
  /// The reason that the run gave; tells apart what breaks one promise in two ways.
  var reason: String?

  init(_ promise: Promise, _ detail: String, reason: String? = nil) {
    self.promise = promise
    self.detail = detail
    self.reason = reason
  }

  func isLike(_ other: Violation) -> Bool {
    promise == other.promise && reason == other.reason
  }

  public var description: String { "\(promise.rawValue): \(detail)" }
}

/// What must hold after a run.
struct Verdict {
  var run: Witness
  var before: MirrorState
  var after: MirrorState
  var summary: RunSummary
  /// Also an incremental run without a census must have seen everything.
  var isHonest: Bool
  var silentEdits: Set<String>
  var quirk: Quirk?
  var accepts: Bool
  var skipLimit: Int

  func violation(except ignored: Set<Violation.Promise>) -> Violation? {
    let all = [
      nothingLost(), nothingDeletedWithoutEvidence(), ledgerTells(), wholeIsRead(),
      completeIsEqual(), soundIsComplete(), bounded(),
    ]
    return all.lazy.compactMap(\.self).first { !ignored.contains($0.promise) }
  }

  private var deleted: Set<String> { Set(after.deleted[summary.id] ?? []) }

  /// What an operator may release where the portal does not offer `package_show`: what an earlier
  /// run held, the index does not hold, and no answer contradicts.
  private var released: Set<String> {
    guard accepts else { return [] }
    return Set(before.absences.keys).subtracting(run.confirmed).subtracting(run.indexedEver)
  }

  private func nothingLost() -> Violation? {
    let lost = before.live.subtracting(after.live).intersection(run.listedThroughout)
      .subtracting(released)
    guard lost.isEmpty else {
      return Violation(.lost, "\(list(lost)) lived throughout and went")
    }
    let unsaid = before.live.subtracting(after.live).subtracting(deleted)
    return unsaid.isEmpty ? nil : Violation(.lost, "\(list(unsaid)) went, and the feed is silent")
  }

  private func nothingDeletedWithoutEvidence() -> Violation? {
    let alive = deleted.intersection(run.listedThroughout).subtracting(released)
    guard alive.isEmpty else {
      return Violation(.deleted, "\(list(alive)) was deleted and is active")
    }
    let unproven = deleted.subtracting(run.evidence).subtracting(released)
    guard unproven.isEmpty else {
      return Violation(.deleted, "\(list(unproven)) was deleted without a word of package_show")
    }
    return nil
  }

  private func ledgerTells() -> Violation? {
    guard let row = after.runs[summary.id] else {
      return Violation(.ledger, "run \(summary.id) has no row")
    }
    let tally = summary.tally
    let told = [
      "created": tally.created, "updated": tally.updated, "touched": tally.touched,
      "unchanged": tally.unchanged, "deleted": tally.deleted, "held": tally.held,
      "rejected": tally.rejected,
    ]
    if row.outcome != summary.outcome.rawValue
      || row.exitCode != Int(summary.exitStatus.rawValue) || row.reason != summary.reason
      || row.requests != summary.requests
    {
      return Violation(.ledger, "the row says \(row), the summary \(summary.outcome) otherwise")
    }
    let differing = told.filter { row.counters[$0.key] != $0.value }.keys.sorted()
    if !differing.isEmpty {
      let pairs = differing.map {
        "\($0) \(row.counters[$0] ?? -1), the summary \(told[$0] ?? -1)"
      }
      return Violation(.ledger, "the row says \(pairs.joined(separator: "; "))")
    }
    if let open = after.runs.first(where: { $0.value.outcome == "running" }) {
      return Violation(.ledger, "the row of run \(open.key) is still running")
    }
    if tally.deleted != deleted.count {
      return Violation(.ledger, "\(tally.deleted) deleted, the feed tells of \(deleted.count)")
    }
    let exits: [ExitStatus] =
      switch summary.outcome {
      case .complete: [.done, .heldBack]
      case .partial: [.heldBack, .temporary, .notCKAN]
      case .failed: [.refused, .temporary, .notCKAN]
      case .interrupted, .running: []
      }
    guard exits.contains(summary.exitStatus) else {
      return Violation(.ledger, "\(summary.outcome) with exit code \(summary.exitStatus.rawValue)")
    }
    let held = after.absences.filter { $0.value != "active" }
    if summary.exitStatus == .done,
      !held.isEmpty || !after.rejected.isEmpty || after.unservedCount > 0
    {
      return Violation(
        .ledger,
        "exit 0 with \(held.count) held, \(after.rejected.count) rejected, "
          + "\(after.unservedCount) unserved")
    }
    return nil
  }

  /// What the census, or a fetch by id, makes good is no merit of the walk.
  private func wholeIsRead() -> Violation? {
    guard let walk = after.walks[summary.id], walk.isWhole, walk.gaps.isEmpty, run.firstPage == 0,
      run.lies == 0, !run.hasDoubles
    else { return nil }
    let unread = run.servedThroughout.subtracting(run.read)
    return unread.isEmpty
      ? nil : Violation(.unread, "the walk of run \(summary.id) is whole without \(list(unread))")
  }

  private func completeIsEqual() -> Violation? {
    guard summary.outcome == .complete else { return nil }
    let isSeenByCounts = isHonest && run.lies == 0 && !run.hasMoved
    guard summary.mode == .full || run.hasAskedForCensus || isSeenByCounts else { return nil }
    let kind = "\(summary.mode.rawValue) run \(summary.id) is complete (\(run.lies) lies)"
    // One answer that contradicts others is found out; two may bear each other out.
    let mayBeDeceived = run.lies > 1 || run.hasConsistentLie
    var missing = run.servedThroughout.subtracting(after.live)
      .subtracting(after.unserved).subtracting(after.rejected)
    // A list of names tells no ids.
    missing = missing.filter { id in !after.unservedDetails.contains { $0.contains("n-\(id)") } }
    if mayBeDeceived { missing.subtract(run.hiddenByLies) }
    guard missing.isEmpty else {
      return Violation(.missing, "\(kind) without \(list(missing))")
    }
    var surplus = after.live.subtracting(run.indexedEver).subtracting(after.absences.keys)
    if mayBeDeceived { surplus.subtract(run.inventedByLies) }
    if run.hasAskedForNames {
      // A list of names knows nothing of the index, and names can move from one to another.
      surplus = surplus.filter { !run.namesEver.contains(after.names[$0] ?? "") }
    }
    guard surplus.isEmpty else {
      return Violation(.surplus, "\(kind) with \(list(surplus)), which the index does not hold")
    }
    guard !run.hasConsistentLie, !run.hasAskedForNames else { return nil }
    if run.lies == 0 {
      let present = run.servedThroughout.intersection(after.absences.keys)
      guard present.isEmpty else {
        return Violation(.surplus, "\(kind) and calls \(list(present)) absent, which is served")
      }
    }
    // What moved no stamp is seen by a walk that reads everything, from the beginning.
    let readsAll = summary.mode == .full && run.firstPage == 0 && run.lies == 0
    let unseen = readsAll ? [] : silentEdits
    let outdated = run.servedThroughout.subtracting(unseen).filter { id in
      guard let record = run.constant[id], let mine = after.records[id] else { return false }
      return record != mine && !after.unserved.contains(id)
    }
    guard outdated.isEmpty else {
      return Violation(.outdated, "\(kind) with an old version of \(list(Set(outdated)))")
    }
    return nil
  }

  /// Nothing went wrong, and the catalogue lay still.
  private func soundIsComplete() -> Violation? {
    guard run.mishaps == 0, !run.hasMoved, run.oddEver.count <= skipLimit, !run.hasDoubles else {
      return nil
    }
    if summary.outcome == .complete { return nil }
    if let quirk, !quirk.canBeWorkedAround || !run.isSoundThroughout { return nil }
    // A portal that counts and serves nothing at all may be taken for none.
    if run.servedThroughout.isEmpty, run.countMax > 0 { return nil }
    let guards = ["guard_empty", "collapse"]
    if summary.outcome == .partial, guards.contains(summary.reason ?? ""), summary.tally.held > 0 {
      return nil
    }
    return Violation(
      .unfinished,
      "nothing was wrong, and the run is \(summary.outcome.rawValue): \(summary.reason ?? "-"), "
        + "\(summary.message ?? "-") [\(quirk.map { "\($0)" } ?? "no quirk")]",
      reason: summary.reason)
  }

  private func bounded() -> Violation? {
    run.isEndless
      ? Violation(.endless, "more than \(run.requestsMax) requests in one run") : nil
  }

  private func list(_ ids: Set<String>) -> String { ids.sorted().joined(separator: " ") }
}
