import Foundation
import GRDB
import Testing

@testable import DONLMirror

extension ProcessFaults {
  @Suite("of the file", .serialized)
  struct OfFile {
    private static let harvest = ProcessFaults.harvest

    private static func harvested() async throws -> Workbench {
      let bench = try Workbench()
      try await bench.shell(harvest).expect(0)
      return bench
    }

    @Test("61 a power cut loses the unsynced end of the WAL: what is left is whole, and goes on")
    func powerCut() async throws {
      try await Workbench.withKilled { dead, harvest in
        let file = try #require(dead.bytes("mirror.db"))
        let wal = try #require(dead.bytes("mirror.db-wal"))
        for part in 0..<5 {
          let bench = try Workbench()
          try bench.write(file, to: "mirror.db")
          try bench.write(wal.prefix(wal.count * part / 5 + part * 777), to: "mirror.db-wal")

          try await bench.expectRecovery("\(part) of 5", by: harvest)
        }
      }
    }

    @Test("66 a damaged header or a file cut short: 65, and the file stays as it is to the byte")
    func damaged() async throws {
      let bench = try await Self.harvested()
      let whole = try #require(bench.bytes("mirror.db"))
      let zeroed = Data(count: 100) + whole.dropFirst(100)
      for bytes in [zeroed, whole.prefix(whole.count / 2), whole.prefix(60)] {
        try bench.write(Data(bytes), to: "mirror.db")
        let harvest = try await bench.shell(Self.harvest)
        #expect(harvest.code == 65, "\(harvest.errors)")
        #expect(harvest.errorLines.count == 1)
        #expect(bench.bytes("mirror.db") == Data(bytes))
        #expect(try await bench.run("check", "--db", "mirror.db").code == 65)
      }
    }

    @Test("66 a flipped byte in a page: check says 65, and a harvest does not hide it")
    func flipped() async throws {
      let bench = try await Self.harvested()
      let whole = try #require(bench.bytes("mirror.db"))
      let roots = try bench.query("mirror.db") { db in
        try Int.fetchAll(
          db,
          sql: """
            SELECT rootpage FROM sqlite_schema
            WHERE name IN ('all_datasets', 'record_rows', 'changes', 'resource_rows')
            """)
      }
      for root in roots {
        var bytes = whole
        bytes[bytes.startIndex + (root - 1) * 4096] ^= 0xFF
        try bench.write(bytes, to: "mirror.db")

        #expect(try await bench.run("check", "--db", "mirror.db").code == 65)
        #expect(bench.bytes("mirror.db") == bytes)
        // A run that needs the page stops at it; one that does not leaves it for check to find.
        let harvest = try await bench.shell(Self.harvest + " --full")
        if harvest.code != 65 {
          #expect(harvest.code == 0, "page \(root): \(harvest.errors)")
          #expect(try await bench.run("check", "--db", "mirror.db").code == 65, "page \(root)")
        }
      }
    }

