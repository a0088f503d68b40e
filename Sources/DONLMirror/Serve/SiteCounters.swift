import Foundation
import Synchronization

/// How often what was answered since the start.
final class SiteCounters: Sendable {
  private let classes = Mutex<[Int: Int]>([:])

  func note(_ status: Int) { classes.withLock { $0[status / 100, default: 0] += 1 } }

  func metrics(_ state: SiteState) throws -> String {
    let counts = classes.withLock { $0 }
    var metrics = [
      Metric(
        name: "donl_mirror_build_info", kind: .gauge,
        help: "The version of donl-mirror; always 1.",
        samples: [.init(label: ("version", toolVersion), value: 1)]),
      Metric(
        name: "donl_mirror_http_responses_total", kind: .counter,
        help: "Responses of this server since it started, by class.",
        samples: (2...5).map { .init(label: ("class", "\($0)xx"), value: Double(counts[$0] ?? 0)) }),
      Metric(
        name: "donl_mirror_datasets", kind: .gauge, help: "Live datasets in the mirror.",
        samples: [.init(value: Double(try state.snapshot.liveCount()))]),
      Metric(
        name: "donl_mirror_feed_seq", kind: .gauge, help: "The newest entry of the feed.",
        samples: [.init(value: Double(state.place.last))]),
    ]
    if let date = state.completeAsOf.flatMap(Timestamp.date) {
      metrics.append(
        Metric(
          name: "donl_mirror_complete_as_of_timestamp_seconds", kind: .gauge,
          help: "The portal's time when the last complete run began.",
          samples: [.init(value: date.timeIntervalSince1970)]))
    }
    return metrics.map(\.text).joined()
  }
}
