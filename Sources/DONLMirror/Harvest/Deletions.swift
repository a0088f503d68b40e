import Foundation
import Logging

/// Why a list of what the portal has is not to be believed as a whole.
enum Doubt: Sendable, Equatable, CustomStringConvertible {
  case empty
  /// The count fell from this number by more than the limits.
  case collapse(Int)
  case disorder

  var description: String {
    switch self {
    case .empty: "the portal lists nothing at all"
    case .collapse(let known): "the portal lists far less than the \(known) it had"
    case .disorder: "the portal does not sort, so its absence proves nothing"
    }
  }
}

extension Harvest {
  /// Decides about the datasets that a proven census or walk does not list: the guard first, then
  /// evidence for each, then tombstones. What is held is listed, with its reason.
  ///
  /// - Parameters:
  ///   - count: of the portal, by the same answer.
  ///   - doubt: why the list as a whole is not to be believed.
  ///   - isExact: the list has just as many ids as the portal counts. Where it has fewer, a candidate may
  ///     be what the portal counts and does not serve, and no word of a person is enough.
  func settle(
    _ candidates: [Unseen], count: Int, doubt: Doubt?, isExact: Bool, into state: inout RunState
  ) async throws {
    let verdicts = try await judge(candidates, count: count, doubt: doubt, isExact: isExact)
    try store.bury(verdicts, isWhole: true, run: state.record, at: stamp())
    state.tally.deleted += verdicts.deleted.count
    state.tally.held = verdicts.absences.count { $0.state != .active }
    state.accepted = verdicts.reasons.values.count { $0 == Self.accepted }
    for absence in verdicts.absences where absence.state == .active {
      logger.notice(
        "\(absence.dataset.name ?? absence.dataset.id) is not in the index and still active.",
        metadata: ["reason": "index_lag", "dataset": "\(absence.dataset.id)"])
    }
    if let held = verdicts.absences.first(where: { $0.state != .active }) {
      logger.warning(
        "\(counted(state.tally.held, "deletion")) held: \(held.detail)",
        metadata: ["reason": count == 0 ? "guard_empty" : "guard_deletions"])
    }
  }

  /// The reason of a deletion that rests on the operator's word.
  private static let accepted = "accepted"
  /// Absences that a run looks at, besides those that a census shows anew.
  private static let reviewMax = 100

  /// Asks for the records of the datasets that were absent from the index and not held by the guard:
  /// one that is received is absent no more.
  func fetchAbsent(into state: inout RunState) async throws {
    let absent = try store.openAbsences(limit: Self.reviewMax)
    _ = try await fetch(absent.map(\.id), retries: 0, into: &state)
  }

  /// Asks again what becomes of those that are still absent: neither a passing failure nor an index
  /// that lags behind has the last word.
  func reviewAbsences(into state: inout RunState) async throws {
    let absent = try store.openAbsences(limit: Self.reviewMax)
    guard !absent.isEmpty else { return }
    let verdicts = try await judge(
      absent, count: state.portalCount ?? 0, doubt: nil, isExact: false)
    try store.bury(verdicts, isWhole: false, run: state.record, at: stamp())
    state.tally.deleted += verdicts.deleted.count
    state.accepted += verdicts.reasons.values.count { $0 == Self.accepted }
  }

  private func judge(
    _ candidates: [Unseen], count: Int, doubt: Doubt?, isExact: Bool
  ) async throws -> Verdicts {
    var verdicts = Verdicts()
    guard !candidates.isEmpty else { return verdicts }
    let live = try store.inventory().live
    let released = doubt == .disorder ? [] : try release(candidates, live: live, count: count)
    let rest = candidates.filter { !released.contains($0.key) }
    let recent = try store.deletions(since: Timestamp.text(now().addingTimeInterval(-86400)))
    let lost = rest.count + recent

    var asked = candidates.filter { released.contains($0.key) }
    if doubt != nil || options.limits.areExceeded(losing: lost, of: live + recent) {
      let why =
        doubt?.description
        ?? "\(lost) of \(counted(live + recent, "dataset")) would go within a day, the limits are "
        + "\(options.limits.percent)% and \(options.limits.count) "
        + "(deletions.limit-percent, deletions.limit-count)"
      verdicts.absences += rest.map {
        Verdicts.Absence(dataset: $0, state: .held, detail: why + "; see --accept-deletions.")
      }
    } else {
      asked += rest
    }
    try await gather(asked, besides: candidates, isExact: isExact, into: &verdicts)
    return verdicts
  }

  /// The keys that the guard lets pass: what an operator accepts of the list that an earlier run
  /// made, or what two censuses at least a day apart agree on, up to half of the catalogue.
  private func release(_ candidates: [Unseen], live: Int, count: Int) throws -> Set<Int64> {
    let held = try store.heldDeletions()
    let listed = candidates.filter { held[$0.key] != nil }
    if options.acceptsDeletions { return Set(listed.map(\.key)) }
    let aDayAgo = Timestamp.text(now().addingTimeInterval(-86400))
    let ripe = listed.filter { held[$0.key].map { $0 <= aDayAgo } ?? false }
    guard count > 0, ripe.count * 2 <= live else { return [] }
    return Set(ripe.map(\.key))
  }