    @Test("67 the WAL is lost or garbage, the -shm too: the same end; a finished run stays")
    func sidecars() async throws {
      let garbage = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
      try await Workbench.withKilled { dead, harvest in
        for wal in [Data(), garbage] {
          let bench = try Workbench()
          try bench.write(#require(dead.bytes("mirror.db")), to: "mirror.db")
          try bench.write(wal, to: "mirror.db-wal")
          try bench.write(garbage.prefix(32768), to: "mirror.db-shm")

          try await bench.expectRecovery(by: harvest)
        }
      }

      let finished = try await Self.harvested()
      for name in ["mirror.db-wal", "mirror.db-shm"] {
        try FileManager.default.removeItem(atPath: finished.path(name))
      }
      try await finished.expectUndisturbed()
    }

    @Test("67 the WAL of another database: 65, or the same end; never a silent loss")
    func foreignWAL() async throws {
      let bench = try await Self.harvested()
      try await Workbench.withKilled { dead, _ in
        try bench.write(#require(dead.bytes("mirror.db-wal")), to: "mirror.db-wal")
      }
      let harvest = try await bench.shell(Self.harvest + " --full")
      let check = try await bench.run("check", "--db", "mirror.db")

      // 78: the strange WAL tells of another portal, and so the run refuses.
      let isRefused = harvest.code == 65 || harvest.code == 78 || check.code == 65
      if !isRefused { try await bench.expectUndisturbed() }
    }

    @Test("68 a newer schema, another program's, no SQLite, a folder, a pipe: 65 or 73, untouched")
    func strange() async throws {
      let bench = try await Self.harvested()
      for pragma in ["user_version = 99", "application_id = 42"] {
        try bench.copy("mirror.db", to: "strange.db")
        try await DatabaseQueue(path: bench.path("strange.db")).writeWithoutTransaction { db in
          try db.execute(sql: "PRAGMA \(pragma); PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let before = bench.bytes("strange.db")
        try await bench.run("harvest", "--sample", "--db", "strange.db").expect(65)
        #expect(bench.bytes("strange.db") == before)
      }
      let others = try await bench.shell(
        """
        mkdir folder; mkfifo pipe; echo "this is a text and no database, of some length" >text
        for place in folder pipe text; do
          "$donl_mirror" harvest --sample --db $place; echo $place $?
        done; ln -s mirror.db link; "$donl_mirror" harvest --sample --db link >/dev/null; echo link $?
        """)
      #expect(others.outputLines == ["folder 73", "pipe 73", "text 65", "link 0"])
    }

    @Test("73 a reader holds a transaction for hours: 0, and the WAL shrinks when it has gone")
    func longReader() async throws {
      let bench = try await Self.harvested()
      let day2 = "\(Self.harvest) --sample-day 2 --full"
      var configuration = GRDB.Configuration()
      configuration.readonly = true
      configuration.allowsUnsafeTransactions = true
      let reader = try DatabaseQueue(
        path: bench.path("mirror.db"), configuration: configuration)
      try await reader.writeWithoutTransaction { db in
        try db.beginTransaction(.deferred)
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM datasets")
      }
      try await bench.shell(day2).expect(0)
      #expect((bench.bytes("mirror.db-wal")?.count ?? 0) > 0)
      try await reader.writeWithoutTransaction { try $0.rollback() }
      try reader.close()

      try await bench.shell(day2).expect(0)

      #expect(bench.bytes("mirror.db-wal")?.isEmpty == true)
      #expect(try await bench.content() == Workbench.undisturbed(day: 2))
    }

    @Test("73 what a reader keeps in the WAL is told when it is much")
    func largeWAL() async throws {
      try await FaultStory.tell { story in
        try await story.harvest()
        // Ten of these are more than a WAL may hold without a word.
        let title = String(repeating: "Waterstanden ", count: Store.walBytesMax / 100)
        try story.portal.update { catalogue in
          for number in 0..<10 {
            try catalogue.put(FaultStory.record(number, title: title, hour: 10))
          }
        }
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: story.mirror.path, configuration: configuration)
        try await reader.writeWithoutTransaction { db in
          try db.beginTransaction(.deferred)
          _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM datasets")
        }

        let summary = try await story.harvest()

        #expect(summary.exitStatus == .done)
        #expect(summary.tally.updated == 10)
        let told = story.mirror.log.lines.filter { $0.reason == "wal_size" }
        #expect(told.map(\.level) == [.warning])
        try await reader.writeWithoutTransaction { try $0.rollback() }
        try reader.close()
        try await story.expectRecovery()
        #expect(story.mirror.log.reasons.count { $0 == "wal_size" } == 1)
      }
    }

    @Test("75 another hand holds the write lock: 75 with what to do, and 0 when it lets go")
    func foreignLock() async throws {
      try await FaultStory.tell { story in
        try await story.harvest()
        try story.moveCatalogue()
        let before = try story.mirror.content()
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        let human = try DatabaseQueue(path: story.mirror.path, configuration: configuration)
        try await human.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }

        let refused = await #expect(throws: Failure.self) {
          try await story.harvest(from: story.portal.url, patience: .milliseconds(50)) { _ in }
        }

        #expect(refused?.status == .temporary)
        #expect(refused?.reason == "busy")
        #expect(refused?.message.contains("locked by another program") == true)
        #expect(try story.mirror.content() == before)
        try await human.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try human.close()
        try await story.expectRecovery()
      }
    }

    @Test("75 another hand writes in the live file: check says what it changed")
    func foreignWriter() async throws {
      let bench = try await Self.harvested()
      try await DatabaseQueue(path: bench.path("mirror.db")).write { db in
        try db.execute(sql: "UPDATE all_datasets SET title = 'Mine' WHERE key = 7")
        try db.execute(sql: "UPDATE record_rows SET json = json || ' ' WHERE dataset = 8")
        try db.execute(sql: "DELETE FROM all_datasets WHERE key = 9")
      }
      let check = try await bench.run("check", "--db", "mirror.db")

      #expect(check.code == 65)
      #expect(check.output.contains("FAIL  feed"))
      #expect(check.output.contains("FAIL  full_text"))
    }

    @Test("76 an old backup is put back: 0, and the mirror is what the portal is again")
    func restored() async throws {
      let bench = try await Self.harvested()
      try bench.copy("mirror.db", to: "backup.db")
      try await bench.shell("\(Self.harvest) --sample-day 2 --full").expect(0)
      let after = try bench.content()
      let epoch = try bench.rows("SELECT value FROM meta WHERE key = 'epoch'")
      try bench.copy("backup.db", to: "mirror.db")
      for name in ["mirror.db-wal", "mirror.db-shm"] {
        try FileManager.default.removeItem(atPath: bench.path(name))
      }

      let restored = try await bench.shell("\(Self.harvest) --sample-day 2 --full")

      #expect(restored.code == 0)
      #expect(try bench.content() == after)
      // The same numbers may tell of other changes now: consumers read anew.
      #expect(restored.errors.contains("epoch"))
      #expect(try bench.rows("SELECT value FROM meta WHERE key = 'epoch'") != epoch)
      let next = try await bench.shell("\(Self.harvest) --sample-day 2")
      #expect(!next.errors.contains("epoch"))
    }
  }
}
