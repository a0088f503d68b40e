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

/// What was decided about the datasets that the portal no longer lists.
struct Verdicts: Sendable, Equatable {
  var deleted: [Unseen] = []
  /// Why each deleted dataset is known to be gone, by key.
  var reasons: [Int64: String] = [:]
  var absences: [Absence] = []

  /// A live dataset that is absent and stays.
  struct Absence: Sendable, Equatable {
    enum State: String, Sendable { case held, active, unclear }
    var dataset: Unseen
    var state: State
    var detail: String
  }
}

extension Harvest {
  /// Decides about the datasets that a proven census or walk does not list: the guard first, then
  /// evidence for each, then tombstones. What is held is listed, with its reason.
  ///
  /// - Parameters:
  ///   - count: of the portal, by the same answer.
  ///   - doubt: why the list as a whole is not to be believed.
  func settle(
    _ candidates: [Unseen], count: Int, doubt: Doubt?, into state: inout RunState
  ) async throws {
    let verdicts = try await judge(candidates, count: count, doubt: doubt)
    try store.bury(
      verdicts.deleted, reasons: verdicts.reasons, absences: verdicts.absences,
      run: state.record, at: stamp())
    state.tally.deleted = verdicts.deleted.count
    state.tally.held = verdicts.absences.count { $0.state != .active }
    for absence in verdicts.absences where absence.state == .active {
      logger.notice(
        "\(absence.dataset.name ?? absence.dataset.id) is not in the index and still active.",
        metadata: ["reason": "index_lag", "dataset": "\(absence.dataset.id)"])
    }
    if let held = verdicts.absences.first(where: { $0.state != .active }) {
      logger.warning(
        "\(state.tally.held) deletions were held: \(held.detail)",
        metadata: ["reason": count == 0 ? "guard_empty" : "guard_deletions"])
    }
  }

  private func judge(
    _ candidates: [Unseen], count: Int, doubt: Doubt?
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
        ?? "\(lost) of \(live + recent) datasets would go within a day, the limits are "
          + "\(options.limits.percent)% and \(options.limits.count) "
          + "(deletions.limit-percent, deletions.limit-count)"
      verdicts.absences += rest.map {
        Verdicts.Absence(dataset: $0, state: .held, detail: why + "; see --accept-deletions.")
      }
    } else {
      asked += rest
    }
    try await gather(asked, besides: candidates, into: &verdicts)
    return verdicts
  }

  /// The keys that the guard lets pass: what an operator accepts of the list that an earlier run
  /// made, or what two censuses at least a day apart agree on, up to half of the catalogue.
  private func release(_ candidates: [Unseen], live: Int, count: Int) throws -> Set<Int64> {
    let held = try store.heldDeletions()
    let listed = candidates.filter { held[$0.key] != nil }
    if options.acceptsDeletions { return Set(listed.map(\.key)) }
    let aDayAgo = Timestamp.text(now().addingTimeInterval(-86400))
    let ripe = listed.filter { (held[$0.key] ?? aDayAgo + "~") <= aDayAgo }
    guard count > 0, ripe.count * 2 <= live else { return [] }
    return Set(ripe.map(\.key))
  }

  /// Asks the portal about each: only CKAN's own word is evidence, and only while the portal
  /// answers for a dataset that is there.
  private func gather(
    _ asked: [Unseen], besides candidates: [Unseen], into verdicts: inout Verdicts
  ) async throws {
    guard !asked.isEmpty else { return }
    guard try await isControlHeld(besides: candidates) else {
      verdicts.absences += asked.map {
        Verdicts.Absence(
          dataset: $0, state: .unclear,
          detail: "package_show does not even answer for a dataset that is there.")
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
      return shown.isActive ? .active : .gone(reason: "state_\(shown.state ?? "unknown")")
    }
  }

  private func isControlHeld(besides candidates: [Unseen]) async throws -> Bool {
    guard let id = try store.control(besides: candidates) else { return false }
    do {
      guard case .record(let bytes) = try await portal.packageShow(id) else { return false }
      return ShownRecord(bytes)?.id == id
    } catch {
      guard error.isAboutOneAnswer else { throw error }
      logger.warning(
        "The control of the evidence failed: \(error.message)",
        metadata: ["reason": "\(error.reason)"])
      return false
    }
  }
}

/// What `package_show` says of a dataset: evidence only, never stored or hashed.
struct ShownRecord: Sendable, Equatable {
  var id: String
  var state: String?

  init?(_ record: [UInt8]) {
    struct Shown: Decodable {
      var id: String
      var state: String?
    }
    guard let shown = try? JSONDecoder().decode(Shown.self, from: Data(record)) else { return nil }
    id = shown.id
    state = shown.state
  }

  /// CKAN always says the state; a portal that does not shows what it serves.
  var isActive: Bool { state == nil || state == "active" }
}

extension PortalError {
  /// True unless the run itself has to end.
  fileprivate var isAboutOneAnswer: Bool { nature != .interrupted && reason != .deadline }
}
