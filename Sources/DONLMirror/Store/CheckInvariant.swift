import GRDB

/// A promise of ours as queries that find what breaks it, one sentence per row.
struct Invariant: Sendable {
  var name: String
  var promise: String
  var queries: [String]

  func check(_ db: Database) throws -> Check {
    var check = Check(name, promise)
    for query in queries {
      let problems = try String.fetchCursor(db, sql: query)
      while let problem = try problems.next() { check.add(problem) }
    }
    return check
  }

  static let all = [meta, sequence, feed, rows, search, ledger, lists]

  static let meta = Invariant(
    name: "meta", promise: "the file says whose mirror it is and by which rules",
    queries: [
      """
      WITH wanted(key) AS (
        VALUES ('source'), ('license'), ('epoch'), ('hash_version'), ('schema_version'),
          ('tool_version'))
      SELECT 'meta has no ' || key FROM wanted
      WHERE coalesce((SELECT value FROM meta WHERE meta.key = wanted.key), '') = ''
      """,
      """
      SELECT 'meta.hash_version is ' || value || ', this donl-mirror knows \(ContentHash.version)'
      FROM meta WHERE key = 'hash_version'
        AND value <> '\(ContentHash.version)' AND value NOT GLOB '\(ContentHash.version)+?*'
      """,
      """
      SELECT 'meta.schema_version is ' || value || ', user_version is ' || user_version
      FROM meta, pragma_user_version WHERE key = 'schema_version' AND value <> user_version || ''
      """,
      """
      SELECT 'a run is complete and meta has no complete_as_of'
      WHERE EXISTS (SELECT 1 FROM runs WHERE outcome = 'complete')
        AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'complete_as_of' AND value <> '')
      """,
    ])

  /// `seq` is a primary key and cannot repeat; what could go wrong is the counter and the order.
  static let sequence = Invariant(
    name: "sequence", promise: "the feed only ever grew",
    queries: [
      """
      SELECT 'seq ' || seq || ' belongs to run ' || run_id || ', the one before to a later run'
      FROM (SELECT seq, run_id, lag(run_id) OVER (ORDER BY seq) AS before FROM changes)
      WHERE run_id < before
      """,
      """
      SELECT 'the counter stands at ' || coalesce(s.seq, 0) || ', the feed at ' || max(c.seq)
      FROM changes c LEFT JOIN sqlite_sequence s ON s.name = 'changes'
      GROUP BY s.seq HAVING max(c.seq) > coalesce(s.seq, 0)
      """,
    ])

  static let feed = Invariant(
    name: "feed", promise: "replaying changes gives the live datasets with their hashes",
    queries: [
      """
      WITH last AS (SELECT *, max(seq) FROM changes GROUP BY dataset_id)
      SELECT d.id || CASE
        WHEN last.seq IS NULL THEN ' is live and the feed never told'
        WHEN last.kind = 'delete' THEN ' is live and the feed says deleted'
        ELSE ' has another hash than the feed says' END
      FROM all_datasets d LEFT JOIN last ON last.dataset_id = d.id
      WHERE d.deleted_at IS NULL
        AND (last.seq IS NULL OR last.kind = 'delete'
          OR last.content_hash IS NOT d.content_hash
            -- Earlier ones are hashes by another rule.
            AND last.seq > coalesce((SELECT value + 0 FROM meta WHERE key = 'hash_since'), 0))
      ORDER BY d.id
      """,
      """
      WITH last AS (SELECT *, max(seq) FROM changes GROUP BY dataset_id)
      SELECT last.dataset_id || ' is live by the feed, and is not there' FROM last
      WHERE last.kind <> 'delete' AND NOT EXISTS (
        SELECT 1 FROM all_datasets d WHERE d.id = last.dataset_id AND d.deleted_at IS NULL)
      ORDER BY 1
      """,
      """
      SELECT 'seq ' || seq || ': ' || kind || ' of ' || dataset_id || ' after '
        || coalesce(before, 'nothing')
      FROM (
        SELECT seq, kind, dataset_id,
          lag(kind) OVER (PARTITION BY dataset_id ORDER BY seq) AS before
        FROM changes)
      WHERE (kind = 'create') IS NOT (coalesce(before, 'delete') = 'delete')
      ORDER BY seq
      """,
    ])

  static let rows = Invariant(
    name: "rows", promise: "every dataset has its record and sighting, no tombstone has rows",
    queries: [
      """
      SELECT id || ' has no record' FROM all_datasets
      WHERE key NOT IN (SELECT dataset FROM record_rows) ORDER BY id
      """,
      """
      SELECT id || ' was never seen by a walk' FROM all_datasets
      WHERE deleted_at IS NULL AND key NOT IN (SELECT dataset FROM sightings) ORDER BY id
      """,
    ]
      + ChildTable.allCases.map { table in
        """
        SELECT DISTINCT d.id || ' is deleted and has rows in \(table.name)'
        FROM \(table.name) t JOIN all_datasets d ON d.key = t.dataset
        WHERE d.deleted_at IS NOT NULL
        """
      }
      + ChildTable.allCases.filter { $0.keyColumns.contains("resource_position") }.map { table in
        """
        SELECT DISTINCT d.id || ' has rows in \(table.name) of a resource that is not there'
        FROM \(table.name) t JOIN all_datasets d ON d.key = t.dataset
        WHERE NOT EXISTS (
          SELECT 1 FROM resource_rows r
          WHERE r.dataset = t.dataset AND r.position = t.resource_position)
        """
      })

  /// By the rows that FTS5 keeps one a document; what they say is checked apart (`full_text`).
  static let search = Invariant(
    name: "search", promise: "search finds each live dataset and nothing else",
    queries: [
      """
      SELECT id || ' cannot be found by search' FROM all_datasets
      WHERE deleted_at IS NULL AND key NOT IN (SELECT id FROM datasets_fts_docsize) ORDER BY id
      """,
      """
      SELECT 'search finds row ' || id || ', which is no live dataset' FROM datasets_fts_docsize
      WHERE id NOT IN (SELECT key FROM all_datasets WHERE deleted_at IS NULL)
      """,
    ])

  static let lists = Invariant(
    name: "value_lists", promise: "every value list has the entries that it counts",
    queries: [
      """
      SELECT name || ' counts ' || entries || ' entries and has ' || found FROM (
        SELECT l.name, l.entries, count(c.uri) AS found FROM value_lists l
        LEFT JOIN concepts c ON c.list = l.name AND c.removed_at IS NULL GROUP BY l.name)
      WHERE entries <> found ORDER BY name
      """
    ])

  static let ledger = Invariant(
    name: "ledger", promise: "every run but the last has ended, and every walk is told of",
    queries: [
      """
      SELECT 'run ' || id || ' never ended' FROM runs
      WHERE outcome = 'running' AND id <> (SELECT max(id) FROM runs)
      """,
      """
      SELECT 'run ' || id || ' is ' || outcome || ' and does not say how it answered' FROM runs
      WHERE outcome IN ('complete', 'partial', 'failed') AND exit_code IS NULL
      """,
      """
      SELECT 'walk ' || max(id) || ' is one of ' || count(*) || ' that are open' FROM walks
      WHERE state = 'open' AND mode <> 'census' GROUP BY state HAVING count(*) > 1
      """,
    ])
}
