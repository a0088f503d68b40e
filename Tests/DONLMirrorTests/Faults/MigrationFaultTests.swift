import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A migration")
struct MigrationFaultTests {
  private static let step = "ALTER TABLE licenses ADD COLUMN note TEXT"

  private static var next: Schema {
    var schema = Schema.current
    schema.steps.append(step)
    return schema
  }

  @Test("69 leaves the database as it was beside the new one, whole")
  func backup() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.content()
      // What a run that was killed in the middle of an earlier attempt has left.
      let backup = mirror.path + ".before-v\(Self.next.version)"
      try Data("half a copy".utf8).write(to: URL(filePath: backup + ".partial"))

      try Store(path: mirror.path, schema: Self.next).close()

      #expect(try mirror.content() == before)
      #expect(!FileManager.default.fileExists(atPath: backup + ".partial"))
      let kept = try MirrorReader(path: backup)
      #expect(try kept.check().flatMap(\.examples) == [])
      #expect(
        try kept.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
          == Schema.current.version)
    }
  }

  @Test("69 that a kill interrupts has not happened, and happens the next time")
  func killed() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.content()
      let dead = try Mirror()
      // A kill leaves what is in the files: the transaction is spilled to the WAL and not ended.
      try await DatabaseQueue(path: mirror.path).writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA cache_size = 1; BEGIN IMMEDIATE")
        try db.execute(sql: Self.step)
        try db.execute(
          sql: """
            UPDATE record_rows SET json = json || ' ';
            PRAGMA user_version = \(Self.next.version)
            """)
        try db.execute(sql: "CREATE TABLE filler AS SELECT json FROM record_rows")
        for suffix in ["", "-wal"] {
          try FileManager.default.copyItem(
            atPath: mirror.path + suffix, toPath: dead.path + suffix)
        }
        try db.execute(sql: "ROLLBACK")
      }
      let wal = try Data(contentsOf: URL(filePath: dead.path + "-wal"))
      #expect(!wal.isEmpty)

      try Store(path: dead.path, schema: Self.next).close()

      #expect(try dead.content() == before)
      #expect(try dead.count("PRAGMA user_version") == Self.next.version)
      #expect(try dead.strings("PRAGMA integrity_check") == ["ok"])
      #expect(try dead.count("SELECT count(*) FROM sqlite_schema WHERE name = 'filler'") == 0)
    }
  }
}
