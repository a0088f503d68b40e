import Foundation

/// What a run leaves for Prometheus: a file for the textfile collector of the node exporter.
///
/// Without timestamps: the collector drops the whole file for one. Totals are sums that live in the
/// database, so they do not begin again with each run.
struct Metrics: Sendable {
  /// How the process answers, and when.
  var exitStatus: ExitStatus
  var endedAt: Date
  var duration: Duration
  /// Nil when the database could not be read.
  var figures: MirrorFigures?
  /// In bytes.
  var sizes: (database: Int, wal: Int) = (0, 0)
  /// Nil when nothing is published.
  var publication: Publication?

  var text: String { metrics.filter { !$0.samples.isEmpty }.map(\.text).joined() }

  /// Writes the file for the collector, which sees the old one or the new one.
  ///
  /// - Throws: `Failure` 73 when what stands there is something else, and others as the disk says.
  func write(to path: String) throws(Failure) {
    try DurableFile.write(text, to: FilePlace.resolved(path), mode: 0o644, head: Self.head)
  }

  /// Throws 73 unless the name is free, or metrics of ours stand there.
  static func examine(_ path: String) throws(Failure) {
    let place = FilePlace.resolved(path)
    for name in [place, DurableFile.temporaryName(of: place)] {
      try DurableFile.refuseForeign(name, head: head)
    }
  }

  /// How each file of ours begins.
  private static let head = "# HELP donl_mirror_"

  private var metrics: [Metric] { ofProcess + ofCatalogue + ofRuns + ofFiles }

  private var ofProcess: [Metric] {
    [
      gauge(
        "build_info", "The version of donl-mirror; always 1.", [("version", toolVersion, 1)]),
      gauge("last_run_timestamp_seconds", "When the last run ended.", endedAt),
      gauge("last_run_duration_seconds", "How long the last run took.", duration / .seconds(1)),
      gauge(
        "last_run_exit_code",
        "How the last run answered: 0 done, 3 done with something held back, else it failed.",
        Double(exitStatus.rawValue)),
    ]
  }

  private var ofCatalogue: [Metric] {
    guard let figures else { return [] }
    return [
      gauge(
        "last_success_timestamp_seconds", "When the last run ended that answered 0 or 3.",
        date(figures.lastSuccess)),
      gauge(
        "complete_as_of_timestamp_seconds",
        "The portal's time when the last complete run began.", date(figures.completeAsOf)),
      gauge(
        "last_change_timestamp_seconds", "When the last change was recorded.",
        date(figures.lastChange)),
      gauge(
        "datasets", "Datasets in the mirror; quarantined ones cannot be read.",
        label: "state",
        [
          ("live", figures.live), ("deleted", figures.deleted),
          ("quarantined", figures.quarantined),
        ]
      ),
      gauge(
        "portal_datasets", "Datasets that the portal counted last.",
        figures.portalCount.map(Double.init)),
      gauge("deletions_held", "Deletions that are held back.", Double(figures.held)),
      gauge(
        "records_unserved", "Records that the portal counts and does not serve.",
        Double(figures.unserved)),
      gauge(
        "schema_version", "The version of the database's schema.", Double(figures.schemaVersion)),
    ]
  }

  private var ofRuns: [Metric] {
    guard let figures else { return [] }
    return [
      gauge(
        "last_run_changes", "What the last run did to datasets.", label: "op", figures.lastRun),
      counter("changes_total", "Entries of the change feed.", label: "op", figures.changes),
      counter(
        "http_requests_total", "Requests of all runs by the class of the answer; none had none.",
        label: "code", figures.requests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }),
      Metric(
        name: Self.name("http_retries_total"), kind: .counter,
        help: "Requests of all runs that repeated an earlier one.",
        samples: [.init(value: Double(figures.retries))]),
    ]
  }

  private var ofFiles: [Metric] {
    [
      gauge("database_size_bytes", "Size of the database.", Double(sizes.database)),
      gauge("wal_size_bytes", "Size of the database's write-ahead log.", Double(sizes.wal)),
      gauge(
        "publication_timestamp_seconds", "When the published copy was written.",
        date(publication?.publishedAt)),
      gauge(
        "publication_size_bytes", "Size of the published copy.",
        publication.map { Double($0.bytes) }),
    ]
  }

  private static func name(_ name: String) -> String { "donl_mirror_" + name }

  private func gauge(_ name: String, _ help: String, _ value: Double?) -> Metric {
    Metric(
      name: Self.name(name), kind: .gauge, help: help,
      samples: value.map { [.init(value: $0)] } ?? [])
  }

  private func gauge(_ name: String, _ help: String, _ date: Date?) -> Metric {
    gauge(name, help, date?.timeIntervalSince1970)
  }

  private func gauge(_ name: String, _ help: String, _ samples: [(String, String, Double)])
    -> Metric
  {
    Metric(
      name: Self.name(name), kind: .gauge, help: help,
      samples: samples.map { .init(label: ($0.0, $0.1), value: $0.2) })
  }

  private func gauge(_ name: String, _ help: String, label: String, _ counts: [(String, Int)])
    -> Metric
  {
    gauge(name, help, counts.map { (label, $0.0, Double($0.1)) })
  }

  private func counter(_ name: String, _ help: String, label: String, _ counts: [(String, Int)])
    -> Metric
  {
    var metric = gauge(name, help, label: label, counts)
    metric.kind = .counter
    return metric
  }

  private func date(_ stamp: String?) -> Date? { stamp.flatMap(Timestamp.date) }
}

/// A metric in Prometheus' text format, version 0.0.4.
struct Metric: Sendable, Equatable {
  enum Kind: String, Sendable { case gauge, counter }

  struct Sample: Sendable, Equatable {
    var label: (name: String, value: String)?
    var value: Double

    static func == (left: Sample, right: Sample) -> Bool {
      left.value == right.value && left.label?.name == right.label?.name
        && left.label?.value == right.label?.value
    }
  }

  var name: String
  var kind: Kind
  var help: String
  var samples: [Sample]

  /// Its lines, each with its end.
  var text: String {
    let head = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    return samples.reduce(into: head) { text, sample in
      let label = sample.label.map { "{\($0.name)=\"\(Self.escape($0.value))\"}" } ?? ""
      text += "\(name)\(label) \(Self.written(sample.value))\n"
    }
  }

  private static func escape(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func written(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}
