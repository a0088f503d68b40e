import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, A7 and E6: the file is not the state that the last run left.
@Suite("A feed in the field")
struct FieldEpochTests {
  @Test("A7 the same backup put back twice: a new epoch each time, and 75 from publish until then")
  func twice() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      try mirror.save("backup")
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.tended(portal)
      var epochs = [try mirror.meta("epoch")]
      for _ in 1...2 {
        try mirror.restore("backup", [""])
        try await mirror.expectUnpublished()
        let run = try await mirror.tended(portal)
        #expect(run.exitStatus == .done)
        epochs.append(try mirror.meta("epoch"))
        #expect(
          try mirror.publishedStrings("SELECT value FROM meta WHERE key = 'epoch'") == [epochs.last]
        )
      }

      #expect(Set(epochs).count == 3)
      #expect(mirror.log.reasons.count { $0 == "epoch" } == 2)
    }
  }

  @Test("A7 a backup whose feed has the same numbers, and only the rest is older")
  func sameNumbers() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      try mirror.save("backup")
      let epoch = try mirror.meta("epoch")
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal)
      #expect(try mirror.meta("epoch") == epoch)
      try mirror.restore("backup", [""])
      try await mirror.expectUnpublished()
      try await mirror.tended(portal)

      #expect(try mirror.meta("epoch") != epoch)
    }
  }

  @Test("A7 the whole folder is put back, its mark and lock too: the published copy is the witness")
  func wholeFolder() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      try mirror.save("backup")
      var epochs = [try mirror.meta("epoch")]
      for round in 1...3 {
        if round == 1 { portal.update { $0.put(Entry("new", hour: 9)) } }
        mirror.advance(by: .seconds(86_400))
        try await mirror.tended(portal)
        epochs.append(try mirror.meta("epoch"))
        try mirror.restore("backup", Mirror.family)
        try await mirror.expectUnpublished()
        // The backup holds an older mark still.
        try mirror.restore("backup", Mirror.family)
      }
      try await mirror.tended(portal)
      epochs.append(try mirror.meta("epoch"))

      // The first two runs are one feed; after that, one for each time that it was put back.
      #expect(Set(epochs).count == 4, "\(epochs)")
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal)
      #expect(try mirror.meta("epoch") == epochs.last)
    }
  }

  @Test("A7 a place to publish that the runs do not know is a witness for the next run too")
  func unknownPlace() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.makePublicFolder()
      try mirror.save("backup")
      let epoch = try mirror.meta("epoch")
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.harvest(portal)
      _ = try await mirror.publish()
      try mirror.restore("backup", Mirror.family)
      try await mirror.expectUnpublished()
      try await mirror.harvest(portal)

      #expect(try mirror.meta("epoch") != epoch)
      _ = try await mirror.publish()
    }
  }

  @Test("A7 E6 the log is removed by hand, and a reader had kept it: a new epoch")
  func logRemoved() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let epoch = try mirror.meta("epoch")
      let reader = try mirror.reader()
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.harvest(portal)
      #expect(mirror.log.reasons.last == "wal_kept")
      try reader.close()
      // As a power cut or a careless hand leaves it: the file without what was in the log.
      for ending in ["-wal", "-shm"] {
        try FileManager.default.removeItem(atPath: mirror.path + ending)
      }
      #expect(try mirror.lastChange() == 3)
      try await mirror.harvest(portal)

      #expect(try mirror.meta("epoch") != epoch)
      #expect(try mirror.lastChange() == 4)
    }
  }

  @Test("A7 a run is killed, and its log removed: a new epoch, whatever the file holds of it")
  func killedAndRemoved() async throws {
    try await story(Entry.row(40)) { mirror, portal in
      try await mirror.harvest(portal)
      let epoch = try mirror.meta("epoch")
      portal.update { catalogue in
        for number in 0..<40 { catalogue.put(Entry(Entry.id(number), hour: 40, title: "Other")) }
      }
      // What stands on the disk in the middle of a run is what a killed one leaves.
      portal.onPages { page, _ in page == 4 ? .before { _ in try? mirror.save("killed") } : nil }
      try await mirror.harvest(portal) { $0.rows = 10 }
      portal.recover()
      for isPartlyMoved in [false, true] {
        try mirror.restore("killed", Mirror.family)
        #expect(try mirror.lastChange() > 40)
        if isPartlyMoved {
          // The log was in the file up to here; what the mark tells of came after.
          try mirror.tamper(
            "DELETE FROM changes WHERE seq > 45; PRAGMA wal_checkpoint(TRUNCATE)")
        } else {
          for ending in ["-wal", "-shm"] {
            try FileManager.default.removeItem(atPath: mirror.path + ending)
          }
        }
        try await mirror.harvest(portal)
        #expect(try mirror.meta("epoch") != epoch, "\(isPartlyMoved)")
      }

      // Only killed: nothing is lost, and the feed goes on.
      try mirror.restore("killed", Mirror.family)
      try await mirror.harvest(portal)
      #expect(try mirror.meta("epoch") == epoch)
      #expect(try mirror.lastChange() == 80)
    }
  }

  @Test("A7 the mark is gone, or the file alone was copied: a new epoch, and the log says why")
  func noMark() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let epoch = try mirror.meta("epoch")
      try FileManager.default.removeItem(atPath: mirror.path + ".mark")
      try await mirror.harvest(portal)
      #expect(try mirror.meta("epoch") != epoch)
      #expect(mirror.log.lines.contains { $0.message.contains("has no .mark file beside it") })

      // Moved with its mark, the feed goes on.
      let moved = try mirror.meta("epoch")
      let other = try Mirror()
      for ending in ["", ".mark"] {
        try FileManager.default.copyItem(atPath: mirror.path + ending, toPath: other.path + ending)
      }
      try await other.harvest(portal)
      #expect(try other.meta("epoch") == moved)
    }
  }

  @Test("A7 what an earlier version left in the lock is believed once", arguments: [3, 4])
  func earlierVersion(seq: Int) async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let epoch = try #require(try mirror.meta("epoch"))
      try mirror.tamper("DELETE FROM meta WHERE key IN ('feed_state', 'former_epochs', 'figures')")
      try FileManager.default.removeItem(atPath: mirror.path + ".mark")
      try "pid 1 since 2026-01-01T00:00:00.000000Z\nepoch \(epoch) seq \(seq)\n"
        .write(toFile: mirror.path + ".lock", atomically: false, encoding: .utf8)
      try await mirror.harvest(portal)

      #expect(try (mirror.meta("epoch") == epoch) == (seq == 3))
      try await mirror.harvest(portal)
      let lock = try String(contentsOfFile: mirror.path + ".lock", encoding: .utf8)
      #expect(!lock.contains("epoch"))
      #expect(try FeedMark.read(beside: mirror.path)?.seq == 3)
    }
  }

  @Test(
    "A7 killed between any two steps of entering a state: the feed goes on",
    arguments: ["before", "mark", "database", "after"])
  func killedInBetween(step: String) async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let epoch = try mirror.meta("epoch")
      let mark = try #require(try FeedMark.read(beside: mirror.path))
      let next = FeedMark(epoch: mark.epoch, seq: mark.seq, state: mark.state, next: "next")
      if step != "before" { try next.write(beside: mirror.path) }
      if step == "database" || step == "after" {
        try mirror.tamper("UPDATE meta SET value = 'next' WHERE key = 'feed_state'")
      }
      if step == "after" {
        try FeedMark(epoch: mark.epoch, seq: mark.seq, state: "next").write(beside: mirror.path)
      }
      portal.update { $0.put(Entry("new", hour: 9)) }
      try await mirror.harvest(portal)

      #expect(try mirror.meta("epoch") == epoch)
      #expect(!mirror.log.reasons.contains("epoch"))
    }
  }

  @Test("A7 a doubt outlives a run that is killed before it begins the new epoch")
  func killedInDoubt() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.save("backup")
      let epoch = try mirror.meta("epoch")
      try await mirror.harvest(portal)
      try mirror.restore("backup", [""])
      // The first step of the next run, and no more.
      try mirror.tamper(
        """
        CREATE TRIGGER full BEFORE UPDATE ON meta WHEN new.key = 'feed_state'
        BEGIN SELECT raise(ABORT, 'full'); END
        """)
      await #expect(throws: Failure.self) { try await mirror.harvest(portal) }
      #expect(try mirror.meta("epoch") == epoch)
      try mirror.tamper("DROP TRIGGER full")
      try await mirror.harvest(portal)

      #expect(try mirror.meta("epoch") != epoch)
    }
  }

  @Test("A7 a new file under an old name begins its feed without a word")
  func fresh() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      for ending in ["", "-wal", "-shm"] {
        try FileManager.default.removeItem(atPath: mirror.path + ending)
      }
      try await mirror.tended(portal)

      #expect(!mirror.log.reasons.contains("epoch"))
      #expect(
        try mirror.publishedStrings("SELECT value FROM meta WHERE key = 'epoch'") == [
          mirror.meta("epoch")
        ])
    }
  }

  @Test("A7 the mark is for its owner alone, and what is none is left as it is: 73")
  func foreignMark() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let path = mirror.path + ".mark"
      #expect(try mirror.mode(of: path) == 0o600)
      let letter = mirror.folder.appending(path: "letter.txt").path
      try "Dear reader".write(toFile: letter, atomically: false, encoding: .utf8)
      try FileManager.default.removeItem(atPath: path)
      for isLink in [true, false] {
        if isLink {
          try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: letter)
        } else {
          try FileManager.default.copyItem(atPath: letter, toPath: path)
        }
        let failure = await #expect(throws: Failure.self) { try await mirror.harvest(portal) }
        #expect(failure?.status == .cannotCreate)
        #expect(try String(contentsOfFile: letter, encoding: .utf8) == "Dear reader")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "Dear reader")
        try FileManager.default.removeItem(atPath: path)
      }
      // Nothing is made that would have to be left behind.
      let other = try Mirror()
      try FileManager.default.copyItem(atPath: letter, toPath: other.path + ".mark")
      await #expect(throws: Failure.self) { try await other.harvest(portal) }
      #expect(!FileManager.default.fileExists(atPath: other.path))
    }
  }

  @Test("E6 a reader keeps the log from being emptied at the end: the log says so")
  func lastCheckpoint() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      let reader = try mirror.reader()
      defer { try? reader.close() }
      portal.update { $0.put(Entry("new", hour: 9)) }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      let told = mirror.log.lines.filter { $0.reason == "wal_kept" }
      #expect(told.map(\.level) == [.notice])
    }
  }
}

