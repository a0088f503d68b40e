import Foundation

extension HarvestJob {
  /// Publishes what a complete run left, when `publish.path` says where.
  ///
  /// The harvest stands, whatever becomes of its copy; but readers then have the old one, so the
  /// exit code and the row in `runs` tell the failure.
  func publish(_ summary: RunSummary, from store: Store) async -> RunSummary {
    guard !isRehearsal, summary.outcome == .complete, var publisher = Publisher(settings) else {
      return summary
    }
    // Reading the clock feeds the watchdog (see `Heartbeat`).
    publisher.beat = { [clock] in _ = clock.instant() }
    var summary = summary
    do {
      let publication = try await publisher.publish(MirrorReader(path: store.path))
      if publication.isNew {
        logger.info("\(publication.line)", metadata: ["bytes": "\(publication.bytes)"])
      }
    } catch {
      let failure = failure(of: error)
      summary.exitStatus = failure.status
      summary.reason = failure.reason
      summary.message =
        "The harvest is stored, and not published: \(failure.message)"
        + (summary.message.map { " Besides: \($0)" } ?? "")
      // Where the ledger cannot be written either, the exit code still tells.
      try? store.note(summary)
    }
    return summary
  }

  private func failure(of error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case is CancellationError:
      Failure(interruption(), reason: "interrupted", "Stopped; the next run publishes.")
    default: Failure(.internalError, reason: "publish", "\(error)")
    }
  }
}
