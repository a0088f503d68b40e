import GRDB
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

@Suite("A page")
struct TransactionTests {
  @Test("is stored whole with its position, or not at all")
  func allOrNothing() async throws {
    var entries = Entry.row(12)
    // In quarantine on the very page that fails.
    entries[5] = Entry("0005", title: "Bell \u{7}")
    try await story(entries) { mirror, portal in
      try Store(path: mirror.path).close()
      try mirror.tamper(
        """
        CREATE TRIGGER refuse BEFORE INSERT ON changes WHEN NEW.dataset_id = '0006'
        BEGIN SELECT RAISE(ABORT, 'the middle of a page'); END
        """)
      await #expect(throws: Failure.self) { try await mirror.harvest(portal) { $0.rows = 4 } }

      let stored = ["0000", "0001", "0002", "0003"]
      #expect(try mirror.strings("SELECT id FROM datasets ORDER BY id") == stored)
      #expect(try mirror.strings("SELECT dataset_id FROM changes ORDER BY 1") == stored)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
      #expect(try mirror.count("SELECT next_start FROM walks") == 3)
      #expect(try mirror.strings("SELECT last_id FROM walks") == ["0003"])
      #expect(try mirror.count("SELECT created FROM runs") == 4)
      #expect(try mirror.strings("SELECT outcome FROM runs") == ["failed"])

      try mirror.tamper("DROP TRIGGER refuse")
      let run = try await mirror.harvest(portal) { $0.rows = 4 }

      #expect(run.tally == Tally(created: 7, rejected: 1))
      #expect(try mirror.count("SELECT count(*) FROM changes") == 11)
    }
  }

  /// Notes which resources are written.
  private static let watched = """
    CREATE TABLE touched (position TEXT);
    CREATE TRIGGER inserted AFTER INSERT ON resource_rows
    BEGIN INSERT INTO touched VALUES (NEW.position); END;
    CREATE TRIGGER updated AFTER UPDATE ON resource_rows
    BEGIN INSERT INTO touched VALUES (NEW.position); END;
    CREATE TRIGGER deleted AFTER DELETE ON resource_rows
    BEGIN INSERT INTO touched VALUES (OLD.position); END;
    """

  @Test("that changes a title leaves the resources where they are")
  func untouchedRows() async throws {
    try await story([Entry("a"), Entry("b")]) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.tamper(Self.watched)
      portal.update { $0.put(Entry("a", hour: 9, title: "Other")) }
      try await mirror.harvest(portal)

      #expect(try mirror.count("SELECT count(*) FROM touched") == 0)
      #expect(try mirror.strings("SELECT title FROM datasets WHERE id = 'a'") == ["Other"])
    }
  }

  @Test("that changes one resource replaces that one")
  func oneResource() async throws {
    try await story([Entry("a", resources: ["r0", "r1", "r2"])]) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.tamper(Self.watched)
      portal.update { $0.put(Entry("a", hour: 9, resources: ["r0", "other", "r2"])) }
      try await mirror.harvest(portal)

      #expect(try mirror.strings("SELECT DISTINCT position FROM touched") == ["1"])
      let ids = try mirror.strings("SELECT id FROM resources ORDER BY position")
      #expect(ids == ["r0", "other", "r2"])
    }
  }

  @Test("keeps the moment at which its bytes first came")
  func fetchedAt() async throws {
    try await story([Entry("a")]) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.strings("SELECT fetched_at FROM records")
      mirror.advance(by: .seconds(60))
      try await mirror.harvest(portal) { $0.isFull = true }

      #expect(try mirror.strings("SELECT fetched_at FROM records") == before)
    }
  }
}

