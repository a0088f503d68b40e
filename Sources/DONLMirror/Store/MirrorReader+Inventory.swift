import GRDB

/// What the mirror knows of a dataset that the portal may list.
struct StoredDataset: Sendable, Equatable {
  var id: String
  var name: String?
  var metadataModified: String?
  /// Why the portal's list may lack it: held, still active, or without evidence (`absences`).
  var absence: String?
}

extension MirrorReader {
  /// The live datasets, and the ids whose record is in quarantine.
  func inventory() throws -> (datasets: [StoredDataset], quarantined: Set<String>) {
    try read { db in
      let datasets = try Row.fetchAll(
        db,
        sql: """
          SELECT d.id, d.name, d.metadata_modified, a.state || ': ' || a.detail
          FROM all_datasets d LEFT JOIN absences a ON a.dataset = d.key
          WHERE d.deleted_at IS NULL ORDER BY d.id
          """
      ).map { row in
        StoredDataset(id: row[0], name: row[1], metadataModified: row[2], absence: row[3])
      }
      let quarantined = try String.fetchSet(
        db, sql: "SELECT dataset_id FROM rejections WHERE dataset_id IS NOT NULL")
      return (datasets, quarantined)
    }
  }

  func source() throws -> String? {
    try read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'source'") }
  }
}
