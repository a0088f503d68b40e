import GRDB

/// A point in the past of a mirror, as a person names it.
public enum HistoryPoint: Sendable, Equatable {
  /// After this entry of the feed.
  case seq(Int)
  /// UTC, as the feed spells it.
  case moment(String)

  /// - Parameter text: a `seq`, or a day or moment such as `2026-03-01` or `2026-03-01T12:00Z`.
  public init?(_ text: String) {
    if let seq = Int(text), seq >= 0 {
      self = .seq(seq)
    } else if let moment = PortalDate(text)?.stamp {
      self = .moment(moment)
    } else {
      return nil
    }
  }
}

/// A dataset as it was.
struct PastDataset: Sendable {
  /// The record in one line of JSON.
  var record: [UInt8]
  /// The entry of the feed that led to it, and when it came.
  var seq: Int
  var recordedAt: String
}

/// One entry in the history of a dataset.
public struct DatasetChange: Sendable, Encodable {
  public struct Field: Sendable, Encodable {
    public var field: String
    /// As JSON; nil for nothing, and where the memory does not reach.
    public var before: String?
    public var after: String?

    /// For a person: a text as it is, of anything else each member on a line of its own.
    public var shownBefore: String? { before.map(PrettyJSON.text) }
    public var shownAfter: String? { after.map(PrettyJSON.text) }
  }

  public var seq: Int
  public var kind: String
  public var recordedAt: String
  public var metadataModified: String?
  public var name: String?
  public var contentHash: String?
  /// On an update.
  public var fields: [Field]
  /// False where the memory does not reach: then no field tells what it had.
  public var isRemembered: Bool
}

extension MirrorReader {
  /// A dataset, live or deleted, as it was then, with the labels of then.
  ///
  /// - Throws: `Failure` 66 when no dataset ever bore that name or id, when it was not there then, or
  ///   when the memory does not reach so far.
  public func dataset(
    _ nameOrID: String, at point: HistoryPoint, in language: LabelLanguage = .dutch
  ) throws -> DatasetDetail {
    try readConnected { db, connection in
      let past = try Self.past(nameOrID, at: point, in: db, connection)
      let read = try Normalizer(fields: .standard()).normalize(past.record[...])
      return try DatasetDetail(read, at: past, in: db, language)
    }
  }

  /// The record of a dataset, live or deleted, as it was then.
  func record(_ nameOrID: String, at point: HistoryPoint) throws -> PastDataset {
    try readConnected { try Self.past(nameOrID, at: point, in: $0, $1) }
  }

  private static func past(
    _ nameOrID: String, at point: HistoryPoint, in db: Database, _ connection: OpaquePointer
  ) throws -> PastDataset {
    let id = try everKnown(nameOrID, in: db)
    let seq = try seq(of: point, in: db)
    let last = try Row.fetchOne(
      db,
      sql: """
        SELECT seq, kind, recorded_at, metadata_modified FROM changes
        WHERE dataset_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1
        """, arguments: [id, seq])
    guard let last, last["kind"] != Change.Kind.delete.rawValue else {
      throw try absent(nameOrID, id, at: seq, in: db)
    }
    let state = try RecordMemory(db, connection).record(
      of: id, after: last["seq"], stamp: last["metadata_modified"])
    guard let state, state.isReached else {
      throw Failure(
        .noDatabase, reason: "no_history",
        "What \(nameOrID) was after change \(seq) is not known any more; donl-mirror show --history "
          + "tells how far back the memory reaches.")
    }
    return PastDataset(record: state.line, seq: last["seq"], recordedAt: last["recorded_at"])
  }