@Suite("The stored database")
struct IntegrityTests {
  @Test("is sound after creations, updates, deletions and returns")
  func sound() async throws {
    try await story(Entry.row(12)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.put(Entry("0001", hour: 30, title: "Edited word", tags: ["air", "soil"]))
        $0.put(Entry("0002", hour: 30, resources: []))
        $0.delete("0003")
        $0.delete("0004")
      }
      try await mirror.harvest(portal) { $0.isFull = true }
      try Self.expectSound(mirror)
      portal.update { $0.put(Entry("0003", hour: 40, title: "Returned")) }
      try await mirror.harvest(portal)

      try Self.expectSound(mirror)
      let found = try mirror.strings(
        "SELECT dataset_id FROM datasets_fts WHERE datasets_fts MATCH 'edited OR returned'")
      #expect(Set(found) == ["0001", "0003"])
      #expect(
        try mirror.count("SELECT count(*) FROM datasets_fts WHERE datasets_fts MATCH '\"0004\"'")
          == 0)
    }
  }

  private static func expectSound(_ mirror: Mirror) throws {
    #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
    #expect(try mirror.rows("PRAGMA foreign_key_check").isEmpty)
    // With rank 1, FTS5 compares the index with the rows that it indexes; it throws when they differ.
    try mirror.tamper("INSERT INTO datasets_fts (datasets_fts, rank) VALUES ('integrity-check', 1)")
  }

  @Test(
    "is not whole after a first load with a row that names what is not there",
    arguments: [
      ("tag_rows", "INSERT INTO tag_rows (dataset, name) VALUES (9, 'water')"),
      // Between those that are there.
      ("tag_rows", "INSERT INTO tag_rows (dataset, name) VALUES (2, 'water')"),
      ("group_rows", "INSERT INTO group_rows (dataset, group_id) VALUES (1, 'none')"),
      (
        "uri_rows",
        "INSERT INTO uri_rows (dataset, resource, field, position, term) VALUES (1, -1, 1, 0, 9)"
      ),
      (
        "uri_rows",
        "INSERT INTO uri_rows (dataset, resource, field, position, term) VALUES (1, -1, 9, 0, 1)"
      ),
      (
        "uri_rows",
        "INSERT INTO uri_rows (dataset, resource, field, position, term) VALUES (2, -1, 1, 0, 1)"
      ),
      ("all_datasets", "UPDATE all_datasets SET first_run = 9 WHERE key = 3"),
      (
        nil,
        "INSERT INTO uri_rows (dataset, resource, field, position, term) VALUES (3, -1, 1, 0, 1)"
      ),
    ] as [(String?, String)])
  func foreignKeys(table: String?, sql: String) throws {
    let mirror = try Mirror()
    let store = try Store(path: mirror.path)
    try store.write { db in
      try db.execute(
        sql: """
          INSERT INTO runs (id, mode, outcome, started_at)
          VALUES (1, 'full', 'complete', '2026-01-01T00:00:00.000000Z');
          INSERT INTO uri_fields (key, entity, field) VALUES (1, 'dataset', 'theme');
          INSERT INTO terms (key, list, value, standing) VALUES (1, '', 'a:b', 'free');
          INSERT INTO all_datasets (key, id, content_hash, first_run, first_seen)
          VALUES (1, 'a', '', 1, '2026-01-01T00:00:00.000000Z'),
            (3, 'c', '', 1, '2026-01-01T00:00:00.000000Z');
          INSERT INTO uri_rows (dataset, resource, field, position, term) VALUES (1, -1, 1, 1, 1);
          """ + sql)
    }
    let failure = Result { try store.finishLoad(isFirst: true) }
    try store.close()

    guard let table else {
      #expect(throws: Never.self) { try failure.get() }
      return
    }
    let told = #expect(throws: Failure.self) { try failure.get() }
    #expect(told?.status == .internalError)
    #expect(told?.message.contains("A row of \(table) ") == true)
  }

  @Test("can be read while it is written, and shows whole pages only")
  func readers() async throws {
    try await story(Entry.row(12)) { mirror, portal in
      let seen = Mutex<[Int]>([])
      try await mirror.harvest(portal) { job in
        job.rows = 5
        job.report = { _ in
          let count = try? mirror.count("SELECT count(*) FROM datasets")
          seen.withLock { $0.append(count ?? 0) }
        }
      }

      #expect(seen.withLock { $0 } == [5, 9, 12])
    }
  }
}