extension Mirror {
  static let family = ["", "-wal", "-shm", ".lock", ".mark"]

  /// Copies what makes the database, as it stands on the disk.
  func save(_ name: String) throws {
    let backup = folder.appending(path: name)
    try? FileManager.default.removeItem(at: backup)
    try FileManager.default.createDirectory(at: backup, withIntermediateDirectories: true)
    for ending in Self.family where FileManager.default.fileExists(atPath: path + ending) {
      try FileManager.default.copyItem(
        atPath: path + ending, toPath: backup.appending(path: "db" + ending).path)
    }
  }

  /// Puts some of it back; the log of what was there goes in any case.
  func restore(_ name: String, _ endings: [String]) throws {
    for ending in Set(endings).union(["-wal", "-shm"]) {
      try? FileManager.default.removeItem(atPath: path + ending)
    }
    for ending in endings {
      let saved = folder.appending(path: "\(name)/db\(ending)").path
      guard FileManager.default.fileExists(atPath: saved) else { continue }
      try FileManager.default.copyItem(atPath: saved, toPath: path + ending)
    }
  }

  func publish() async throws -> Publication {
    var settings = Settings()
    settings.database.path = path
    settings.publish.path = published
    let publisher = try #require(Publisher(settings))
    return try await publisher.publish(MirrorReader(path: path))
  }

  func expectUnpublished() async throws {
    let before = generation
    let failure = await #expect(throws: Failure.self) { _ = try await publish() }
    #expect(failure?.status == .temporary)
    #expect(failure?.reason == "epoch")
    #expect(generation == before)
  }

  /// A reader that never ends its transaction until it is closed.
  func reader() throws -> DatabaseQueue {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    configuration.allowsUnsafeTransactions = true
    let reader = try DatabaseQueue(path: path, configuration: configuration)
    try reader.writeWithoutTransaction { db in
      try db.beginTransaction(.deferred)
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM datasets")
    }
    return reader
  }

  func mode(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }
}
