import Foundation
import GRDB
import SamplePortal
import Synchronization
import Testing

extension CommandLineTests {
  @Suite("The daemon")
  struct Daemon {
    @Test(
      "is ready, says which page it is at, and waits until the next run", arguments: ["/", "@"])
    func course(kind: String) async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let daemon = try Watched(portal, kind: kind)

        let heard = await daemon.manager.wait(for: "STATUS=waiting; next run at ")
        let statuses = heard.filter { $0.hasPrefix("STATUS=page") }
        #expect(heard.first?.hasPrefix("READY=1\nSTATUS=") == true)
        #expect(statuses.first?.hasPrefix("STATUS=page 1/7 of a full run, 50 of 303") == true)
        #expect(statuses.last?.hasPrefix("STATUS=page 7/7 of a full run, 303 of 303") == true)
        #expect(heard.last?.hasSuffix("; last: run 1 full complete") == true)

        daemon.process.signal(SIGTERM)
        let ended = try await daemon.process.ended
        await daemon.manager.wait(for: "STOPPING=1")
        #expect(ended.code == 143)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains("notice run 1 full complete datasets=303 "))
      }
    }

    @Test("begins no run before it is due by the last one in the database")
    func notDue() async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let bench = try Workbench()
        let arguments = ["harvest", "--db", "mirror.db", "--portal", portal.url]
        #expect(try await bench.start(arguments).ended.code == 0)
        portal.resetRequests()
        let daemon = try Watched(portal, on: bench)

        await daemon.manager.wait(for: "STATUS=waiting")
        daemon.process.signal(SIGINT)

        #expect(try await daemon.process.ended.code == 130)
        #expect(portal.requests.isEmpty)
      }
    }

    @Test("outlives failed runs")
    func failures() async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        portal.fail(.init(.answers(status: 500, headers: nil, body: nil)))
        let daemon = try Watched(
          portal, "--every", "1s", environment: ["DONL_MIRROR_PORTAL_RETRIES": "0"])

        await daemon.manager.wait(for: "last: run 2 full failed")
        portal.fail(.init())
        await daemon.manager.wait(for: "last: run 3 full complete")
        daemon.process.signal(SIGTERM)

        let ended = try await daemon.process.ended
        #expect(ended.code == 143)
        #expect(ended.errorLines.contains { $0.contains(" error ") && $0.contains("reason=http_") })
      }
    }

    @Test("reads its configuration again, and keeps the old one when the new is wrong")
    func reload() async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let bench = try Workbench()
        try bench.write("database: {path: a.db}\n", to: "config.yaml")
        let daemon = try Watched(
          portal, "--every", "1s", "--config", "config.yaml", on: bench, database: nil)
        await daemon.manager.wait(for: "last: run 1 full complete")

        try bench.write("database: {pat: b.db}\n", to: "config.yaml")
        daemon.process.signal(SIGHUP)
        let refused = await daemon.manager.wait(for: "READY=1")
        #expect(refused.contains { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        await daemon.manager.wait(for: "last: run ")

        try bench.write("database: {path: b.db}\n", to: "config.yaml")
        daemon.process.signal(SIGHUP)
        await daemon.manager.wait(for: "READY=1")
        await daemon.manager.wait(for: "last: run 1 full complete")
        daemon.process.signal(SIGTERM)

        let ended = try await daemon.process.ended
        #expect(ended.code == 143)
        #expect(
          ended.errorLines.contains {
            $0.contains(" error ") && $0.contains("config.yaml:1: there is no setting database.pat")
              && $0.contains("reason=configuration")
          })
        #expect(try bench.rows("SELECT count(*) FROM datasets", of: "b.db") == ["303"])
      }
    }

    @Test("logs a line on its state when asked")
    func status() async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let daemon = try Watched(portal)
        await daemon.manager.wait(for: "STATUS=waiting")

        daemon.process.signal(SIGUSR1)
        // Signals are taken in their order only once the first has been; its answer is a reload's.
        daemon.process.signal(SIGHUP)
        await daemon.manager.wait(for: "RELOADING=1")
        daemon.process.signal(SIGTERM)

        let ended = try await daemon.process.ended
        #expect(
          ended.errorLines.contains {
            $0.contains(" notice status: waiting; next run at ")
              && $0.hasSuffix("; last: run 1 full complete")
          })
      }
    }

    @Test("runs the sample without a network")
    func sample() async throws {
      let bench = try Workbench()
      let daemon = try Watched("--sample", on: bench)

      await daemon.manager.wait(for: "STATUS=waiting")
      daemon.process.signal(SIGTERM)

      #expect(try await daemon.process.ended.code == 143)
      #expect(try bench.rows("SELECT count(*) FROM datasets", of: "sample.db") == ["303"])
    }

    @Test("tells of a single harvest, too, which page it is at")
    func oneshot() async throws {
      let bench = try Workbench()
      let manager = try NotifyListener(bench.path("notify"))
      let ended = try await bench.run(
        "harvest", "--sample", "--rows", "50", environment: ["NOTIFY_SOCKET": manager.name])

      #expect(ended.code == 0)
      let heard = await manager.wait(for: "page 7/7")
      #expect(heard.first == "STATUS=page 1/7 of a full run, 50 of 303 datasets")
    }

    @Test("ends at the start with what no waiting heals")
    func hopeless() async throws {
      let bench = try Workbench()
      let text = "a text of some length that is no database, whatever its name may say\n"
      try bench.write(text, to: "text.db")
      try bench.write("portal: {token-file: nowhere}\n", to: "token.yaml")
      #expect(try await bench.run("harvest", "--sample").code == 0)
      for (code, arguments) in [
        (64, ["--nonsense"]), (65, ["--db", "text.db"]), (78, ["--config", "nowhere.yaml"]),
        (78, ["--config", "token.yaml", "--db", "new.db"]),
      ] as [(Int32, [String])] {
        let ended = try await bench.start(["daemon"] + arguments).ended

        #expect(ended.code == code, "\(arguments)")
      }
      // Another portal's file shows in the first run; a long time after the last one it is due.
      try await DatabaseQueue(path: bench.path("sample.db")).write { db in
        try db.execute(sql: "UPDATE runs SET started_at = '2020-01-01T00:00:00.000000Z'")
      }
      let ended = try await bench.run(
        "daemon", "--portal", "http://127.0.0.1:9/data", "--db", "sample.db")
      #expect(ended.code == 78)
      #expect(ended.errorLines.last?.contains("reason=") == true)
      #expect(bench.bytes("text.db") == Data(text.utf8))
    }

    @Test("leaves metrics also when it ends at the start")
    func hopelessMetrics() async throws {
      let bench = try Workbench()
      let ended = try await bench.run(
        "daemon", "--db", "new.db",
        environment: [
          "DONL_MIRROR_PORTAL_TOKEN_FILE": "nowhere",
          "DONL_MIRROR_METRICS_TEXTFILE": bench.path("mirror.prom"),
        ])

      #expect(ended.code == 78)
      let metrics = String(decoding: try #require(bench.bytes("mirror.prom")), as: UTF8.self)
      #expect(metrics.contains("\ndonl_mirror_last_run_exit_code 78\n"))
    }

    @Test(
      "ends at the start where this user may not write",
      .enabled(if: ProcessFaults.canBeSomeoneElse, "root needs setpriv to be someone else"))
    func noPermission() async throws {
      let ended = try await Workbench().shell(
        """
        chmod 555 .
        setpriv --reuid 65534 --regid 65534 --clear-groups "$donl_mirror" daemon --sample
        code=$?; chmod 755 .; exit $code
        """)

      #expect(ended.code == 77)
    }
  }

  /// SIGTERM, whatever the daemon is doing; the portal stays silent, so that nothing else ends it.
  @Suite("The daemon, asked to stop")
  struct DaemonStop {
    enum Phase: String, CaseIterable {
      case opening = "sort=metadata_modified"
      case page = "start=49"
      case census = "fl=id"
      case evidence = "package_show"
    }

    @Test("ends with its work in order", arguments: Phase.allCases)
    func phases(phase: Phase) async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let bench = try Workbench()
        if phase == .evidence { try await Self.prepareDeletion(bench, portal) }
        let (victims, victim) = AsyncStream.makeStream(of: Started.self)
        portal.intercept { request, _ in
          guard phase.isMet(by: request) else { return nil }
          return .delay {
            guard let process = await victims.first(where: { _ in true }) else { return }
            process.signal(SIGTERM)
            _ = try? await process.ended
          }
        }
        let daemon = try Watched(portal, "--every", "1s", on: bench)
        victim.yield(daemon.process)

        try await Self.expectOrder(daemon, bench)
      }
    }

    @Test("ends while it waits for the portal to come back, which feeds the watchdog")
    func backoff() async throws {
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let bench = try Workbench()
        portal.fail(
          .init(.answers(status: 503, headers: ["Retry-After": "300"], body: nil)))
        let daemon = try Watched(portal, on: bench, environment: ["WATCHDOG_USEC": "200000"])
        await daemon.manager.wait(for: "STATUS=opening")
        for _ in 1...10 { await daemon.manager.wait(for: "WATCHDOG=1") }
        daemon.process.signal(SIGTERM)

        try await Self.expectOrder(daemon, bench)
      }
    }

    @Test("ends at once when asked twice, and in ten seconds when something holds it")
    func held() async throws {
      for isAskedTwice in [true, false] {
        try await SamplePortal.run(.sample(day: 1)) { portal in
          let bench = try Workbench()
          let blocker = Mutex<DatabaseQueue?>(nil)
          let (locked, lock) = AsyncStream.makeStream(of: Void.self)
          portal.intercept { request, _ in
            guard request["start"] == "98" else { return nil }
            return .delay {
              var configuration = Configuration()
              configuration.allowsUnsafeTransactions = true
              let queue = try? DatabaseQueue(
                path: bench.path("mirror.db"), configuration: configuration)
              // Who writes now holds up whatever the daemon wants to store, the end of its run too.
              while (try? queue?.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }) == nil {}
              blocker.withLock { $0 = queue }
              lock.yield()
            }
          }
          let daemon = try Watched(portal, on: bench)
          _ = await locked.first { _ in true }
          daemon.process.signal(SIGTERM)
          await daemon.manager.wait(for: "STOPPING=1")
          if isAskedTwice { daemon.process.signal(SIGTERM) }
          let ended = try await daemon.process.ended
          blocker.withLock { $0 = nil }

          #expect(ended.code == 143)
          #expect(ended.errors.contains("reason=slow_stop") != isAskedTwice)
          #expect(try await bench.run("check", "--db", "mirror.db").code == 0)
        }
      }
    }

    private static func prepareDeletion(_ bench: Workbench, _ portal: SamplePortal) async throws {
      let arguments = ["harvest", "--db", "mirror.db", "--portal", portal.url]
      #expect(try await bench.start(arguments).ended.code == 0)
      try portal.update { try $0.delete(#require($0.records.first?.id)) }
    }

    private static func expectOrder(_ daemon: Watched, _ bench: Workbench) async throws {
      let ended = try await daemon.process.ended
      #expect(ended.code == 143)
      #expect(!ended.errors.contains("reason=slow_stop"))
      #expect(
        try bench.rows("SELECT outcome, exit_code FROM runs ORDER BY id DESC LIMIT 1")
          == ["\"interrupted\" 143"])
      let check = try await bench.run("check", "--db", "mirror.db")
      #expect(check.code == 0, "\(check.output)")
    }
  }
}

