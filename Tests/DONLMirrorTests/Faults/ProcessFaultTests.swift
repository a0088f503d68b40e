import Foundation
import SamplePortal
import Testing

extension ProcessFaults {
  @Suite("of the process", .serialized)
  struct OfProcess {
    /// `.ci/run` kills fifty times.
    @Test("59 kill -9 at random moments: each ending equals the undisturbed mirror")
    func killed() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        "'\(ConfigFileTests.projectRoot)/Scripts/kill-loop' 5 \"$donl_mirror\"")

      #expect(ended.code == 0, "\(ended.errors)")
      #expect(ended.output.contains("5 kills"))
    }

    @Test(
      "59 kill -9 between value lists: the next run reads the rest, and resolves what was stored",
      arguments: ["donl_organization.json", "overheid_taxonomiebeleidsagenda.json"])
    func killedAmongLists(list: String) async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let lists = ["DONL_MIRROR_LISTS_URL": portal.listsURL]
        func harvest(_ name: String) throws -> Started {
          try bench.start(
            ["harvest", "--portal", portal.url, "--db", name], environment: lists)
        }
        func labels(_ name: String) throws -> [[String]] {
          try bench.query(name) { db in
            try [
              "dataset_id, resource_position, field, position, value, uri, label_nl) FROM uri_values",
              "id, owner, owner_nl, frequency_nl) FROM labeled_datasets",
              "list, uri, label_nl, label_en, parent) FROM concepts",
            ].map { try String.fetchAll(db, sql: "SELECT json_array(\($0)").sorted() }
          }
        }
        #expect(try await harvest("whole.db").ended.code == 0)

        let (victims, victim) = AsyncStream.makeStream(of: Started.self)
        portal.intercept { request, _ in
          guard request.path.hasSuffix(list) else { return nil }
          return .delay {
            guard let process = await victims.first(where: { _ in true }) else { return }
            process.signal(SIGKILL)
            _ = try? await process.ended
          }
        }
        let process = try harvest("mirror.db")
        victim.yield(process)
        #expect(try await process.ended.code == nil)
        #expect(try labels("mirror.db") != labels("whole.db"))

        portal.intercept(nil)
        #expect(try await harvest("mirror.db").ended.code == 0)
        #expect(try labels("mirror.db") == labels("whole.db"))
        #expect(try await bench.run("check", "--db", "mirror.db").code == 0)
      }
    }

    @Test(
      "60 SIGTERM and SIGINT while pages are stored: 143, 130, and the next run goes on",
      arguments: zip([SIGTERM, SIGINT], [143, 130]))
    func stopped(signal: Int32, code: Int32) async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let (victims, victim) = AsyncStream.makeStream(of: Started.self)
        portal.intercept { request, _ in
          guard request["start"] == "95" else { return nil }
          // The answer goes out at once: the signal meets the page wherever it is.
          return .delay { await victims.first { _ in true }?.signal(signal) }
        }
        let command = ["harvest", "--db", "mirror.db", "--rows", "20", "--portal", portal.url]
        let process = try bench.start(command)
        victim.yield(process)

        #expect(try await process.ended.code == code)
        #expect(
          try bench.rows("SELECT outcome, exit_code, reason FROM runs")
            == ["\"interrupted\" \(code) \"interrupted\""])

        portal.intercept(nil)
        #expect(try await bench.start(command).ended.code == 0)
        try await bench.expectUndisturbed()
      }
    }

    @Test("65 no file descriptors or memory left: stops or dies, and nothing is lost")
    func starved() async throws {
      let bench = try Workbench()
      for limit in ["-n 4", "-n 12", "-n 20", "-v 100000", "-v 400000", "-v 700000"] {
        let ended = try await bench.shell(
          "ulimit -c 0; ulimit \(limit); SWIFT_BACKTRACE=enable=no exec \(ProcessFaults.harvest)")
        // A runtime that cannot start a thread or map memory may die of it; who asks where, waits seconds.
        #expect(ended.code != 65, "\(limit): \(ended.errors)")
      }

      try await bench.expectRecovery()
    }

    @Test("71 a second instance, by a symbolic link too: 75 at once, the first goes on")
    func secondInstance() async throws {
      let bench = try await Workbench.withMirror()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let (seconds, second) = AsyncStream.makeStream(of: Ended.self)
        portal.intercept { _, ordinal in
          guard ordinal == 1 else { return nil }
          return .delay {
            let ended = try? await bench.shell(
              """
              mkdir elsewhere; ln -s ../mirror.db elsewhere/link.db
              "$donl_mirror" harvest --sample --db elsewhere/link.db
              """)
            if let ended { second.yield(ended) }
            second.finish()
          }
        }
        let first = try bench.start([
          "harvest", "--db", "mirror.db", "--rebind", "--portal", portal.url,
        ])

        let refused = try #require(await seconds.first { _ in true })
        #expect(refused.code == 75)
        #expect(refused.errors.contains("pid \(first.pid) since"))
        #expect(try await first.ended.code == 0)
      }
    }

    @Test("72 a lock file that a crash left, with the number of a process that lives: 0")
    func staleLock() async throws {
      let bench = try Workbench()
      try bench.write("pid \(getpid()) since 2026-01-01T00:00:00.000000Z\n", to: "mirror.db.lock")

      try await bench.expectRecovery()
    }

    @Test("79 a closed or leaving reader, LANG=C, TZ at the date line: 0, and the same bytes")
    func surroundings() async throws {
      let bench = try Workbench()
      let harvest = ProcessFaults.harvest
      let pipe = try await bench.shell(
        "{ \(harvest) --json; echo $? >code; } | head -c 1 >/dev/null; "
          + "read code <code; [ $code = 0 ] && \(harvest) >&-")
      #expect(pipe.code == 0, "\(pipe.errors)")
      try await bench.expectUndisturbed()

      let read =
        #"for c in "search water --json" "search water" "check"; do "#
        + #""$donl_mirror" $c --db mirror.db; done; "$donl_mirror" harvest --help"#
      let usual = try await bench.shell(read)
      let odd = try await bench.shell(
        read, environment: ["LANG": "C", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"])
      #expect(usual.code == 0)
      #expect(odd.output == usual.output)
      #expect(!usual.output.isEmpty)

      let elsewhere = try Workbench()
      let there = try await elsewhere.shell(
        harvest, environment: ["LC_ALL": "C", "TZ": "Pacific/Kiritimati"])
      #expect(there.code == 0)
      #expect(try elsewhere.content() == bench.content())
    }

    @Test(
      "52 80 the clock of the process jumps by a year, between runs and in one: 0, and the same end",
      .enabled(if: ProcessFaults.canFakeTime, "faketime sets the clock"))
    func clockJumps() async throws {
      let bench = try Workbench()
      let harvest = ProcessFaults.harvest
      // Wall time alone: no one sets the clock that measures waits.
      let fake = "FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f"
      try await bench.shell("\(fake) +1y \(harvest)").expect(0)
      let back = try await bench.shell(harvest)
      #expect(back.code == 0, "\(back.errors)")
      #expect(back.errors.contains("clock"))
      try await bench.expectUndisturbed()

      let other = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        portal.intercept { request, _ in
          guard request["start"] == "95" else { return nil }
          return .delay { try? other.write("+1y", to: "clock") }
        }
        try other.write("+0", to: "clock")
        let jumped = try await other.shell(
          """
          export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1
          exec faketime -f +0 env -u FAKETIME FAKETIME_TIMESTAMP_FILE="$PWD/clock" \
            "$donl_mirror" harvest --db mirror.db --rows 20 --portal \(portal.url)
          """)

        #expect(jumped.code == 0, "\(jumped.errors)")
        let years = try other.rows(
          "SELECT substr(finished_at, 1, 4) - substr(started_at, 1, 4) FROM runs")
        #expect(years == ["1"])
        try await other.expectUndisturbed()
      }
    }

    @Test("80 suspended and resumed in the middle: goes on as if nothing had been")
    func suspended() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let (sleepers, sleeper) = AsyncStream.makeStream(of: Started.self)
        portal.intercept { request, _ in
          guard request["start"] == "95" else { return nil }
          return .delay {
            guard let process = await sleepers.first(where: { _ in true }) else { return }
            process.signal(SIGSTOP)
            process.signal(SIGCONT)
          }
        }
        let process = try bench.start([
          "harvest", "--db", "mirror.db", "--rows", "20", "--portal", portal.url,
        ])
        sleeper.yield(process)

        #expect(try await process.ended.code == 0)
        try await bench.expectUndisturbed()
      }
    }
  }
}

extension Ended {
  func expect(_ code: Int32) { #expect(self.code == code, "\(errors)") }
}
