import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

extension FieldCommandTests {
  /// `Scripts/fault-table`, D2 to D4: two names that mean one file.
  @Suite("Files in the field")
  struct FieldFileTests {
    // MARK: - D2: one lock for one database

    @Test("D2 a hard link of the database: 73 by either name, nothing changed, until it is gone")
    func hardLink() async throws {
      let bench = try await Workbench.withMirror()
      try await bench.shell("ln mirror.db other.db").expect(0)
      let before = bench.bytes("mirror.db")
      let files = bench.files
      for name in ["other.db", "mirror.db"] {
        for command in [
          ["harvest", "--sample"], ["status"], ["check"], ["publish", "public.db"],
          ["search", "x"],
          ["lists", "show"],
        ] {
          let ended = try await bench.start(command + ["--db", name]).ended
          #expect(ended.code == 73, "\(command) \(name): \(ended.errors)")
          #expect(ended.errors.contains("hard links"))
        }
        let health = try await bench.run("health", "--db", name)
        #expect(health.code == 2, "\(health.output)")
      }
      #expect(bench.bytes("mirror.db") == before)
      #expect(bench.files == files)

      try FileManager.default.removeItem(atPath: bench.path("other.db"))
      try await bench.run("harvest", "--sample", "--db", "mirror.db").expect(0)
    }

    @Test("D2 a published copy may have as many names as one likes")
    func hardLinkOfCopy() async throws {
      let bench = try await Workbench.withMirror()
      try await bench.run("publish", "copy.db", "--db", "mirror.db").expect(0)
      try await bench.shell("ln -L copy.db kept.db").expect(0)

      try await bench.run("status", "--db", "kept.db").expect(0)
      try await bench.run("health", "--db", "kept.db").expect(0)
    }

