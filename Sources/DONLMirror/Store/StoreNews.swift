import GRDB

/// A key that neither the columns nor the URI values carry, and the JSON type in which it came.
struct FieldSighting: Hashable, Sendable {
  var entity: FieldTable.Entity
  var field: String
  var jsonType: String
}

/// What is odd about the records that were stored: for the log, and for no table.
struct StoreNews: Sendable, Equatable {
  /// Keys that never came before.
  var newFields: [FieldSighting] = []
  /// Keys that came before, or have a column, and now have a JSON type that is new for them.
  var driftedFields: [FieldSighting] = []
  /// Records that could not be read.
  var rejections: [Rejection] = []
  /// Ids that one walk served twice, with different content.
  var conflicts: [String] = []
  /// Datasets whose record holds NaN or Infinity where a number should be.
  var lostNumbers: [String] = []
  /// Datasets that a walk left alone because their record is older than the stored one.
  var postponed: [String] = []
  /// Datasets whose stamp is older than the one that was stored.
  var olderStamps = 0

  mutating func add(_ sighting: FieldSighting, known: Set<FieldSighting>) {
    let hasColumn =
      switch sighting.entity {
      case .dataset: DatasetColumn.names.contains(sighting.field)
      case .resource: ResourceColumn.names.contains(sighting.field)
      }
    let isKnown = known.contains { $0.entity == sighting.entity && $0.field == sighting.field }
    if hasColumn || isKnown {
      driftedFields.append(sighting)
    } else {
      newFields.append(sighting)
    }
  }
}

extension Store {
  /// What was odd since this was asked last.
  func takeNews() throws -> StoreNews {
    try read { _ in
      defer { writer.news = StoreNews() }
      return writer.news
    }
  }

  /// Names that a dataset took in this run and that another live one bears too.
  func clashingNames(of run: RunRecord) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT DISTINCT d.name FROM changes c JOIN all_datasets d ON d.id = c.dataset_id
          WHERE c.run_id = ? AND d.deleted_at IS NULL AND EXISTS (
            SELECT 1 FROM all_datasets o
            WHERE o.name = d.name AND o.key <> d.key AND o.deleted_at IS NULL)
          ORDER BY 1
          """, arguments: [run.id])
    }
  }
}
