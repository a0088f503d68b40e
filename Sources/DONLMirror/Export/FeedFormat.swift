/// How an entry of the feed is written: one object in one line.
public enum FeedFormat: String, Sendable, CaseIterable {
  /// The columns of `changes`, with `epoch` and `record`.
  case ndjson
  /// The same as `data` of a CloudEvent (CloudEvents 1.0, JSON event format).
  case cloudevents
  /// The envelope of Debezium's change events: `op`, `before`, `after`, `source`, `ts_ms`.
  case debezium

  /// Appends the entry and a newline.
  func write(_ entry: FeedEntry, of place: FeedPlace, into out: ByteWriter) {
    switch self {
    case .ndjson: Self.writeEntry(entry, of: place, into: out)
    case .cloudevents: Self.writeEvent(entry, of: place, into: out)
    case .debezium: Self.writeEnvelope(entry, of: place, into: out)
    }
    out.append(0x0A)
  }

  private static func writeEntry(_ entry: FeedEntry, of place: FeedPlace, into out: ByteWriter) {
    var line = JSONLine(out)
    line.add(entry, of: place)
    line.close()
  }

  private static func writeEvent(_ entry: FeedEntry, of place: FeedPlace, into out: ByteWriter) {
    var line = JSONLine(out)
    line.add("specversion", "1.0")
    line.add("id", "\(place.epoch)/\(entry.seq)")
    line.add("source", place.source)
    line.add("type", "donl-mirror.dataset.\(entry.kind.rawValue)")
    line.add("subject", entry.datasetID)
    line.add("time", entry.recordedAt)
    line.add("datacontenttype", "application/json")
    line.add("data") { $0.add(entry, of: place) }
    line.close()
  }

  private static func writeEnvelope(_ entry: FeedEntry, of place: FeedPlace, into out: ByteWriter) {
    let milliseconds = Timestamp.date(entry.recordedAt).map {
      Int(($0.timeIntervalSince1970 * 1000).rounded(.down))
    }
    var line = JSONLine(out)
    line.add("op", entry.kind.operation)
    line.add("before", json: entry.before)
    line.add("after", json: entry.record)
    line.add("source") { source in
      source.add("version", toolVersion)
      source.add("connector", "donl-mirror")
      source.add("name", place.source)
      source.add("table", "datasets")
      source.add("epoch", place.epoch)
      source.add("seq", entry.seq)
      source.add("dataset_id", entry.datasetID)
      source.add("content_hash", entry.contentHash)
      source.add("ts_ms", milliseconds ?? 0)
    }
    line.add("ts_ms", milliseconds ?? 0)
    line.close()
  }
}

extension JSONLine {
  fileprivate mutating func add(_ entry: FeedEntry, of place: FeedPlace) {
    add("seq", entry.seq)
    add("kind", entry.kind.rawValue)
    add("dataset_id", entry.datasetID)
    add("name", entry.name)
    add("run_id", entry.run)
    add("recorded_at", entry.recordedAt)
    add("metadata_modified", entry.metadataModified)
    add("changed_fields", json: entry.changedFields)
    add("before", json: entry.before)
    add("content_hash", entry.contentHash)
    add("replaced_by", entry.replacedBy)
    add("epoch", place.epoch)
    add("record", json: entry.record)
  }
}

extension Change.Kind {
  /// Debezium's letter.
  fileprivate var operation: String {
    switch self {
    case .create: "c"
    case .update: "u"
    case .delete: "d"
    }
  }
}
