import GRDB

/// What we know of a value list before it is asked for again.
struct ListState: Sendable, Equatable {
  /// Where its content came from.
  var url: String
  var validators: ListValidators
  /// When content came; nil when none ever did.
  var fetchedAt: String?
  /// When that was last found to be the present one.
  var checkedAt: String?
  /// When the last reading failed; nil when it did not.
  var failedAt: String?
  var entries: Int
}

/// What a list's new content did to its entries.
struct ListChanges: Sendable, Equatable, Codable {
  /// New, or back.
  var added = 0
  var removed = 0
  /// Under another label, or elsewhere in the hierarchy.
  var relabeled = 0
  /// Of which only what has no history differs: the type, the slug.
  var edited = 0

  var isEmpty: Bool { self == ListChanges() }
}

extension Store {
  /// By the name of the list.
  func listStates() throws -> [String: ListState] {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM value_lists")
      return Dictionary(
        uniqueKeysWithValues: rows.map { row in
          let state = ListState(
            url: row["url"],
            validators: ListValidators(etag: row["etag"], lastModified: row["last_modified"]),
            fetchedAt: row["fetched_at"], checkedAt: row["checked_at"], failedAt: row["failed_at"],
            entries: row["entries"])
          return (row["name"], state)
        })
    }
  }

  /// Notes that the content we have is still the present one.
  func confirm(_ list: ValueList, at now: String) throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE value_lists
          SET checked_at = ?, failed_at = NULL, failure_reason = NULL, failure = NULL
          WHERE name = ?
          """, arguments: [now, list.name])
    }
  }

  /// Notes that a list could not be read; what we have of it stays.
  func note(_ failure: Failure, of list: ValueList, at now: String) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO value_lists (name, url, failed_at, failure_reason, failure)
          VALUES (?1, ?2, ?3, ?4, ?5)
          ON CONFLICT (name) DO UPDATE SET failed_at = ?3, failure_reason = ?4, failure = ?5
          """, arguments: [list.name, list.url, now, failure.reason, failure.message])
    }
  }

  /// Makes this the content of the list, all of it or nothing. What is no longer there stays, with
  /// the time when it was missed; what is called otherwise keeps its old names in `concept_labels`.
  func replace(
    _ list: ValueList, with concepts: [Concept], _ validators: ListValidators, at now: String
  ) throws -> ListChanges {
    try write { db in
      try stage(concepts, in: db)
      let changes = try differences(from: list.name, in: db)
      // The publisher writes its files anew every night: other validators are no other content.
      if changes.isEmpty, try confirm(list, validators, at: now, in: db) { return changes }
      try db.cachedStatement(
        sql: """
          INSERT INTO value_lists (name, url, fetched_at, checked_at, entries, etag, last_modified)
          VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)
          ON CONFLICT (name) DO UPDATE SET url = ?2, fetched_at = ?3, checked_at = ?3,
            entries = ?4, etag = ?5, last_modified = ?6,
            failed_at = NULL, failure_reason = NULL, failure = NULL
          """
      ).execute(arguments: [
        list.name, list.url, now, concepts.count, validators.etag, validators.lastModified,
      ])
      let isFirst = try merge(into: list.name, at: now, in: db)
      if isFirst || !changes.isEmpty { writer.forget() }
      try rejoin(whatIsTornOf: list.name, since: now, in: db)
      return changes
    }
  }

  /// - Returns: false when there is no content yet that could be confirmed.
  private func confirm(
    _ list: ValueList, _ validators: ListValidators, at now: String, in db: Database
  ) throws -> Bool {
    try db.cachedStatement(
      sql: """
        UPDATE value_lists SET url = ?, checked_at = ?, etag = ?, last_modified = ?,
          failed_at = NULL, failure_reason = NULL, failure = NULL
        WHERE name = ? AND fetched_at IS NOT NULL
        """
    ).execute(arguments: [list.url, now, validators.etag, validators.lastModified, list.name])
    return db.changesCount > 0
  }

  /// Puts the new content beside the old one, so that SQL can compare them, byte by byte.
  private func stage(_ concepts: [Concept], in db: Database) throws {
    try db.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS staged (
          uri TEXT NOT NULL PRIMARY KEY, label_nl TEXT, label_en TEXT, parent TEXT, type TEXT,
          slug TEXT
        ) STRICT, WITHOUT ROWID;
        DELETE FROM temp.staged;
        """)
    let insert = try db.cachedStatement(sql: "INSERT INTO temp.staged VALUES (?, ?, ?, ?, ?, ?)")
    for concept in concepts {
      try insert.execute(arguments: [
        concept.uri, concept.labelNL, concept.labelEN, concept.parent, concept.type, concept.slug,
      ])
    }
  }

  private func differences(from list: String, in db: Database) throws -> ListChanges {
    let sql = """
      SELECT
        count(*) FILTER (WHERE c.uri IS NULL OR c.removed_at IS NOT NULL) AS added,
        count(*) FILTER (WHERE c.removed_at IS NULL AND c.uri IS NOT NULL
          AND (s.label_nl, s.label_en, s.parent) IS NOT (c.label_nl, c.label_en, c.parent))
          AS relabeled,
        count(*) FILTER (WHERE c.removed_at IS NULL AND c.uri IS NOT NULL
          AND (s.label_nl, s.label_en, s.parent) IS (c.label_nl, c.label_en, c.parent)
          AND (s.type, s.slug) IS NOT (c.type, c.slug)) AS edited,
        (
          SELECT count(*) FROM terms
          WHERE list = ?1 AND standing = 'listed' AND first_seen IS NOT NULL
            AND value NOT IN (SELECT uri FROM temp.staged)
        ) AS removed
      FROM temp.staged s
      LEFT JOIN (
        SELECT value AS uri, label_nl, label_en, parent, type, slug, removed_at FROM terms
        WHERE list = ?1 AND first_seen IS NOT NULL
      ) c ON c.uri = s.uri
      """
    let row = try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: [list])
    guard let row else { return ListChanges() }
    return ListChanges(
      added: row["added"], removed: row["removed"], relabeled: row["relabeled"],
      edited: row["edited"])
  }

  /// What values were taken from the list before it was read is its entries now, in place: no value
  /// has to be looked at.
  ///
  /// - Returns: whether the list had never been read.
  private func merge(into list: String, at now: String, in db: Database) throws -> Bool {
    let isFirst =
      try Bool.fetchOne(
        db,
        sql: "SELECT NOT EXISTS (SELECT 1 FROM terms WHERE list = ? AND first_seen IS NOT NULL)",
        arguments: [list]) ?? false
    try db.cachedStatement(
      sql: """
        INSERT INTO terms (list, value, standing, label_nl, label_en, parent, type, slug,
          first_seen, last_seen)
        SELECT ?1, uri, 'listed', label_nl, label_en, parent, type, slug, ?2, ?2
        FROM temp.staged WHERE true
        ON CONFLICT (value, list) DO UPDATE SET standing = 'listed', label_nl = excluded.label_nl,
          label_en = excluded.label_en, parent = excluded.parent, type = excluded.type,
          slug = excluded.slug, first_seen = coalesce(first_seen, excluded.first_seen),
          last_seen = excluded.last_seen, removed_at = NULL
        """
    ).execute(arguments: [list, now])
    try db.cachedStatement(
      sql: """
        UPDATE terms SET removed_at = ?2, standing = 'removed'
        WHERE list = ?1 AND first_seen IS NOT NULL AND standing = 'listed'
          AND value NOT IN (SELECT uri FROM temp.staged)
        """
    ).execute(arguments: [list, now])
    // Of what could not be told from entries before there were any.
    if isFirst {
      try db.execute(
        sql: "UPDATE terms SET standing = 'unlisted' WHERE list = ? AND standing = 'unchecked'",
        arguments: [list])
    }
    // A name is history as soon as it is seen: the row before it says since when it was otherwise.
    try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO concept_labels (list, uri, observed_at, label_nl, label_en, parent)
        SELECT c.list, c.uri, ?2, c.label_nl, c.label_en, c.parent FROM concepts c
        WHERE c.list = ?1 AND NOT EXISTS (
          SELECT 1 FROM concept_labels l
          WHERE l.list = c.list AND l.uri = c.uri
            AND l.observed_at = (
              SELECT max(observed_at) FROM concept_labels WHERE list = c.list AND uri = c.uri)
            AND (l.label_nl, l.label_en, l.parent) IS (c.label_nl, c.label_en, c.parent))
        """
    ).execute(arguments: [list, now])
    try db.execute(sql: "DELETE FROM temp.staged")
    return isFirst
  }

  /// A new entry with a comma may be the whole of what the portal has torn: the records that hold its
  /// first piece are read again.
  private func rejoin(whatIsTornOf list: String, since now: String, in db: Database) throws {
    let wholes = try String.fetchAll(
      db,
      sql: """
        SELECT value FROM terms
        WHERE list = ? AND first_seen = ? AND standing = 'listed' AND instr(value, ',') > 0
        """, arguments: [list, now])
    var keys: Set<Int64> = []
    for whole in wholes {
      let piece = String(whole.prefix { $0 != "," })
      keys.formUnion(
        try Int64.fetchSet(
          db,
          sql: """
            SELECT u.dataset FROM terms t JOIN uri_rows u ON u.term = t.key
            WHERE t.value = ? AND u.dataset IN (
              SELECT key FROM all_datasets WHERE deleted_at IS NULL)
            """, arguments: [piece]))
    }
    guard !keys.isEmpty else { return }
    try readAgain(keys.sorted(), by: try FieldTable(db), in: db, at: now)
  }
}

extension Store {
  func write(_ groups: [CatalogGroup], as kind: GroupKind, at now: String) throws {
    try write { _ in
      for group in groups { try writer.write(group, as: kind, isListed: true, at: now) }
    }
  }

  func write(_ licenses: [License]) throws {
    try write { db in
      for license in licenses {
        try db.execute(
          sql: """
            INSERT INTO licenses (id, title, url) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET title = excluded.title, url = excluded.url
            """, arguments: [license.id, license.title, license.url])
      }
    }
  }

  func write(_ status: PortalStatus) throws {
    try write { db in
      if let version = status.ckanVersion { try setMeta("ckan_version", version, in: db) }
      if let title = status.siteTitle { try setMeta("portal_title", title, in: db) }
    }
  }
}