extension CommandLineTests.DaemonStop.Phase {
  func isMet(by request: SamplePortal.Request) -> Bool {
    switch self {
    case .opening: request["sort"]?.hasPrefix("metadata_modified") == true
    case .page: request["start"] == "49"
    case .census: request["fl"]?.hasPrefix("id") == true && request["sort"] == "id asc"
    case .evidence: request.action == "package_show"
    }
  }
}

/// A daemon and the service manager that it talks to.
private struct Watched {
  let bench: Workbench
  let manager: NotifyListener
  let process: Started

  init(
    _ portal: SamplePortal, _ arguments: String..., on bench: Workbench? = nil,
    database: String? = "mirror.db", kind: String = "/", environment: [String: String] = [:]
  ) throws {
    let database = database.map { ["--db", $0] } ?? []
    try self.init(
      arguments + database + ["--portal", portal.url], on: bench ?? Workbench(), kind: kind,
      environment: environment)
  }

  init(_ arguments: String..., on bench: Workbench) throws {
    try self.init(arguments, on: bench, kind: "/", environment: [:])
  }

  private init(
    _ arguments: [String], on bench: Workbench, kind: String, environment: [String: String]
  ) throws {
    self.bench = bench
    let name = kind == "@" ? "@donl-mirror-\(UUID().uuidString)" : bench.path("notify")
    manager = try NotifyListener(name)
    let fixed = ["NOTIFY_SOCKET": name, "DONL_MIRROR_PORTAL_ROWS": "50"]
    process = try bench.start(
      ["daemon"] + arguments, environment: fixed.merging(environment) { $1 })
  }
}
