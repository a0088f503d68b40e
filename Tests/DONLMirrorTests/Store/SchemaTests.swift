import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The schema")
struct SchemaTests {
  private static func next(_ step: String) -> Schema {
    var schema = Schema.current
    schema.steps.append(step)
    return schema
  }

  @Test("moves a database forward, with what it holds")
  func migration() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.catalog()
      try Store(path: mirror.path, schema: Self.next("ALTER TABLE licenses ADD COLUMN note TEXT"))
        .close()

      #expect(try mirror.count("PRAGMA user_version") == Schema.current.version + 1)
      #expect(try mirror.meta("schema_version") == "\(Schema.current.version + 1)")
      #expect(try mirror.catalog() == before)
      #expect(try mirror.rows("SELECT note FROM licenses WHERE false").isEmpty)
      #expect(
        try mirror.count(
          "SELECT count(*) FROM datasets_fts WHERE datasets_fts MATCH 'water'") == 5)
    }
  }

  @Test("stays at its version, whole, when a step fails half-way")
  func failingMigration() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.catalog()
      #expect(throws: Failure.self) {
        try Store(
          path: mirror.path, schema: Self.next("CREATE TABLE half (way TEXT); SELECT no_such()"))
      }

      #expect(try mirror.count("PRAGMA user_version") == Schema.current.version)
      #expect(try mirror.meta("schema_version") == "\(Schema.current.version)")
      #expect(try mirror.count("SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0)
      #expect(try mirror.catalog() == before)
      #expect(try await mirror.harvest(portal).exitStatus == .done)
    }
  }

  @Test("of a later version is refused, and the file stays as it is")
  func newer() throws {
    let mirror = try Mirror()
    try Store(path: mirror.path).close()
    try mirror.tamper("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)")
    let before = try Data(contentsOf: URL(filePath: mirror.path))
    let failure = #expect(throws: Failure.self) { try Store(path: mirror.path) }

    #expect(failure?.status == .damagedDatabase)
    #expect(failure?.reason == "newer_schema")
    #expect(try Data(contentsOf: URL(filePath: mirror.path)) == before)
  }

  @Test("of an earlier version can be read as far as it goes, and says what brings it up")
  func older() throws {
    let mirror = try Mirror()
    try Store(path: mirror.path).close()
    try mirror.tamper("DROP VIEW labeled_datasets")
    let later = Self.next("ALTER TABLE licenses ADD COLUMN note TEXT")
    let reader = try MirrorReader(path: mirror.path, schema: later)
    let failure = #expect(throws: Failure.self) { try reader.search(["x"]) }

    #expect(failure?.status == .temporary)
    #expect(failure?.reason == "older_schema")
    #expect(failure?.message.contains("harvest") == true)
    #expect(try reader.lists().isEmpty)
  }

  @Test("that was never released is told so, and the file stays as it is", arguments: 1...4)
  func unreleased(version: Int) throws {
    let mirror = try Mirror()
    try Store(path: mirror.path).close()
    try mirror.tamper("PRAGMA user_version = \(version); PRAGMA wal_checkpoint(TRUNCATE)")
    let before = try Data(contentsOf: URL(filePath: mirror.path))
    for open in [{ _ = try Store(path: $0) }, { _ = try MirrorReader(path: $0) }]
      as [(String) throws -> Void]
    {
      let failure = #expect(throws: Failure.self) { try open(mirror.path) }
      #expect(failure?.status == .damagedDatabase)
      #expect(failure?.reason == "unreleased_schema")
      #expect(failure?.message.contains("version \(version)") == true)
    }
    #expect(try Data(contentsOf: URL(filePath: mirror.path)) == before)
  }

  @Test(
    "of another program is refused, and the file stays as it is",
    arguments: [
      "CREATE TABLE theirs (x)",
      "CREATE TABLE theirs (x); PRAGMA user_version = 1",
      "CREATE TABLE theirs (x); PRAGMA application_id = 42; PRAGMA user_version = 1",
    ])
  func foreign(_ sql: String) throws {
    let mirror = try Mirror()
    try mirror.tamper(sql)
    let before = try Data(contentsOf: URL(filePath: mirror.path))
    let failure = #expect(throws: Failure.self) { try Store(path: mirror.path) }

    #expect(failure?.status == .damagedDatabase)
    #expect(failure?.reason == "foreign_database")
    #expect(try Data(contentsOf: URL(filePath: mirror.path)) == before)
  }
}

@Suite("A place for the database")
struct PlaceTests {
  @Test("that is a folder is refused")
  func folder() throws {
    let mirror = try Mirror()
    let failure = #expect(throws: Failure.self) { try Store(path: mirror.folder.path) }

    #expect(failure?.status == .cannotCreate)
  }

  @Test("that is a pipe is refused, without waiting for a writer")
  func pipe() throws {
    let mirror = try Mirror()
    #expect(mkfifo(mirror.path, 0o600) == 0)
    let failure = #expect(throws: Failure.self) { try Store(path: mirror.path) }

    #expect(failure?.status == .cannotCreate)
  }

  @Test("in a folder that is not there is refused")
  func noFolder() throws {
    let mirror = try Mirror()
    let failure = #expect(throws: Failure.self) {
      try Store(path: mirror.folder.path + "/no/mirror.db")
    }

    #expect(failure?.status == .cannotCreate)
  }

  @Test("that holds a damaged header is refused, and stays as it is")
  func damagedHeader() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      var bytes = try Data(contentsOf: URL(filePath: mirror.path))
      bytes.replaceSubrange(0..<16, with: Data("This is no SQLit".utf8))
      try bytes.write(to: URL(filePath: mirror.path))
      let failure = #expect(throws: Failure.self) { try Store(path: mirror.path) }

      #expect(failure?.status == .damagedDatabase)
      #expect(try Data(contentsOf: URL(filePath: mirror.path)) == bytes)
    }
  }

  @Test("that holds an empty file is taken")
  func emptyFile() throws {
    let mirror = try Mirror()
    try Data().write(to: URL(filePath: mirror.path))
    try Store(path: mirror.path).close()

    #expect(try mirror.count("PRAGMA user_version") == Schema.current.version)
  }
}
