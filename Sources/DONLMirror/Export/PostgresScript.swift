/// A script for `psql` that loads the mirror, or brings a loaded one up to date, in one transaction.
///
/// A schema holds one portal. Tables bear the names that they have in SQLite, what is a view there is a
/// table here, and beside them `feed_cursor` says up to which entry of the feed that is.
struct PostgresScript {
  private let export: Export
  private let snapshot: MirrorSnapshot
  private let sink: ExportSink
  private let schema: String

  init(_ export: Export, _ snapshot: MirrorSnapshot, _ sink: ExportSink) throws {
    self.export = export
    self.snapshot = snapshot
    self.sink = sink
    schema = export.schema ?? Self.schema(of: snapshot.place.source)
    guard !schema.isEmpty, schema.utf8.count <= 63, !schema.utf8.contains(0) else {
      throw Failure(
        .usage, reason: "usage",
        "--schema takes a name of 1 to 63 bytes; \(schema) has \(schema.utf8.count).")
    }
  }

  /// `data_overheid_nl`
  static func schema(of source: String) -> String {
    let host = (try? PortalAddress(source))?.host ?? source
    let name = String(
      host.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    // PostgreSQL cuts longer names.
    return String((name.first?.isNumber == true ? "_" + name : name).prefix(63))
  }

  /// - Returns: how many datasets are in it.
  func write() throws -> Int {
    try say(
      """
      -- donl-mirror \(toolVersion): \(snapshot.place.source.escapedForComment)
      -- psql -X -f FILE, or a pipe; all of it or nothing is done.
      \\set ON_ERROR_STOP on
      \\set QUIET on
      SET client_encoding TO 'UTF8';
      SET client_min_messages TO warning;
      BEGIN;
      """)
    guard let since = export.since else { return try writeAll() }
    return try write(after: since)
  }

  // MARK: The whole

  private func writeAll() throws -> Int {
    try say(
      """
      CREATE SCHEMA IF NOT EXISTS \(quoted(schema));
      SET LOCAL search_path TO \(quoted(schema));
      CREATE TABLE IF NOT EXISTS feed_cursor (
        source text NOT NULL, epoch text NOT NULL, seq bigint NOT NULL, field_table text,
        loaded_at timestamptz NOT NULL DEFAULT now(),
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only));
      COMMENT ON TABLE feed_cursor IS 'Up to which entry of which feed these tables are.';
      LOCK TABLE feed_cursor IN EXCLUSIVE MODE;
      DO $donl$ BEGIN
        IF EXISTS (SELECT 1 FROM feed_cursor WHERE source <> \(text(snapshot.place.source))) THEN
          RAISE EXCEPTION 'this schema holds another portal: %', (SELECT source FROM feed_cursor)
            USING HINT = 'Choose another --schema.';
        END IF;
      END $donl$;
      """)
    let total = try snapshot.liveCount()
    for table in try snapshot.tables() {
      try create(table)
      try say("TRUNCATE \(quoted(table.name));")
      try copy(table, .everything, into: table.name, total: total)
    }
    try index()
    try setCursor()
    try say("COMMIT;")
    for table in try snapshot.tables() {
      try say("ANALYZE \(quoted(schema)).\(quoted(table.name));")
    }
    return total
  }

  private func create(_ table: MirrorTable) throws {
    let columns = table.columns.map { "  \(quoted($0.name)) \($0.kind.postgres)" }
    let key = table.key.map(quoted).joined(separator: ", ")
    let all = columns + (table.key.isEmpty ? [] : ["  PRIMARY KEY (\(key))"])
    try say(
      "CREATE TABLE IF NOT EXISTS \(quoted(table.name)) (\n\(all.joined(separator: ",\n"))\n);")
    // A later version may have more of them.
    let added = table.columns.map {
      "ADD COLUMN IF NOT EXISTS \(quoted($0.name)) \($0.kind.postgres)"
    }
    try say("ALTER TABLE \(quoted(table.name)) \(added.joined(separator: ", "));")
  }

  /// Texts may be longer than an index of their order takes, so they have one of their hashes.
  private func index() throws {
    for table in try snapshot.tables() where table.key != ["dataset_id"] {
      guard case .dataset("dataset_id") = table.scope else { continue }
      try say(
        "CREATE INDEX IF NOT EXISTS \(quoted("\(table.name)_dataset")) ON \(quoted(table.name)) (dataset_id);"
      )
    }
    try say(
      """
      CREATE INDEX IF NOT EXISTS datasets_name ON datasets USING hash (name);
      CREATE INDEX IF NOT EXISTS uri_values_uri ON uri_values USING hash (uri);
      CREATE INDEX IF NOT EXISTS tags_name ON tags USING hash (name);
      CREATE INDEX IF NOT EXISTS changes_dataset ON changes (dataset_id);
      """)
  }

  private func setCursor() throws {
    let place = snapshot.place
    try say(
      """
      INSERT INTO feed_cursor (source, epoch, seq, field_table)
      VALUES (\(text(place.source)), \(text(place.epoch)), \(place.last), \(try fieldTable()))
      ON CONFLICT (is_only) DO UPDATE SET
        epoch = excluded.epoch, seq = excluded.seq, field_table = excluded.field_table, loaded_at = now();
      """)
  }

  private func fieldTable() throws -> String { text(try snapshot.meta("field_table") ?? "") }

  // MARK: What changed

  private func write(after since: FeedCursor) throws -> Int {
    let place = snapshot.place
    let around = try snapshot.surroundings(since: since.seq)
    let affected = try Set(snapshot.changed(after: since.seq)).union(around.touched).sorted()
    let scope = try snapshot.scope(of: affected, since: since.seq)
    try say(
      """
      SET LOCAL search_path TO \(quoted(schema));
      LOCK TABLE feed_cursor IN EXCLUSIVE MODE;
      DO $donl$ DECLARE stored record; BEGIN
        SELECT * INTO stored FROM feed_cursor;
        IF stored IS NULL OR stored.source <> \(text(place.source)) OR stored.epoch <> \(text(place.epoch))
          OR stored.field_table <> \(try fieldTable())
        THEN
          RAISE EXCEPTION 'these changes do not follow what is loaded here'
            USING HINT = 'Load everything anew: donl-mirror export postgres, without --since.';
        END IF;
        IF stored.seq < \(since.seq) THEN
          RAISE EXCEPTION 'loaded up to %, and these changes come after \(since.seq)', stored.seq
            USING HINT = 'donl-mirror export postgres --since takes the seq of feed_cursor.';
        END IF;
      END $donl$;
      SELECT seq > \(place.last) AS is_ahead FROM feed_cursor \\gset
      \\if :is_ahead
        \\echo 'nothing to do: loaded beyond \(place.last) already'
        ROLLBACK;
        \\quit
      \\endif
      CREATE TEMP TABLE affected (id text PRIMARY KEY) ON COMMIT DROP;
      """)
    try say("COPY affected FROM stdin;")
    for id in affected {
      id.withView { PostgresText.write($0, into: sink.buffer) }
      sink.buffer.append(0x0A)
      try sink.drain()
    }
    try say("\\.")
    for table in try snapshot.tables() {
      // Labels stand beside the values, so a list that changed has a say in all of them.
      let isAll = table.name == "uri_values" && around.hasOtherLabels
      try follow(table, isAll ? .everything : scope, total: affected.count)
    }
    try followSightings()
    try say(
      """
      UPDATE changes SET before = NULL WHERE seq <= \(place.floor) AND before IS NOT NULL;
      """)
    try setCursor()
    try say("COMMIT;")
    return affected.count
  }

  /// Makes the rows that may have changed those of the mirror, and touches no other.
  private func follow(_ table: MirrorTable, _ scope: MirrorScope, total: Int) throws {
    let (name, new) = (quoted(table.name), quoted("new_\(table.name)"))
    let columns = table.columns.map { quoted($0.name) }
    let list = columns.joined(separator: ", ")
    try say("CREATE TEMP TABLE \(new) ON COMMIT DROP AS SELECT \(list) FROM \(name) WHERE false;")
    try copy(table, scope, into: "new_\(table.name)", total: total)
    let reached = condition(of: table, scope)
    guard table.key.isEmpty else {
      let keys = table.key.map(quoted)
      let same = keys.map { "n.\($0) = o.\($0)" }.joined(separator: " AND ")
      let values = columns.filter { !keys.contains($0) }
      let set = values.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      let old = values.map { "\(name).\($0)" }.joined(separator: ", ")
      let then = values.map { "excluded.\($0)" }.joined(separator: ", ")
      return try say(
        """
        DELETE FROM \(name) o WHERE \(reached) AND NOT EXISTS (SELECT 1 FROM \(new) n WHERE \(same));
        INSERT INTO \(name) (\(list)) SELECT \(list) FROM \(new)
        ON CONFLICT (\(keys.joined(separator: ", "))) DO UPDATE SET \(set)
        WHERE ROW(\(old)) IS DISTINCT FROM ROW(\(then));
        """)
    }
    // Without a key a row is itself, as often as it is there.
    try say(
      """
      DELETE FROM \(name) WHERE ctid IN (
        SELECT o.place FROM (
          SELECT ctid AS place, md5(ROW(\(list))::text) AS sum,
            row_number() OVER (PARTITION BY md5(ROW(\(list))::text)) AS number
          FROM \(name) WHERE \(reached)) o
        WHERE NOT EXISTS (
          SELECT 1 FROM (
            SELECT md5(ROW(\(list))::text) AS sum, count(*) AS number FROM \(new) GROUP BY 1) n
          WHERE n.sum = o.sum AND n.number >= o.number));
      INSERT INTO \(name) (\(list))
      SELECT \(list) FROM (
        SELECT \(list), md5(ROW(\(list))::text) AS row_sum,
          row_number() OVER (PARTITION BY md5(ROW(\(list))::text)) AS row_number
        FROM \(new)) n
      WHERE NOT EXISTS (
        SELECT 1 FROM (
          SELECT md5(ROW(\(list))::text) AS sum, count(*) AS number FROM \(name) WHERE \(reached) GROUP BY 1) o
        WHERE o.sum = n.row_sum AND o.number >= n.row_number);
      """)
  }

  /// Which rows of a table may be others than what is copied.
  private func condition(of table: MirrorTable, _ scope: MirrorScope) -> String {
    switch (table.scope, scope) {
    case (.whole, _), (_, .everything): "true"
    case (.dataset(let column), .since): "\(quoted(column)) IN (SELECT id FROM affected)"
    case (.log(let column), .since(_, let seq, let run)):
      "\(quoted(column)) > \(column == "seq" ? seq : run)"
    }
  }

  /// A census sees every dataset, and changes none: most have one `last_seen`, the others are listed.
  private func followSightings() throws {
    let usual = try snapshot.usualSighting()
    let value = usual.map(text) ?? "NULL"
    try say(
      """
      CREATE TEMP TABLE seen (id text PRIMARY KEY, last_seen timestamptz) ON COMMIT DROP;
      COPY seen FROM stdin;
      """)
    try snapshot.eachRow(
      "SELECT id, last_seen FROM datasets WHERE last_seen IS NOT ?", [Cell(usual)]
    ) { row in
      try write(row, [.text, .stamp])
    }
    try say(
      """
      \\.
      UPDATE datasets d SET last_seen = s.last_seen FROM seen s
      WHERE s.id = d.id AND d.last_seen IS DISTINCT FROM s.last_seen;
      UPDATE datasets SET last_seen = \(value)::timestamptz
      WHERE last_seen IS DISTINCT FROM \(value)::timestamptz AND id NOT IN (SELECT id FROM seen);
      """)
  }

  // MARK: COPY

  private func copy(
    _ table: MirrorTable, _ scope: MirrorScope, into name: String, total: Int
  ) throws {
    let list = table.columns.map { quoted($0.name) }.joined(separator: ", ")
    let kinds = table.columns.map(\.kind)
    try say("COPY \(quoted(name)) (\(list)) FROM stdin;")
    var rows = 0
    try snapshot.eachRow(of: table, scope) { row in
      try write(row, kinds)
      rows += 1
      if table.name == "records", rows.isMultiple(of: Export.reportEvery) {
        export.report(rows, total)
      }
    }
    try say("\\.")
  }

  private func write(_ row: Statement.Columns, _ kinds: [MirrorTable.Kind]) throws {
    let out = sink.buffer
    for (index, kind) in kinds.enumerated() {
      if index > 0 { out.append(0x09) }
      switch row.lent(Int32(index)) {
      case .null: out.append("\\N")
      case .integer(let number): "\(number)".withView { out.append(contentsOf: $0.buffer) }
      case .text(let text) where kind == .json:
        let line = try PastRecord.line(of: Array(text.buffer))
        PostgresText.fit(line).withView { PostgresText.write($0, into: out) }
      case .text(let text): PostgresText.write(text, into: out)
      }
    }
    out.append(0x0A)
    try sink.drain()
  }

  private func say(_ text: String) throws {
    text.withView { sink.buffer.append(contentsOf: $0.buffer) }
    sink.buffer.append(0x0A)
    try sink.drain()
  }

  private func quoted(_ name: String) -> String {
    "\"\(name.replacing("\"", with: "\"\""))\""
  }

  private func text(_ text: String) -> String {
    // Backslashes mean something only behind an E; standard_conforming_strings has been on since 9.1.
    "'\(text.replacing("'", with: "''"))'"
  }
}

extension MirrorSnapshot {
  /// When most datasets were last seen.
  fileprivate func usualSighting() throws -> String? {
    var usual: String?
    try eachRow(
      "SELECT last_seen FROM datasets GROUP BY last_seen ORDER BY count(*) DESC, last_seen DESC LIMIT 1"
    ) { usual = $0.text(0) }
    return usual
  }
}

extension MirrorTable.Kind {
  fileprivate var postgres: String {
    switch self {
    case .text: "text"
    case .integer: "bigint"
    case .json: "jsonb"
    case .stamp: "timestamptz"
    }
  }
}

extension String {
  fileprivate var escapedForComment: String {
    split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