  /// Calls the body with each dataset that was there then, by id.
  ///
  /// - Returns: where the feed stands, and the entry of it up to which that is.
  @discardableResult
  func eachDataset(
    at point: HistoryPoint,
    _ body: (_ dataset: DatasetState, _ place: FeedPlace, _ seq: Int) throws -> Void
  ) throws -> (FeedPlace, seq: Int) {
    try readConnected { db, connection in
      let place = try FeedPlace(db)
      let seq = try Self.seq(of: point, in: db)
      let memory = try RecordMemory(db, connection)
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT c.seq, c.dataset_id, c.name, c.metadata_modified, c.content_hash
          FROM all_datasets d
          JOIN changes c ON c.seq = (SELECT max(l.seq) FROM changes l WHERE l.dataset_id = d.id AND l.seq <= ?)
          WHERE c.kind <> 'delete' ORDER BY d.id
          """, arguments: [seq])
      while let row = try rows.next() {
        var dataset = DatasetState(
          seq: row[0], datasetID: row[1], name: row[2], metadataModified: row[3],
          contentHash: row[4])
        let state = try memory.record(
          of: dataset.datasetID, after: dataset.seq, stamp: dataset.metadataModified)
        guard let state, state.isReached else {
          throw Failure(
            .noDatabase, reason: "no_history",
            "What the catalogue was after change \(seq) is not known any more: \(dataset.datasetID) has "
              + "changed since, and what it had was let go (history.keep).")
        }
        dataset.record = state.line
        try body(dataset, place, seq)
      }
      return (place, seq)
    }
  }

  /// The content hashes of the datasets that were there after an entry of the feed, by id, hashed anew.
  public func contentHashes(after seq: Int) throws -> [String: String] {
    let churn = try read { try ChurnKeys(of: $0) } ?? .standard
    var hashes: [String: String] = [:]
    try eachDataset(at: .seq(seq)) { dataset, _, _ in
      hashes[dataset.datasetID] = try ContentHash.hash(of: dataset.record ?? [], without: churn)
    }
    return hashes
  }

  /// What happened to a dataset, live or deleted, the newest first.
  ///
  /// - Throws: `Failure` 66 when no dataset ever bore that name or id.
  public func history(of nameOrID: String) throws -> [DatasetChange] {
    try readConnected { db, connection in
      let id = try Self.everKnown(nameOrID, in: db)
      let memory = try RecordMemory(db, connection)
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT seq, kind, recorded_at, metadata_modified, name, content_hash, changed_fields, before
          FROM changes WHERE dataset_id = ? ORDER BY seq DESC
          """, arguments: [id])
      // What a field has from a change on is what it had before the next one.
      var after: RecordMembers = [:]
      if let state = try memory.record(of: id, after: .max, stamp: nil) {
        // As what was before is remembered: what churns is no change.
        after = try RecordMembers(state.line, by: .withoutChurn(memory.churn))
      }
      return try rows.map { row in
        var change = DatasetChange(
          seq: row[0], kind: row[1], recordedAt: row[2], metadataModified: row[3], name: row[4],
          contentHash: row[5], fields: [], isRemembered: true)
        let keys = try Self.keys(row[6])
        let before: String? = row[7]
        change.isRemembered = keys.isEmpty || before != nil
        let members = try RecordMembers(Array((before ?? "{}").utf8), by: .everything)
        change.fields = keys.map { key in
          let bytes = Array(key.utf8)
          defer { after[bytes] = members[bytes] }
          return DatasetChange.Field(
            field: key, before: Self.text(members[bytes]), after: Self.text(after[bytes]))
        }
        if let revived = try Self.revived(by: change.seq, in: db) {
          for (key, value) in try RecordMembers(Array(revived.utf8), by: .everything) {
            after[key] = value
          }
        }
        return change
      }
    }
  }

  private static func revived(by seq: Int, in db: Database) throws -> String? {
    try String.fetchOne(db, sql: "SELECT before FROM revivals WHERE seq = ?", arguments: [seq])
  }

  private static func text(_ json: [UInt8]?) -> String? {
    guard let json, json != Array("null".utf8) else { return nil }
    return String(decoding: json, as: UTF8.self)
  }

  private static func keys(_ json: String?) throws -> [String] {
    guard let json else { return [] }
    var reader = JSONReader()
    return try reader.read(Array(json.utf8)) { document in
      document.elements(of: document.root).map(document.text)
    }
  }

  /// The id of the dataset that bears, or last bore, this id or name.
  private static func everKnown(_ nameOrID: String, in db: Database) throws -> String {
    let id = try String.fetchOne(
      db,
      sql: """
        SELECT id FROM all_datasets WHERE id = ?1
        UNION ALL SELECT * FROM (
          SELECT id FROM all_datasets WHERE name = ?1 ORDER BY deleted_at IS NOT NULL, deleted_at DESC, id)
        UNION ALL SELECT * FROM (SELECT dataset_id FROM changes WHERE name = ?1 ORDER BY seq DESC LIMIT 1)
        LIMIT 1
        """, arguments: [nameOrID])
    guard let id else {
      throw Failure(
        .noDatabase, reason: "no_dataset",
        "No dataset has, or had, the id or name \(nameOrID). Try donl-mirror search.")
    }
    return id
  }

  private static func seq(of point: HistoryPoint, in db: Database) throws -> Int {
    switch point {
    case .seq(let seq):
      let last = try FeedPlace(db).last
      guard seq <= last else {
        throw Failure(
          .usage, reason: "no_such_seq", "The feed ends at \(last); there is no change \(seq).")
      }
      return seq
    case .moment(let moment):
      return try Int.fetchOne(
        db, sql: "SELECT max(seq) FROM changes WHERE recorded_at <= ?", arguments: [moment]) ?? 0
    }
  }

  private static func absent(
    _ nameOrID: String, _ id: String, at seq: Int, in db: Database
  ) throws -> Failure {
    let next = try Row.fetchOne(
      db,
      sql: """
        SELECT seq, recorded_at FROM changes WHERE dataset_id = ? AND seq > ? AND kind = 'create'
        ORDER BY seq LIMIT 1
        """, arguments: [id, seq])
    let when = next.map { " It came with change \($0[0] as Int), at \($0[1] as String)." } ?? ""
    return Failure(
      .noDatabase, reason: "no_dataset", "\(nameOrID) was not there after change \(seq).\(when)")
  }
}

