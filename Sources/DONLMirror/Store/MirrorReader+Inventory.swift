import GRDB

/// What the mirror knows of a dataset that the portal may list.
struct StoredDataset: Sendable, Equatable {
  var id: String
  var name: String?
  var metadataModified: String?
  /// Why the portal's list may lack it: held, still active, or without evidence (`absences`).
  var absence: String?
}

/// Ids that the portal lists, and why the mirror lacks them or their newest state.
struct MissingRecords: Sendable, Equatable {
  var quarantined: Set<String> = []
  /// The portal counts or lists them, and does not serve them.
  var unserved: Set<String> = []

  func explanation(of id: String) -> String? {
    if quarantined.contains(id) { return "its record is in quarantine" }
    return unserved.contains(id) ? "the portal lists it and does not serve it" : nil
  }
}

extension MirrorReader {
  /// The live datasets, and why others may be missing.
  func inventory() throws -> (datasets: [StoredDataset], missing: MissingRecords) {
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
      var missing = MissingRecords()
      missing.quarantined = try String.fetchSet(
        db, sql: "SELECT dataset_id FROM rejections WHERE dataset_id IS NOT NULL")
      // An earlier version has no such view.
      if try db.viewExists("unserved_records") {
        missing.unserved = try String.fetchSet(
          db, sql: "SELECT dataset_id FROM unserved_records WHERE dataset_id IS NOT NULL")
      }
      return (datasets, missing)
    }
  }

  func source() throws -> String? {
    try read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'source'") }
  }
}
