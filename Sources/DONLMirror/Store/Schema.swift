import Foundation
import GRDB

/// The schema as it stands in the `.sql` files beside this one, and the way up to it.
///
/// `user_version` is the version, which readers can see; so it is also what we go by. A step runs
/// in one transaction, views included, and there is no way down.
struct Schema: Sendable {
  /// "DONL"
  static let applicationID: Int32 = 0x444F_4E4C

  /// The oldest version that is brought up. Those before it were never released.
  static let firstVersion = 5

  /// Makes the tables of a new file, at `version`.
  var tables: String
  /// What leads from `firstVersion` on, each to the next version.
  var steps: [String]
  var views: String
  var indexes: String

  static let current = Schema(
    tables: text(PackageResources.schema_sql),
    steps: [
      // 6: `theme_datasets` goes from a theme to its datasets. Views are made anew at every step.
      "",
      // 7: the feed remembers what was before.
      """
      ALTER TABLE changes ADD COLUMN before TEXT;
      CREATE TABLE revivals (
        seq INTEGER PRIMARY KEY REFERENCES changes(seq), before TEXT NOT NULL) STRICT;
      CREATE TABLE quality_over_time (
        owner TEXT NOT NULL, day TEXT NOT NULL CHECK (day GLOB '????-??-??'), datasets INTEGER NOT NULL,
        points REAL NOT NULL, counts TEXT NOT NULL, PRIMARY KEY (owner, day)) STRICT, WITHOUT ROWID;
      """,
    ],
    views: [
      PackageResources.views_sql, PackageResources.views_values_sql,
      PackageResources.views_lists_sql, PackageResources.views_labels_sql,
      PackageResources.views_quality_sql,
    ].map(text).joined(separator: "\n"),
    indexes: text(PackageResources.indexes_sql))

  var version: Int { Self.firstVersion + steps.count }

  /// Brings the database up to `version`. A database that is newer, or another program's, is
  /// refused and left as it is.
  func migrate(_ db: Database, path: String) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    try Self.judge(version: found, application: application, upTo: version, path: path)
    if application != Self.applicationID {
      let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      guard objects == 0 else { throw Self.foreign(path) }
    }
    // Only now, and not by GRDB, which writes and drops a table at every opening: what is refused,
    // here or later, stays as it is to the byte.
    try db.execute(sql: "PRAGMA journal_mode = WAL")
    guard found < version else { return }
    if found > 0 { try backUp(db, path: path, from: found) }

    try db.inTransaction(.immediate) {
      try dropViews(db)
      let missing = found == 0 ? [tables] : Array(steps[(found - Self.firstVersion)...])
      for step in missing { try db.execute(sql: step) }
      try db.execute(sql: views)
      try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
      try db.execute(
        sql: """
          INSERT INTO meta (key, value) VALUES ('schema_version', ?)
          ON CONFLICT (key) DO UPDATE SET value = excluded.value
          """, arguments: ["\(version)"])
      return .commit
    }
  }

  /// There is no way down, so the database as it was stays beside the new one, as one plain file
  /// `PATH.before-vN`. Its name is given when it is whole: a killed run leaves a `.partial` at most.
  private func backUp(_ db: Database, path: String, from found: Int) throws {
    let backup = "\(path).before-v\(version)"
    let partial = backup + ".partial"
    unlink(partial)
    do {
      try db.execute(sql: "VACUUM INTO ?", arguments: [partial])
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, backup) == 0 else {
      let why = String(cString: strerror(errno))
      throw Failure(
        .cannotCreate, reason: "backup",
        "\(backup), the copy of version \(found), cannot be made: \(why).")
    }
  }

  /// Throws unless a database of this version and application is one that we can read.
  static func judge(
    version: Int, application: Int32, upTo known: Int = Schema.current.version, path: String
  ) throws {
    guard application == 0 || application == applicationID else { throw foreign(path) }
    guard version == 0 || version >= firstVersion || application == 0 else {
      throw Failure(
        .damagedDatabase, reason: "unreleased_schema",
        "\(path) has schema version \(version), of a donl-mirror that was never released; harvest into "
          + "another --db. The file was left as it is.")
    }
    guard version <= known else {
      throw Failure(
        .damagedDatabase, reason: "newer_schema",
        "\(path) has schema version \(version), this donl-mirror knows \(known); "
          + "upgrade donl-mirror. The file was left as it is.")
    }
  }

  private static func foreign(_ path: String) -> Failure {
    Failure(
      .damagedDatabase, reason: "foreign_database",
      "\(path) is a database of another program; it was left as it is. Choose another --db.")
  }

  private func dropViews(_ db: Database) throws {
    // fts_rows is part of the tables: the full-text index reads through it.
    let names = try String.fetchAll(
      db, sql: "SELECT name FROM sqlite_schema WHERE type = 'view' AND name <> 'fts_rows'")
    for name in names { try db.execute(sql: "DROP VIEW \(name.quotedDatabaseIdentifier)") }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
