import Foundation
import SamplePortal
import Testing

extension ProcessFaults {
  @Suite("of publishing and telling", .serialized)
  struct OfPublishing {
    private static let harvest = ProcessFaults.harvest
    private static let publishing = [
      "DONL_MIRROR_PUBLISH_PATH": "public/catalog.db",
      "DONL_MIRROR_METRICS_TEXTFILE": "metrics.prom",
    ]

    @Test(
      "62 no room for the published copy: 74, the old one is served, and the next run publishes",
      .enabled(if: canMount, "mounting a small disk needs root"),
      arguments: ["5m", "6m", "8m"])
    func full(size: String) async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          mkdir public && mount -t tmpfs -o size=\(size) tmpfs public || exit 99
          \(Self.harvest); echo "first $?"
          sum=$(sha256sum public/catalog.db)
          \(Self.harvest) --sample-day 2; echo "full $?"
          [ "$sum" = "$(sha256sum public/catalog.db)" ] && echo same
          grep "^donl_mirror_last_run_exit_code" metrics.prom
          ls -A public
          "$donl_mirror" publish; echo "publish $?"
          mount -o remount,size=64m "$PWD/public"
          \(Self.harvest) --sample-day 2; echo "room $?"
          sqlite3 -readonly public/catalog.db "SELECT count(*) FROM datasets; PRAGMA quick_check"
          ls -A public'
        """, environment: Self.publishing.merging(["DONL_MIRROR_DATABASE_PATH": "mirror.db"]) { $1 }
      )

      let answers = ended.outputLines.filter { !$0.hasPrefix("run ") }
      #expect(
        answers == [
          "first 0", "full 74", "same", "donl_mirror_last_run_exit_code 74",
          "catalog-000000303.db", "catalog.db", "publish 74", "room 0", "304", "ok",
          "catalog-000000303.db", "catalog-000000318.db", "catalog.db",
        ], "\(ended.output)\(ended.errors)")
      #expect(ended.errors.contains("reason=disk_full"))
      #expect(
        try bench.rows("SELECT outcome, exit_code, reason FROM runs") == [
          "\"complete\" 0 NULL", "\"complete\" 74 \"disk_full\"", "\"complete\" 0 NULL",
        ])
      try await bench.run("check", "--db", "mirror.db").expect(0)
    }

    @Test(
      "63 no room for the metrics, nor for the log: as without, and a warning",
      .enabled(if: canMount, "mounting a small disk needs root"))
    func fullTelling() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          mkdir small && mount -t tmpfs -o size=64k tmpfs small || exit 99
          dd if=/dev/zero of=small/filling 2>/dev/null
          \(Self.harvest) 2>errors; echo "metrics $?"
          ls -A small; cat errors
          \(Self.harvest) --full 2>/dev/full; echo "log $?"'
        """, environment: ["DONL_MIRROR_METRICS_TEXTFILE": "small/metrics.prom"])

      #expect(ended.outputLines.contains("metrics 0"), "\(ended.output)")
      #expect(ended.outputLines.contains("log 0"))
      #expect(ended.output.contains("reason=metrics"), "\(ended.output)")
      #expect(!ended.outputLines.contains { $0.hasPrefix(".metrics") || $0 == "metrics.prom" })
      try await bench.expectUndisturbed()
    }

    @Test(
      "77 the published place is a file, a strange link, a folder or nowhere: 73, the database: 78; it stays"
    )
    func strangePlace() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        mkdir public folder; echo mine >public/file; echo mine >notes.db; ln -s ../notes.db public/link
        for place in public/file public/link folder nowhere/catalog.db public/file/catalog.db; do
          DONL_MIRROR_PUBLISH_PATH=$place \(Self.harvest) >/dev/null; echo $place $?
        done
        DONL_MIRROR_PUBLISH_PATH=mirror.db \(Self.harvest) >/dev/null; echo itself $?
        cat public/file notes.db; ls -A public folder
        """)

      #expect(
        ended.outputLines == [
          "public/file 73", "public/link 73", "folder 73", "nowhere/catalog.db 73",
          "public/file/catalog.db 73", "itself 78", "mine", "mine", "folder:", "public:", "file",
          "link",
        ], "\(ended.output)\(ended.errors)")
      try await bench.expectUndisturbed()
    }

    @Test(
      "77 the published folder: on another file system, without inodes, read-only, another's",
      .enabled(if: canMount && canBeSomeoneElse, "mounting a disk needs root"))
    func strangeFolder() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          chmod 755 . && mkdir disk public && mount -t tmpfs -o nr_inodes=4 tmpfs disk || exit 99
          ln -s ../disk public/elsewhere
          export DONL_MIRROR_PUBLISH_PATH=public/elsewhere/catalog.db
          \(Self.harvest) >/dev/null; echo "elsewhere $?"
          \(Self.harvest) --sample-day 2 >/dev/null; echo "inodes $?"; ls -A disk
          mount -o remount,ro "$PWD/disk"
          \(Self.harvest) --sample-day 2 >/dev/null; echo "read-only $?"
          mkdir other; chmod 755 other; chown -R 65534 mirror.db* .
          chown 0 other
          export DONL_MIRROR_PUBLISH_PATH=other/catalog.db
          setpriv --reuid 65534 --regid 65534 --clear-groups \(Self.harvest) --sample-day 2 >/dev/null
          echo "other $?"; ls -A other
          sqlite3 -readonly disk/catalog.db "SELECT count(*) FROM datasets"'
        """)

      #expect(
        ended.outputLines == [
          "elsewhere 0", "inodes 74", "catalog-000000303.db", "catalog.db", "read-only 77",
          "other 77", "303",
        ], "\(ended.output)\(ended.errors)")
    }

    @Test(
      "78 readers, another user's, while copies are published: no error, nothing torn",
      .enabled(if: canBeSomeoneElse && canRead, "needs root, sqlite3 and python3"))
    func readers() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        chmod 755 .; mkdir -m 755 public; umask 0027
        '\(ConfigFileTests.projectRoot)/Scripts/reader-table' --only sqlite3,python \
          --publications 6 --program "$donl_mirror"
        """)

      #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
      #expect(ended.output.contains("| sqlite3 CLI, the link |"), "\(ended.output)")
      #expect(ended.output.contains("| Python sqlite3, the link |"))
    }

    @Test(
      "73 a Python reader never ends its transaction: harvest and publish go on, the WAL shrinks",
      .enabled(if: canRead, "needs sqlite3 and python3"))
    func neverClosing() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        mkdir public; \(Self.harvest) >/dev/null || exit
        mkfifo ready release
        python3 -c '
        import sqlite3
        reader = sqlite3.connect("file:mirror.db?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN"); reader.execute("SELECT count(*) FROM datasets").fetchone()
        open("ready", "w").close(); open("release").read()' &
        cat ready
        \(Self.harvest) --sample-day 2 --full >/dev/null; echo "held $?"
        [ -s mirror.db-wal ] && echo grown
        sqlite3 -readonly public/catalog.db "SELECT count(*) FROM datasets"
        : >release; wait
        \(Self.harvest) --sample-day 2 >/dev/null; echo "gone $?"
        [ -s mirror.db-wal ] || echo shrunk
        """, environment: Self.publishing)

      #expect(
        ended.outputLines == ["held 0", "grown", "304", "gone 0", "shrunk"],
        "\(ended.output)\(ended.errors)")
    }

    private static let canRead = ["/usr/bin/sqlite3", "/usr/bin/python3"]
      .allSatisfy(FileManager.default.isExecutableFile)
  }
}