    @Test(
      "D2 the lock is one, whatever name the database is reached by, also before it exists",
      arguments: [false, true])
    func names(exists: Bool) async throws {
      let mirror = try Mirror()
      let manager = FileManager.default
      if exists { try Store(path: mirror.path).close() }
      let folder = mirror.folder.path
      try manager.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: false)
      for (link, target) in [
        ("one.db", mirror.path), ("two.db", "one.db"), ("sub/three.db", "../two.db"),
        ("here", folder), ("sub/there", ".."),
      ] {
        try manager.createSymbolicLink(atPath: "\(folder)/\(link)", withDestinationPath: target)
      }
      for name in [
        "one.db", "two.db", "sub/three.db", "here/mirror.db", "sub/there/mirror.db",
        "sub/../mirror.db", "./mirror.db", "here/sub/three.db",
      ] {
        let failure = await #expect(throws: Failure.self, "\(name)") {
          try await HarvestLock.hold(beside: mirror.path) {
            try await HarvestLock.hold(beside: "\(folder)/\(name)") {}
          }
        }
        #expect(failure?.reason == "locked", "\(name): \(failure?.message ?? "")")
      }
      #expect(
        try manager.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".lock") }
          == ["mirror.db.lock"])
    }

    @Test(
      "D2 a link whose file is not there yet: the database is made where it leads, and all beside it"
    )
    func danglingLink() async throws {
      let bench = try Workbench()
      try await bench.shell("mkdir there; ln -s there/real.db link.db; ln -s link.db chain.db")
        .expect(0)
      try await bench.run("harvest", "--sample", "--db", "chain.db").expect(0)

      #expect(bench.files == ["chain.db", "link.db", "there"])
      let made = try FileManager.default.contentsOfDirectory(atPath: bench.path("there"))
      #expect(Set(made).isSuperset(of: ["real.db", "real.db.lock", "real.db.mark"]))
      try await bench.run("check", "--db", "link.db").expect(0)
    }

    @Test(
      "D2 a mount of the file alone is refused, one of its folder meets the same lock",
      .enabled(if: ProcessFaults.canMount))
    func mount() async throws {
      let bench = try await Workbench.withMirror()
      let file = try await bench.shell(
        """
        mkdir other; : > 'other/a b.db'
        unshare -m sh -c 'mount --bind mirror.db "other/a b.db"
          "$donl_mirror" harvest --sample --db "other/a b.db"; echo "harvest $?"
          "$donl_mirror" status --db "other/a b.db"; echo "status $?"'
        """)
      #expect(file.output.contains("harvest 73\n"), "\(file.output)\(file.errors)")
      #expect(file.output.contains("status 73\n"))
      #expect(file.errors.contains("Mount its folder"))
      let folder = try await bench.shell(
        """
        mkdir one two; cp mirror.db one/
        unshare -m sh -c 'mount --bind one two; "$donl_mirror" harvest --sample --db one/mirror.db
          flock one/mirror.db.lock "$donl_mirror" harvest --sample --db two/mirror.db; echo "code $?"'
        """)
      #expect(folder.output.hasSuffix("code 75\n"), "\(folder.output)\(folder.errors)")
    }

    // MARK: - D3: the lock

    @Test(
      "D3 what stands at DB.lock and is no lock is left as it is: 73",
      arguments: [
        "ln -s victim mirror.db.lock", "ln -s nowhere mirror.db.lock", "ln victim mirror.db.lock",
        "cp victim mirror.db.lock", "mkdir mirror.db.lock", "mkfifo mirror.db.lock",
        "printf 'pid 7\\n' > mirror.db.lock",
        "{ echo 'pid 7 since ever'; seq 1000; } > mirror.db.lock",
      ])
    func foreignLock(make: String) async throws {
      let bench = try Workbench()
      try bench.write("Dear reader\n", to: "victim")
      try await bench.shell(make).expect(0)
      let look =
        "cat victim; ls -l mirror.db.lock | cut -c1-30; test ! -f mirror.db.lock || cat mirror.db.lock"
      let before = try await bench.shell(look).output
      let ended = try await bench.run("harvest", "--sample", "--db", "mirror.db")

      #expect(ended.code == 73, "\(ended.errors)")
      #expect(ended.errors.contains("mirror.db.lock"))
      #expect(try await bench.shell(look).output == before)
      #expect(bench.files == ["mirror.db.lock", "victim"])
    }

    @Test("D3 nobody else may open the lock, so nobody else can hold it; an older one is closed")
    func lockMode() async throws {
      let bench = try Workbench()
      try await bench.run("harvest", "--sample", "--db", "mirror.db").expect(0)
      let look = "stat -c %a mirror.db.lock mirror.db.mark"
      #expect(try await bench.shell(look).output == "600\n600\n")
      try await bench.shell("chmod 644 mirror.db.lock").expect(0)
      try await bench.run("harvest", "--sample", "--db", "mirror.db").expect(0)
      #expect(try await bench.shell(look).output == "600\n600\n")
    }

    @Test(
      "D3 a lock of another user is not taken over", .enabled(if: ProcessFaults.canBeSomeoneElse))
    func lockOfAnother() async throws {
      let bench = try Workbench()
      try await bench.shell(
        """
        chmod 755 . ; mkdir place; chown 65534 place; : > place/mirror.db.lock
        chmod 666 place/mirror.db.lock
        """
      ).expect(0)
      let ended = try await bench.shell(
        """
        exec setpriv --reuid 65534 --clear-groups "$donl_mirror" harvest --sample \
          --db place/mirror.db
        """)
      #expect(ended.code == 73, "\(ended.errors)")
    }

    @Test("D3 a lock that is taken away while another waits for it is made anew")
    func removedLock() async throws {
      let mirror = try Mirror()
      let lock = mirror.path + ".lock"
      try await HarvestLock.hold(beside: mirror.path) {
        let failure = await #expect(throws: Failure.self) {
          try await HarvestLock.hold(
            beside: mirror.path, patience: .seconds(1),
            sleep: { _ in try? FileManager.default.removeItem(atPath: lock) }, body: {})
        }
        #expect(failure?.reason == "locked")
      }
      // The one that waited was left with a file that has no name; the next makes its own.
      try await HarvestLock.hold(beside: mirror.path) {
        #expect(FileManager.default.fileExists(atPath: lock))
      }
    }

    // MARK: - D4: every path that the configuration names

    private static let clashes: [(what: String, configuration: String)] = [
      ("metrics, database", "metrics: {textfile: mirror.db}"),
      ("metrics, database by a link", "metrics: {textfile: link.db}"),
      ("metrics, log", "metrics: {textfile: mirror.db-wal}"),
      ("metrics, shared memory", "metrics: {textfile: ./mirror.db-shm}"),
      ("metrics, journal", "metrics: {textfile: sub/../mirror.db-journal}"),
      ("metrics, lock", "metrics: {textfile: mirror.db.lock}"),
      ("metrics, mark", "metrics: {textfile: mirror.db.mark}"),
      ("metrics, backup", "metrics: {textfile: mirror.db.before-v4}"),
      ("metrics, configuration", "metrics: {textfile: config.yaml}"),
      ("metrics, token", "metrics: {textfile: token}\nportal: {token-file: token}"),
      ("metrics, publication", "metrics: {textfile: p.db}\npublish: {path: p.db}"),
      ("metrics, generation", "metrics: {textfile: p-000000303.db}\npublish: {path: p.db}"),
      ("metrics, temporary copy", "metrics: {textfile: .p.db.tmp}\npublish: {path: p.db}"),
      ("metrics, certificates", "metrics: {textfile: certificates.pem}"),
      ("metrics, a letter", "metrics: {textfile: letter.txt}"),
      ("metrics, a folder", "metrics: {textfile: sub}"),
      ("metrics, a letter at its temporary name", "metrics: {textfile: draft}"),
      ("publication, database", "publish: {path: mirror.db}"),
      ("publication, lock", "publish: {path: mirror.db.lock}"),
      ("publication, mark", "publish: {path: mirror.db.mark}"),
      ("publication, log", "publish: {path: mirror.db-wal}"),
      ("publication, configuration", "publish: {path: config.yaml}"),
      ("publication, token", "publish: {path: token}\nportal: {token-file: token}"),
      ("database, generation", "database: {path: p-000000303.db}\npublish: {path: p.db}"),
      ("database, token", "database: {path: token}\nportal: {token-file: token}"),
      ("database, configuration", "database: {path: config.yaml}"),
    ]

    @Test("D4 no two settings mean one file, and nothing is written over: 78", arguments: clashes)
    func clash(what: String, configuration: String) async throws {
      let bench = try await Self.prepared()
      try bench.write(
        configuration.contains("database:")
          ? configuration : "database: {path: mirror.db}\n" + configuration, to: "config.yaml")
      let before = try await Self.contents(of: bench)
      let environment = ["SSL_CERT_FILE": bench.path("certificates.pem")]
      for command in [["config", "check"], ["harvest", "--sample"], ["publish", "q.db"]] {
        // The link that the configuration names is not published to here.
        if command[0] == "publish", what.hasPrefix("publication") || configuration.contains("p.db")
        {
          continue
        }
        let ended = try await bench.start(
          command + ["--config", "config.yaml"], environment: environment
        ).ended
        #expect(ended.code == 78, "\(command): \(ended.output)\(ended.errors)")
        #expect(ended.errorLines.count == 1, "\(ended.errors)")
      }
      #expect(try await Self.contents(of: bench) == before)
    }

    @Test("D4 a place named on the command line is held against the others too")
    func commandLine() async throws {
      let bench = try await Self.prepared()
      try bench.write(
        "metrics: {textfile: metrics.prom}\ndatabase: {path: x.db}\n", to: "config.yaml")
      let before = try await Self.contents(of: bench)
      for command in [
        ["publish", "mirror.db", "--db", "mirror.db"], ["publish", "link.db", "--db", "mirror.db"],
        ["publish", "mirror.db.lock", "--db", "mirror.db"],
        ["publish", "config.yaml", "--db", "mirror.db", "--config", "config.yaml"],
      ] {
        let ended = try await bench.start(command).ended
        #expect(ended.code == 78, "\(command): \(ended.output)\(ended.errors)")
      }
      #expect(try await Self.contents(of: bench) == before)
    }

    @Test("D4 a daemon does not start with such a configuration, and does not take it over")
    func daemon() async throws {
      let bench = try await Self.prepared()
      try bench.write(
        "database: {path: mirror.db}\nmetrics: {textfile: link.db}\n", to: "config.yaml")
      let refused = try await bench.run("daemon", "--sample", "--config", "config.yaml")
      #expect(refused.code == 78, "\(refused.errors)")

      try bench.write("database: {path: d.db}\n", to: "config.yaml")
      let daemon = try bench.start(
        ["daemon", "--sample", "--every", "1s", "--config", "config.yaml"])
      try await bench.shell("for i in $(seq 300); do [ -s d.db.mark ] && exit; sleep 0.1; done")
        .expect(0)
      try bench.write("database: {path: d.db}\nmetrics: {textfile: d.db}\n", to: "config.yaml")
      daemon.signal(SIGHUP)
      try await bench.shell("sleep 3").expect(0)
      daemon.signal(SIGTERM)
      let ended = try await daemon.ended
      #expect(ended.errors.contains("The configuration is as before"), "\(ended.errors)")
      #expect(try bench.rows("SELECT count(*) FROM datasets", of: "d.db") == ["303"])
    }

    @Test("D4 metrics of ours are replaced, what stands there by the end of the run is not")
    func metrics() async throws {
      let bench = try Workbench()
      let arguments = ["harvest", "--sample", "--db", "mirror.db"]
      let environment = [
        "DONL_MIRROR_DATABASE_PATH": "mirror.db", "DONL_MIRROR_METRICS_TEXTFILE": "link.prom",
      ]
      try await bench.shell("ln -s real.prom link.prom; : > real.prom").expect(0)
      for _ in 1...2 {
        #expect(try await bench.start(arguments, environment: environment).ended.code == 0)
      }
      #expect(
        try await bench.shell("readlink link.prom; head -c 19 real.prom").output
          == "real.prom\n# HELP donl_mirror_")

      // It comes while the run is under way.
      try await bench.shell("rm link.prom real.prom").expect(0)
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let place = bench.path("link.prom")
        portal.intercept { request, _ in
          guard request.isPage else { return nil }
          try? "Dear reader".write(toFile: place, atomically: false, encoding: .utf8)
          return nil
        }
        let ended = try await bench.start(
          ["harvest", "--db", "other.db", "--portal", portal.url],
          environment: [
            "DONL_MIRROR_DATABASE_PATH": "other.db", "DONL_MIRROR_METRICS_TEXTFILE": "link.prom",
          ]
        ).ended
        #expect(ended.code == 0)
        #expect(ended.errors.contains("reason=metrics"))
        #expect(try String(contentsOfFile: place, encoding: .utf8) == "Dear reader")
      }
    }

    // MARK: - A7, E6: killed, and out of room

    @Test(
      "A7 killed at any call that writes the mark: the feed goes on in its epoch",
      .enabled(if: ProcessFaults.canInject))
    func killedAtMark() async throws {
      let bench = try await Workbench.withMirror()
      let epoch = try bench.rows("SELECT value FROM meta WHERE key = 'epoch'")
      let arguments = "harvest --sample --full --rows 100 --db mirror.db"
      for (call, moments) in [("rename", 1...4), ("fsync", 2...4), ("fdatasync", 1...3)] {
        for moment in moments {
          _ = try await bench.shell(
            """
            strace -f -o /dev/null -e trace=\(call) -e inject=\(call):signal=KILL:when=\(moment) \
              "$donl_mirror" \(arguments) --sample-day \(1 + moment % 2)
            """)
          let next = try await bench.shell(
            "\"$donl_mirror\" \(arguments) --sample-day \(1 + moment % 2)")
          // Day 1 after day 2 may hold something back.
          #expect([0, 3].contains(next.code), "\(call) \(moment): \(next.errors)")
          #expect(!next.errors.contains("reason=epoch"), "\(call) \(moment): \(next.errors)")
        }
      }
      #expect(try bench.rows("SELECT value FROM meta WHERE key = 'epoch'") == epoch)
      #expect(try bench.rows("SELECT count(*) FROM runs WHERE reason = 'died'") != ["0"])
      try await bench.run("check", "--db", "mirror.db").expect(0)
    }

    @Test(
      "E6 a full disk keeps the last checkpoint from being written: told, and the feed goes on",
      .enabled(if: ProcessFaults.canMount))
    func lastCheckpoint() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        mkdir disk; echo "SELECT value FROM meta WHERE key = 'epoch'" >epoch.sql
        unshare -m sh -c '
          for size in $(seq 5600 200 12000); do
            mount -t tmpfs -o size=${size}k tmpfs disk
            "$donl_mirror" harvest --sample --rows 20 --db disk/mirror.db 2>log
            if [ $? = 0 ]; then
              # With room, all of it is in the file.
              [ -s disk/mirror.db-wal ] || exit 7
              cat log; mount -o remount,size=64m disk
              sqlite3 -readonly disk/mirror.db <epoch.sql >one
              "$donl_mirror" harvest --sample --full --rows 20 --db disk/mirror.db || exit 8
              sqlite3 -readonly disk/mirror.db <epoch.sql >two
              cmp one two && [ ! -s disk/mirror.db-wal ] && [ -s two ]; exit
            fi
            umount disk
          done; exit 9'
        """)
      #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
      #expect(ended.output.contains("reason=checkpoint"), "\(ended.output)")
    }

    /// A harvested database, links to it, and files of somebody's.
    private static func prepared() async throws -> Workbench {
      let bench = try await Workbench.withMirror()
      try await bench.shell(
        """
        mkdir sub; ln -s mirror.db link.db; echo secret > token; echo 'Dear reader' > letter.txt
        cp letter.txt .draft.tmp
        echo '# none' > certificates.pem; : > config.yaml
        """
      ).expect(0)
      return bench
    }

    private static func contents(of bench: Workbench) async throws -> String {
      try await bench.shell(
        "ls -1A | grep -v ^output-; cat letter.txt token .draft.tmp certificates.pem; sha256sum mirror.db mirror.db-wal mirror.db.* config.yaml"
      ).output
    }
  }
}
