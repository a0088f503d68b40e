import Foundation
import GRDB
import SamplePortal
import Testing

extension CommandLineTests {
  /// Each mishap: one sentence on stderr, its own exit code, and nothing lost.
  @Suite("A mishap")
  struct Mishap {
    private static let once = ["DONL_MIRROR_PORTAL_RETRIES": "0"]

    @Test("of an unreachable portal is temporary, and leaves what was stored")
    func unreachable() async throws {
      let bench = try Workbench()
      let port = try ClosedPort()
      defer { withExtendedLifetime(port) {} }
      let closed = try await SamplePortal.run(.sample(day: 1), port: port.number) { portal in
        let first = try await bench.run("harvest", "--db", "a.db", "--portal", portal.url)
        #expect(first.code == 0)
        return portal.url
      }
      let ended = try await bench.run(
        "harvest", "--db", "a.db", "--portal", closed, environment: Self.once)

      #expect(ended.code == 75)
      #expect(ended.errorLines.count == 2)
      #expect(ended.errors.contains("accepts no connection"))
      #expect(try bench.rows("SELECT count(*) FROM datasets", of: "a.db") == ["303"])
      #expect(
        try bench.rows("SELECT outcome, exit_code FROM runs ORDER BY id", of: "a.db")
          == ["\"complete\" 0", "\"failed\" 75"])
    }

    @Test("of a wrong address is final")
    func wrongAddress() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let ended = try await bench.run(
          "harvest", "--db", "a.db", "--portal", "http://127.0.0.1:\(portal.port)/elsewhere")