  /// Asks the portal about each: only CKAN's own word is evidence, and only while the portal
  /// answers for a dataset that is there.
  private func gather(
    _ asked: [Unseen], besides candidates: [Unseen], isExact: Bool, into verdicts: inout Verdicts
  ) async throws {
    guard !asked.isEmpty else { return }
    // Missed by a proven census before this one: then a person may vouch for them.
    let known = options.acceptsDeletions && isExact ? try store.heldDeletions() : [:]
    let control = try await control(besides: candidates)
    guard control == .held else {
      for dataset in asked {
        if control == .notOffered, known[dataset.key] != nil {
          verdicts.deleted.append(dataset)
          verdicts.reasons[dataset.key] = Self.accepted
        } else {
          verdicts.absences.append(
            Verdicts.Absence(
              dataset: dataset, state: .unclear,
              detail: "package_show does not even answer for a dataset that is there"
                + (options.acceptsDeletions && !isExact
                  ? ", and the portal counts records that it does not list." : ".")))
        }
      }
      return
    }
    for dataset in asked {
      try Task.checkCancellation()
      switch try await evidence(of: dataset) {
      case .gone(let reason):
        verdicts.deleted.append(dataset)
        verdicts.reasons[dataset.key] = reason
      case .active:
        verdicts.absences.append(
          Verdicts.Absence(
            dataset: dataset, state: .active, detail: "package_show says that it is active."))
      case .none(let detail):
        verdicts.absences.append(
          Verdicts.Absence(dataset: dataset, state: .unclear, detail: detail))
      }
    }
  }

  private enum Finding {
    case gone(reason: String)
    case active
    case none(String)
  }

  private func evidence(of dataset: Unseen) async throws -> Finding {
    let evidence: Evidence
    do {
      evidence = try await portal.packageShow(dataset.id)
    } catch {
      guard error.isAboutOneAnswer else { throw error }
      return .none("package_show gave no evidence: \(error.message)")
    }
    switch evidence {
    case .notFound: return .gone(reason: "not_found")
    case .notAuthorized: return .gone(reason: "not_authorized")
    case .record(let bytes):
      guard let shown = ShownRecord(bytes), shown.id == dataset.id else {
        return .none("package_show answered with another record.")
      }
      return shown.hidden.map { .gone(reason: $0) } ?? .active
    }
  }

  /// What package_show says of a dataset that is there.
  private enum Control {
    case held
    /// It answers, and not as CKAN does: the portal does not offer it.
    case notOffered
    /// It did not answer this time, or there is no dataset to ask for.
    case unknown
  }

  private func control(besides candidates: [Unseen]) async throws -> Control {
    guard let id = try store.control(besides: candidates) else { return .unknown }
    do {
      guard case .record(let bytes) = try await portal.packageShow(id) else { return .notOffered }
      return ShownRecord(bytes)?.id == id ? .held : .notOffered
    } catch {
      guard error.isAboutOneAnswer else { throw error }
      logger.warning(
        "The control of the evidence failed: \(error.message)",
        metadata: ["reason": "\(error.reason)"])
      return error.isAboutQuestion ? .notOffered : .unknown
    }
  }
}

/// What `package_show` says of a dataset: evidence only, never stored or hashed.
///
/// Only three members are looked at, wherever else the record may be broken.
struct ShownRecord: Sendable, Equatable {
  var id: String
  /// In lower case; nil when the record does not say, or says it otherwise than as text.
  var state: String?
  var isPrivate: Bool

  init?(_ record: [UInt8]) {
    let read = record.withView { bytes in
      let scanner = PageScanner(bytes: bytes)
      return (
        scanner.id, scanner.string(named: "state"), scanner.value(named: "private"),
        scanner.string(named: "private"), scanner.string(named: "capacity")
      )
    }
    guard let id = read.0 else { return nil }
    func word(_ bytes: [UInt8]?) -> String? {
      bytes.map { String(decoding: $0, as: UTF8.self).lowercased() }
    }
    self.id = id
    state = word(read.1).flatMap { $0.isEmpty ? nil : $0 }
    // Old CKAN says it in text, or by the capacity of the dataset in its organization.
    isPrivate =
      ["true", "1"].contains(word(read.2)) || ["true", "1", "yes"].contains(word(read.3))
      || word(read.4) == "private"
  }

  /// Why the public does not see it, as the reason of a deletion; nil when it does. CKAN always says
  /// the state; a portal that does not shows what it serves.
  var hidden: String? {
    if let state, state != "active" { return "state_\(state)" }
    return isPrivate ? "private" : nil
  }
}
