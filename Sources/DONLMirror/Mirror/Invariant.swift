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

  static let all = [meta, sequence, feed, rows, terms, census, search, ledger, lists]

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
      + childTables.map { table in
        """
        SELECT DISTINCT d.id || ' is deleted and has rows in \(table)'
        FROM \(table) t JOIN all_datasets d ON d.key = t.dataset
        WHERE d.deleted_at IS NOT NULL
        """
      }
      + ["uri_rows", ChildTable.extras.name].map { table in
        """
        SELECT DISTINCT d.id || ' has rows in \(table) of a resource that is not there'
        FROM \(table) t JOIN all_datasets d ON d.key = t.dataset
        WHERE t.resource >= 0 AND NOT EXISTS (
          SELECT 1 FROM resource_rows r
          WHERE r.dataset = t.dataset AND r.position = t.resource)
        """
      })

  private static let childTables = ["uri_rows"] + ChildTable.allCases.map(\.name)

  /// What is stored instead of derived (see also `resolution`, which reads every record again).
  static let terms = Invariant(
    name: "terms", promise: "each value stands as its list says, and no value is kept for nothing",
    queries: [
      """
      SELECT value || ' is unchecked, and ' || list || ' was fetched' FROM terms
      JOIN value_lists ON name = list AND fetched_at IS NOT NULL WHERE standing = 'unchecked'
      """,
      """
      SELECT value || ' is unlisted, and ' || list || ' was never fetched' FROM terms
      WHERE standing = 'unlisted'
        AND list NOT IN (SELECT name FROM value_lists WHERE fetched_at IS NOT NULL)
      """,
      """
      SELECT value || ' is free, and taken from ' || list FROM terms
      WHERE standing = 'free' AND list <> ''
      """,
      """
      SELECT value || ' is no value of any dataset, and on no list' FROM terms t
      WHERE first_seen IS NULL AND NOT EXISTS (SELECT 1 FROM uri_rows WHERE term = t.key)
        AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'uri_rows_term')
      """,
      """
      SELECT f.entity || ' ' || f.field || ' takes its values from ' || coalesce(f.value_list, 'no list')
        || ', the field table says ' || coalesce(n.value_list, 'none')
      FROM uri_fields f JOIN fields n ON n.entity = f.entity AND n.field = f.field
      WHERE n.kind GLOB 'uri*' AND f.scheme = ''
        AND f.value_list IS NOT iif(n.value_list GLOB '@*', NULL, n.value_list)
      """,
      """
      SELECT d.id || ' has a value of ' || f.field || ' from the wrong list' FROM uri_rows u
      JOIN uri_fields f ON f.key = u.field
      JOIN terms t ON t.key = u.term
      JOIN all_datasets d ON d.key = u.dataset
      WHERE t.list IS NOT coalesce(f.value_list, iif(f.scheme IN (
        SELECT scheme FROM spatial_schemes WHERE value_list IS NULL), f.scheme, ''))
      """,
    ])

  static let census = Invariant(
    name: "field_census", promise: "every key is counted as often as it is there",
    queries: [
      """
      WITH found AS (
        SELECT e.key + 0 AS key, count(DISTINCT x.dataset) AS datasets,
          min(substr(e.value, 1, 200)) AS example
        FROM extra_rows x CROSS JOIN json_each(x.json) e GROUP BY e.key)
      SELECT s.entity || ' ' || s.field || ' is counted ' || s.datasets || ' times and is there '
        || coalesce(f.datasets, 0)
      FROM field_sightings s LEFT JOIN found f ON f.key = s.key
      WHERE s.datasets <> coalesce(f.datasets, 0)
      UNION ALL
      SELECT 'a key of extra_rows is ' || key || ', which is none' FROM found
      WHERE key NOT IN (SELECT key FROM field_sightings)
      UNION ALL
      SELECT s.entity || ' ' || s.field || ' shows an example that is no value of it'
      FROM unknown_fields s JOIN found f ON f.key = s.key
      WHERE s.example <> f.example
      """
    ])

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