        #expect(ended.code == 69)
        #expect(ended.errorLines.count == 2)
        #expect(ended.errors.contains("404"))
        #expect(portal.requests.count == 1)
      }
    }

    @Test("of a page for people where CKAN should be is named as that")
    func html() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        portal.intercept { _, _ in .respond(status: 200, body: "<!DOCTYPE html><p>Onderhoud") }
        let ended = try await bench.run(
          "harvest", "--db", "a.db", "--portal", portal.url, environment: Self.once)

        #expect(ended.code == 76)
        #expect(ended.errorLines.count == 2)
        #expect(ended.errors.localizedCaseInsensitiveContains("html"))
      }
    }

    @Test("of a folder that is not there, or is none, says so and makes nothing")
    func noFolder() async throws {
      let bench = try Workbench()
      try bench.write("", to: "file")
      for place in ["missing/a.db", "file/a.db"] {
        let ended = try await bench.run("harvest", "--sample", "--db", place)

        #expect(ended.code == 73)
        #expect(ended.errorLines.count == 1)
        #expect(ended.errors.contains(place), "\(ended.errors)")
        #expect(bench.files == ["file"])
      }
    }

    @Test(
      "of a folder that refuses is about permission",
      .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") || geteuid() != 0,
        "root needs setpriv to be someone else"))
    func readOnlyFolder() async throws {
      let bench = try Workbench()
      try await Self.harvestSample(bench)
      let before = bench.bytes("a.db")
      let someone =
        geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : ""
      for name in ["new.db", "a.db"] {
        let ended = try await bench.shell(
          """
          chmod 555 .; \(someone) "$donl_mirror" harvest --sample --db \(name)
          code=$?; chmod 755 .; exit $code
          """)

        #expect(ended.code == 77)
        #expect(ended.errorLines.count == 1)
        #expect(ended.errors.contains(name))
      }

      #expect(bench.bytes("a.db") == before)
      #expect(!bench.files.contains("new.db"))
    }

    @Test("in the configuration names the place and the nearest name")
    func unknownSetting() async throws {
      let bench = try Workbench()
      try bench.write("portal:\n  rows: 100\n  retrys: 3\n", to: "bad.yaml")
      let inFile = try await bench.run("harvest", "--sample", "--config", "bad.yaml")

      #expect(inFile.code == 78)
      #expect(inFile.errorLines.count == 1)
      #expect(inFile.errors.contains("bad.yaml:3:"))
      #expect(inFile.errors.contains("portal.retries"))

      let inEnvironment = try await bench.run(
        "harvest", "--sample", environment: ["DONL_MIRROR_PORTAL_ROW": "3"])

      #expect(inEnvironment.code == 78)
      #expect(inEnvironment.errorLines.count == 1)
      #expect(inEnvironment.errors.contains("DONL_MIRROR_PORTAL_ROWS"))

      let flag = try await bench.run("harvest", "--sample", "--rows", "abc")

      #expect(flag.code == 78)
      #expect(flag.errors.contains("abc"))
      #expect(bench.files == ["bad.yaml"])
    }

    @Test("of another portal's database names both and changes nothing")
    func otherPortal() async throws {
      let bench = try Workbench()
      try await Self.harvestSample(bench)
      let before = bench.bytes("a.db")
      let ended = try await bench.run(
        "harvest", "--db", "a.db", "--portal", "http://127.0.0.1:9/data")

      #expect(ended.code == 78)
      #expect(ended.errorLines.count == 1)
      #expect(ended.errors.contains("mirrors sample, not http://127.0.0.1:9/data"))
      #expect(ended.errors.contains("--rebind"))
      #expect(bench.bytes("a.db") == before)
    }

    @Test("of a second run at the same time says who holds the lock, and the first goes on")
    func secondRun() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let (seconds, second) = AsyncStream.makeStream(of: Ended.self)
        portal.intercept { _, ordinal in
          guard ordinal == 1 else { return nil }
          return .delay {
            if let ended = try? await bench.run("harvest", "--db", "a.db", "--sample") {
              second.yield(ended)
            }
            second.finish()
          }
        }
        let first = try bench.start(["harvest", "--db", "a.db", "--portal", portal.url])

        let refused = try #require(await seconds.first { _ in true })
        #expect(refused.code == 75)
        #expect(refused.errorLines.count == 1)
        #expect(refused.errors.contains("pid \(first.pid) since"))
        let ended = try await first.ended
        #expect(ended.code == 0)
      }
    }

    @Test("of a missing or useless database has its code in every command that reads")
    func noDatabase() async throws {
      let bench = try Workbench()
      let text = "a text of some length that is no database, whatever its name may say\n"
      try bench.write(text, to: "text.db")
      for command in [["status"], ["show", "x"], ["search", "x"]] {
        let missing = try await bench.start(command).ended

        #expect(missing.code == 66)
        #expect(missing.errors.contains("donl-mirror harvest"))
        #expect(missing.output.isEmpty)

        let damaged = try await bench.start(command + ["--db", "text.db"]).ended

        #expect(damaged.code == 65)
        #expect(damaged.errorLines.count == 1)
      }
      let harvest = try await bench.run("harvest", "--sample", "--db", "text.db")

      #expect(harvest.code == 65)
      #expect(bench.bytes("text.db") == Data(text.utf8))
    }

    @Test("of another program's database leaves it as it is")
    func foreignDatabase() async throws {
      let bench = try Workbench()
      try await DatabaseQueue(path: bench.path("a.db")).write { db in
        try db.execute(sql: "CREATE TABLE cookies (host TEXT)")
      }
      let before = bench.bytes("a.db")
      let ended = try await bench.run("harvest", "--sample", "--db", "a.db")

      #expect(ended.code == 65)
      #expect(ended.errorLines.count == 1)
      #expect(ended.errors.contains("another program"))
      #expect(bench.bytes("a.db") == before)
    }

    @Test("of typing is answered with the usage")
    func usage() async throws {
      let bench = try Workbench()
      let mistakes = [
        ["harvest", "--nonsense"], ["harvest", "--sample", "--portal", "http://x.example"],
        ["harvest", "--wait-lock", "3q"], ["harvest", "--sample-day", "3"], ["show"], ["search"],
        ["search", "x", "--limit", "0"], ["search", "--field", "theme"], ["nonsense"],
      ]
      for mistake in mistakes {
        let ended = try await bench.start(mistake).ended

        #expect(ended.code == 64, "\(mistake)")
        #expect(ended.errors.hasPrefix("Error: "), "\(mistake)")
        #expect(ended.output.isEmpty)
      }
      #expect(bench.files.isEmpty)
    }

    @Test("of an unknown dataset points to search")
    func unknownDataset() async throws {
      let bench = try Workbench()
      try await Self.harvestSample(bench)
      let ended = try await bench.run("show", "nowhere\u{1B}[31m", "--db", "a.db")

      #expect(ended.code == 66)
      #expect(ended.errorLines.count == 1)
      #expect(ended.errors.contains("nowhere\\u{1B}[31m"))
      #expect(ended.errors.contains("donl-mirror search"))
    }

    private static func harvestSample(_ bench: Workbench) async throws {
      #expect(try await bench.run("harvest", "--sample", "--db", "a.db").code == 0)
    }
  }
}
