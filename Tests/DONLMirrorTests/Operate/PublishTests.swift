import Foundation
import GRDB
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

@Suite("A publication")
struct PublishTests {
  @Test("is one plain file behind a link, readable by all, written by nobody")
  func copy() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      let run = try await mirror.tended(portal)

      #expect(run.exitStatus == .done)
      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
      #expect(mirror.generation == "catalog-000000003.db")
      let attributes = try FileManager.default.attributesOfItem(
        atPath: mirror.publicFolder.appending(path: "catalog-000000003.db").path)
      #expect(attributes[.posixPermissions] as? Int == 0o444)
      #expect(try mirror.publishedStrings("PRAGMA journal_mode") == ["delete"])
      #expect(try mirror.publishedStrings("SELECT id FROM datasets ORDER BY id").count == 3)
      #expect(try mirror.publishedStrings("SELECT tbl FROM sqlite_stat1").isEmpty == false)
      #expect(try mirror.publishedStrings("SELECT exit_code FROM runs") == ["0"])
    }
  }

  @Test("stays when nothing changed, whenever we looked")
  func unchanged() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal)
      // A full walk moves last_seen and complete_as_of.
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal) { $0.isFull = true }

      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
    }
  }

  @Test("is renewed when it looks half as old as health allows")
  func renewal() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let before = try mirror.publishedStrings(completeAsOf)
      mirror.advance(by: .seconds(14 * 3600))
      try await mirror.tended(portal)

      #expect(mirror.generation == "catalog-000000003-2.db")
      #expect(try mirror.publishedStrings(completeAsOf) != before)
    }
  }

  @Test("follows a touched dataset, of which the feed is silent")
  func touched() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.tended(portal)
      portal.update { $0.put(Entry("a", hour: 9, resources: ["churned0", "churned1"])) }
      try await mirror.tended(portal)

      #expect(mirror.generation == "catalog-000000002-2.db")
      #expect(
        try mirror.publishedStrings("SELECT id FROM resources WHERE dataset_id = 'a'")
          == ["churned0", "churned1"])
    }
  }

  @Test("follows a value list that was fetched anew")
  func lists() async throws {
    try await story(Entry.row(2)) { mirror, portal in
      try await mirror.tended(portal)
      try mirror.tamper(
        """
        INSERT INTO value_lists (name, url, fetched_at, entries)
        VALUES ('x', 'https://example.org/x', '2026-01-01T00:00:00.000000Z', 0)
        """)
      try await mirror.tended(portal)

      #expect(try mirror.publishedStrings("SELECT name FROM value_lists") == ["x"])
    }
  }

  @Test("keeps as many generations as asked, the newest behind the link")
  func generations() async throws {
    try await story(Entry.row(2)) { mirror, portal in
      for hour in 3..<8 {
        portal.update { $0.put(Entry("more\(hour)", hour: hour)) }
        try await mirror.tended(portal) { $0.settings.publish.keep = 2 }
      }

      #expect(
        mirror.publicFiles == ["catalog-000000006.db", "catalog-000000007.db", "catalog.db"])
      #expect(mirror.generation == "catalog-000000007.db")
    }
  }

  @Test("is the newest also when a new database begins to count again")
  func newEpoch() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      portal.update { $0.purge(Entry.id(2)) }
      for ending in ["", "-wal", "-shm"] {
        try FileManager.default.removeItem(atPath: mirror.path + ending)
      }
      try await mirror.tended(portal)

      #expect(mirror.generation == "catalog-000000002.db")
      #expect(try mirror.publishedStrings("SELECT id FROM datasets").count == 2)
      #expect(
        try mirror.publishedStrings("SELECT value FROM meta WHERE key = 'epoch'")
          == mirror.strings("SELECT value FROM meta WHERE key = 'epoch'"))
    }
  }

  @Test("waits for a complete run; what a broken one stored is nobody's yet")
  func unproven() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.tended(portal) { $0.rows = 2 }
      portal.update { catalogue in
        for number in 0..<6 {
          catalogue.put(Entry(Entry.id(number), hour: 20 + number, title: "New"))
        }
      }
      portal.failAfterPage(2)
      let broken = try await mirror.tended(portal) {
        $0.rows = 2
        $0.settings.portal.retries = 0
      }
      #expect(broken.outcome == .failed)
      #expect(try mirror.count("SELECT count(*) FROM changes WHERE kind = 'update'") > 0)
      #expect(mirror.publicFiles == ["catalog-000000006.db", "catalog.db"])
      let publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      let failure = await #expect(throws: Failure.self) {
        try await publisher.publish(MirrorReader(path: mirror.path))
      }
      #expect(failure?.status == .temporary)

      portal.recover()
      try await mirror.tended(portal) { $0.rows = 2 }
      #expect(mirror.generation == "catalog-000000012.db")
      #expect(try mirror.publishedStrings("SELECT DISTINCT title FROM datasets") == ["New"])
    }
  }

  @Test("is not made before the first complete run: 66")
  func tooEarly() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      portal.failAfterPage(1)
      try await mirror.tended(portal) {
        $0.rows = 2
        $0.settings.portal.retries = 0
      }
      #expect(mirror.publicFiles == [])
      let publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      let failure = await #expect(throws: Failure.self) {
        try await publisher.publish(MirrorReader(path: mirror.path))
      }

      #expect(failure?.status == .noDatabase)
    }
  }

  @Test("does not replace the copy of another portal: 78, and the harvest stands")
  func otherPortal() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let other = try Mirror()
      let run = try await TendedRun(
        other.job(portal.url) { job in
          job.source = "sample"
          job.settings.publish.path = mirror.published
        }
      ).run()

      #expect(run.exitStatus == .configuration)
      #expect(run.outcome == .complete)
      #expect(try other.rows("SELECT exit_code, reason FROM runs").count == 1)
      #expect(try other.strings("SELECT reason FROM runs") == ["other_portal"])
      #expect(try other.count("SELECT count(*) FROM datasets") == 3)
      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
    }
  }

  @Test("follows the mirror when its portal has moved")
  func rebound() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let run = try await mirror.tended(portal) { job in
        job.source = "https://moved.example"
        job.isRebinding = true
      }

      #expect(run.exitStatus == .done)
      #expect(
        try mirror.publishedStrings("SELECT value FROM meta WHERE key = 'source'")
          == ["https://moved.example"])
    }
  }

  @Test("waits for the next run when an older database was put back: 75")
  func putBack() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let backup = try Data(contentsOf: URL(filePath: mirror.path))
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.tended(portal)
      try FileManager.default.removeItem(atPath: mirror.path)
      try backup.write(to: URL(filePath: mirror.path))
      let publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      let failure = await #expect(throws: Failure.self) {
        try await publisher.publish(MirrorReader(path: mirror.path))
      }
      #expect(failure?.status == .temporary)
      #expect(failure?.reason == "epoch")
      #expect(mirror.generation == "catalog-000000004.db")

      try await mirror.tended(portal)
      #expect(mirror.generation == "catalog-000000004-2.db")
    }
  }

  @Test("asks the clock while it is written, by which a watchdog knows that the work goes on")
  func heartbeat() async throws {
    try await story(Entry.row(300)) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.makePublicFolder()
      let beats = Mutex(0)
      var publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      publisher.beat = { beats.withLock { $0 += 1 } }
      _ = try await publisher.publish(MirrorReader(path: mirror.path))

      #expect(beats.withLock { $0 } > 3)
    }
  }

  @Test("is not made of a damaged database: 65, and the old copy stays")
  func damaged() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.harvest(portal)
      let root = try mirror.count("SELECT rootpage FROM sqlite_schema WHERE name = 'record_rows'")
      let file = try FileHandle(forUpdating: URL(filePath: mirror.path))
      try file.seek(toOffset: UInt64(root - 1) * 4096)
      try file.write(contentsOf: [0xFF])
      try file.close()
      let publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      let failure = await #expect(throws: Failure.self) {
        try await publisher.publish(MirrorReader(path: mirror.path))
      }

      #expect(failure?.status == .damagedDatabase)
      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
      #expect(try mirror.publishedStrings("PRAGMA quick_check") == ["ok"])
    }
  }

  @Test("that is stopped leaves the old copy and nothing else")
  func stopped() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.harvest(portal)
      let publisher = try #require(
        Publisher(mirror.job(portal.url).publishing(at: mirror.published)))
      let path = mirror.path
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await publisher.publish(MirrorReader(path: path))
      }
      await #expect(throws: CancellationError.self) { try await task.value }

      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
    }
  }

  @Test("sweeps away what a killed one left, also when the run fails")
  func sweep() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      for ending in ["", "-journal", "-link"] {
        let path = mirror.publicFolder.appending(path: ".catalog.db.tmp\(ending)").path
        #expect(FileManager.default.createFile(atPath: path, contents: Data("rest".utf8)))
      }
      portal.failAfterPage(0)
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.tended(portal) { $0.settings.portal.retries = 0 }

      #expect(mirror.publicFiles == ["catalog-000000003.db", "catalog.db"])
    }
  }

  private let completeAsOf = "SELECT value FROM meta WHERE key = 'complete_as_of'"
}

extension HarvestJob {
  fileprivate func publishing(at path: String) -> Settings {
    var settings = settings
    settings.publish.path = path
    return settings
  }
}
