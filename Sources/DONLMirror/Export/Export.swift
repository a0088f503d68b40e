import Foundation

/// The forms in which the catalogue leaves the mirror.
public enum ExportFormat: String, Sendable, CaseIterable {
  case ndjson, csv, ntriples, turtle, jsonld, postgres
}

/// Writes the catalogue, or what changed in it, in one pass over one state of the mirror.
public struct Export: Sendable {
  /// The database, or a published copy.
  public var path: String
  public var format: ExportFormat
  /// What changed after this entry of the feed; nil: the whole catalogue.
  public var since: FeedCursor?
  /// The catalogue as it was; `ndjson` only.
  public var at: HistoryPoint?
  /// A file, or for `csv` a folder; nil: standard output.
  public var output: String?
  /// `csv`: these tables only; empty: all but `records`.
  public var tables: [String] = []
  /// `csv`: for spreadsheets, which take some texts for formulas and need a byte order mark.
  public var isForSpreadsheets = false
  /// `postgres`: the schema; nil: named after the portal.
  public var schema: String?
  /// The RDF forms: what the IRIs of datasets begin with; nil: the portal's address.
  public var base: String?
  /// Called as it goes on, with how many of how many datasets are written.
  public var report: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }

  public init(path: String, format: ExportFormat) {
    self.path = path
    self.format = format
  }

  /// What was written, and where the feed goes on after it.
  public struct Summary: Sendable, Encodable {
    public var format: String
    public var source: String
    public var epoch: String
    /// The entry of the feed up to which this is the state.
    public var seq: Int
    /// Written; with `since` those that are deleted as well.
    public var datasets: Int
    public var bytes: Int
  }

  /// - Throws: `Failure` 3 where `since` does not fit the feed, 64 for what a format cannot do, 73, 74 and
  ///   77 as the disk says. No half file is left.
  public func run() throws -> Summary {
    try check()
    let mirror = try MirrorReader(path: path)
    if let at { return try pastLines(at, of: mirror) }
    return try mirror.snapshot { snapshot in
      try since?.check(snapshot.place, path: path)
      switch format {
      case .csv where output != nil || tables.count != 1: return try csvFolder(snapshot)
      default: return try file(snapshot)
      }
    }
  }

  private func check() throws(Failure) {
    func refuse(_ isWrong: Bool, _ why: String) throws(Failure) {
      if isWrong { throw Failure(.usage, reason: "usage", why) }
    }
    try refuse(
      at != nil && format != .ndjson,
      "Only ndjson can be written as it was (--at); tables and labels are those of now.")
    try refuse(
      at != nil && since != nil, "--at shows one state, --since what changed: give one of the two.")
    try refuse(
      format == .csv && output == nil && tables.count != 1,
      "csv is a folder of files: give --output FOLDER, or one --table for standard output.")
    try refuse(format != .csv && !tables.isEmpty, "--table is for csv.")
    try refuse(format != .csv && isForSpreadsheets, "--spreadsheet is for csv.")
    try refuse(format != .postgres && schema != nil, "--schema is for postgres.")
  }

  /// Everything but a folder of tables.
  private func file(_ snapshot: MirrorSnapshot) throws -> Summary {
    let sink = try sink()
    sink.isJSON = format == .ndjson
    let datasets: Int
    switch format {
    case .ndjson: datasets = try writeLines(snapshot, into: sink)
    case .csv: datasets = try writeTable(snapshot, into: sink)
    case .postgres: datasets = try PostgresScript(self, snapshot, sink).write()
    case .ntriples, .turtle, .jsonld:
      datasets = try CatalogGraph(snapshot, base: base).write(
        changed(snapshot), as: format, into: sink, report)
    }
    try sink.commit()
    return summary(snapshot.place, datasets: datasets, bytes: sink.bytes)
  }

  func sink() throws -> ExportSink {
    guard let output else { return ExportSink(stream: STDOUT_FILENO, name: "standard output") }
    return try ExportSink(path: output)
  }

  /// The datasets that changed; nil: the whole catalogue is asked for.
  func changed(_ snapshot: MirrorSnapshot) throws -> [String]? {
    try since.map { try snapshot.changed(after: $0.seq) }
  }

  func summary(_ place: FeedPlace, datasets: Int, bytes: Int) -> Summary {
    Summary(
      format: format.rawValue, source: place.source, epoch: place.epoch, seq: place.last,
      datasets: datasets, bytes: bytes)
  }

  /// How many are written before the next report.
  static let reportEvery = 256
}

extension MirrorSnapshot {
  /// How many datasets live now.
  func liveCount() throws -> Int {
    try count("SELECT count(*) FROM all_datasets WHERE deleted_at IS NULL")
  }
}

/// NDJSON: a dataset a line, as it is now or was once.
extension Export {
  fileprivate func writeLines(_ snapshot: MirrorSnapshot, into sink: ExportSink) throws -> Int {
    let ids = try changed(snapshot)
    let total = try ids?.count ?? snapshot.liveCount()
    var done = 0
    try snapshot.eachDataset(ids) { dataset in
      Self.write(dataset, asOf: snapshot.place.last, of: snapshot.place, into: sink.buffer)
      try sink.drain()
      done += 1
      if done.isMultiple(of: Self.reportEvery) { report(done, total) }
    }
    return done
  }

  fileprivate func pastLines(_ point: HistoryPoint, of mirror: MirrorReader) throws -> Summary {
    let sink = try sink()
    sink.isJSON = true
    var done = 0
    let (place, seq) = try mirror.eachDataset(at: point) { dataset, place, seq in
      Self.write(dataset, asOf: seq, of: place, into: sink.buffer)
      try sink.drain()
      done += 1
      if done.isMultiple(of: Self.reportEvery) { report(done, done) }
    }
    try sink.commit()
    var summary = summary(place, datasets: done, bytes: sink.bytes)
    summary.seq = seq
    return summary
  }

  private static func write(
    _ dataset: DatasetState, asOf seq: Int, of place: FeedPlace, into out: ByteWriter
  ) {
    var line = JSONLine(out)
    line.add("epoch", place.epoch)
    line.add("as_of", seq)
    line.add("seq", dataset.seq)
    line.add("dataset_id", dataset.datasetID)
    line.add("name", dataset.name)
    line.add("metadata_modified", dataset.metadataModified)
    line.add("content_hash", dataset.contentHash)
    line.add("is_deleted", dataset.record == nil)
    line.add("record", json: dataset.record)
    line.close()
    out.append(0x0A)
  }
}
