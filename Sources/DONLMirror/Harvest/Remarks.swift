import Foundation
import Logging

extension Harvest {
  /// What was odd about the records that were stored last.
  func tellNews(_ state: inout RunState) throws {
    let news = try store.takeNews()
    state.olderStamps += news.olderStamps
    state.postponed.formUnion(news.postponed)
    for rejection in news.rejections {
      logger.warning(
        "A record was put in quarantine: \(rejection.detail)",
        metadata: [
          "reason": "\(rejection.reason.rawValue)", "dataset": "\(rejection.datasetID ?? "-")",
        ])
    }
    for id in news.lostNumbers {
      logger.warning(
        "The record of \(id) holds NaN or Infinity; that value is lost, the rest is kept.",
        metadata: ["reason": "not_a_number", "dataset": "\(id)"])
    }
    for id in news.conflicts {
      logger.warning(
        "The portal serves \(id) twice, and not the same; the newer one stands.",
        metadata: ["reason": "duplicate_conflict", "dataset": "\(id)"])
    }
    // To a first load everything is new.
    guard state.hasHistory else { return }
    for field in news.newFields {
      logger.info(
        "The portal sends a field that is new: \(field.field) (\(field.jsonType)).",
        metadata: [
          "reason": "new_field", "entity": "\(field.entity.rawValue)", "field": "\(field.field)",
        ])
    }
    for field in news.driftedFields {
      logger.warning(
        "The portal sends \(field.field) as \(field.jsonType), which it never did.",
        metadata: [
          "reason": "type_drift", "entity": "\(field.entity.rawValue)", "field": "\(field.field)",
        ])
    }
  }

  /// What only the whole of a run shows.
  func logWhole(_ state: RunState) throws {
    if state.olderStamps > 0 {
      logger.notice(
        "\(counted(state.olderStamps, "dataset")) came with an older metadata_modified than before.",
        metadata: ["reason": "clock_skew"])
    }
    guard state.hasHistory, state.outcome == .complete, state.tally.received > 0 else { return }
    let live = try store.inventory().live
    if state.tally.touched * 2 > live {
      logger.notice(
        "\(state.tally.touched) of \(counted(live, "dataset")) touched without a change of content.",
        metadata: ["reason": "mass_touch"])
    }
    if state.tally.updated * 2 > live {
      logger.notice(
        "\(state.tally.updated) of \(counted(live, "dataset")) updated.",
        metadata: ["reason": "mass_update"])
      try tellChurn(state, live: live)
    }
    for name in try store.clashingNames(of: state.record) {
      logger.warning(
        "More than one dataset bears the name \(name); the id tells them apart.",
        metadata: ["reason": "name_clash", "name": "\(name)"])
    }
  }

  /// Says so when most datasets were updated for the sake of a few keys, the same in all: such are
  /// counters, by which each full walk updates everything.
  private func tellChurn(_ state: RunState, live: Int) throws {
    let churning = try store.churningKeys(in: state.record)
    guard churning.updates * 2 > live else { return }
    // Of these only a part can be named.
    let keys = churning.keys.map { ["resources", "extras"].contains($0) ? $0 + ".KEY" : $0 }
      .joined(separator: ", ")
    logger.notice(
      "\(churning.updates) of \(counted(live, "dataset")) changed in \(keys) alone; if those are counters, name them in portal.churn-keys.",
      metadata: ["reason": "churning_key", "keys": "\(churning.keys.joined(separator: ","))"])
  }

  /// Whether the clocks agree: ours with the last run and with the portal's, and the portal's with
  /// its own stamps.
  func tellClocks(_ opening: Opening, _ state: RunState) throws {
    let ours = state.record.startedAt
    if let last = state.record.lastStartedAt, last > ours {
      logger.warning(
        "This machine's clock says \(ours), and the last run began at \(last); is it right?",
        metadata: ["reason": "clock_jump"])
    }
    guard let date = opening.date else { return }
    let difference = Timestamp.date(date).map { now().timeIntervalSince($0) } ?? 0
    if abs(difference) > Self.clocksDifferMax / .seconds(1) {
      logger.warning(
        "This machine's clock says \(ours), the portal's \(date); is ours right?",
        metadata: ["reason": "clock_jump"])
    }
    if let newest = opening.newest, newest > date {
      logger.notice(
        "The portal's newest stamp, \(newest), lies ahead of its own clock, \(date).",
        metadata: ["reason": "clock_skew"])
    }
  }

  /// A cache on the way may serve an answer with the `Date` of some hours ago.
  private static let clocksDifferMax = Duration.seconds(86_400)
}