extension DatasetDetail {
  /// - Parameter dataset: what the record says.
  fileprivate init(
    _ dataset: Dataset, at past: PastDataset, in db: Database, _ language: LabelLanguage
  ) throws {
    columns = zip(DatasetColumn.names, dataset.columns).compactMap { name, cell in
      cell.shown.map { Pair(key: name, value: $0) }
    }
    columns.append(Pair(key: "content_hash", value: dataset.contentHash))
    terms = try dataset.uriValues.map { try Term($0, at: past.recordedAt, in: db, language) }
    tags = dataset.tags.sorted()
    resources = dataset.resources.enumerated().map { position, resource in
      Distribution(
        position: position, name: resource[.name].text, description: resource[.description].text,
        url: resource[.url].text, format: resource[.format].text,
        mimetype: resource[.mimetype].text, lastModified: resource[.lastModified].text)
    }
    extras = dataset.extras.filter { $0.resourcePosition == nil }
      .map { Pair(key: $0.key, value: $0.value) }
    changes = [Pair(key: past.recordedAt, value: "as it was after change \(past.seq)")]
  }
}

extension DatasetDetail.Term {
  fileprivate init(
    _ value: URIValue, at moment: String, in db: Database, _ language: LabelLanguage
  ) throws {
    let entity = value.resourcePosition == nil ? "dataset" : "resource"
    let field = try Row.fetchOne(
      db,
      sql: """
        SELECT \(language.column), iif(
          value_list GLOB '@*', (SELECT value_list FROM spatial_schemes WHERE scheme = ?), value_list)
        FROM fields WHERE entity = ? AND field = ?
        """, arguments: [value.scheme, entity, value.field])
    let list: String? = field?[1]
    self.init(
      field: value.field, fieldLabel: field?[0], value: value.value,
      label: try String.fetchOne(
        db,
        sql: """
          SELECT \(language.column) FROM concept_labels WHERE list = ? AND uri = ?
          ORDER BY observed_at > ?, iif(observed_at > ?, observed_at, ''), observed_at DESC LIMIT 1
          """, arguments: [list, value.value, moment, moment]),
      portalLabel: value.portalLabel, valueList: list, resourcePosition: value.resourcePosition)
  }
}

extension Cell {
  fileprivate var shown: String? {
    switch self {
    case .null: nil
    case .integer(let number): "\(number)"
    case .text(let text): text
    }
  }
}
