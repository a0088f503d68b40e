import Foundation
import Testing

extension ProcessFaults {
  @Suite("of the disk", .serialized)
  struct OfDisk {
    private static let harvest = ProcessFaults.harvest

    @Test(
      "62 the disk is full at some stage: 74, and with room the next run comes to the same end",
      .enabled(if: canMount, "mounting a small disk needs root"),
      arguments: ["64k", "512k", "1m", "2m", "3m", "5m", "6m"])
    func full(size: String) async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          here=$PWD; mkdir disk && mount -t tmpfs -o size=\(size) tmpfs disk && cd disk || exit 99
          \(Self.harvest); echo "full $?"
          mount -o remount,size=64m "$here/disk" || exit 99
          "$donl_mirror" check --db mirror.db >/dev/null; echo "check $?"
          \(Self.harvest); echo "room $?"
          cp mirror.db* "$here"'
        """)

      #expect(ended.outputLines.contains("full 74"), "\(ended.output)\(ended.errors)")
      #expect(ended.errors.contains("mirror.db"))
      // No database yet, or one that is whole.
      #expect(!ended.outputLines.contains("check 65"))
      #expect(ended.outputLines.contains("room 0"))
      try await bench.expectUndisturbed("\(size)")
    }

    @Test(
      "62 no room for the copy that check and a rehearsal make: 74, and the copy is gone",
      .enabled(if: canMount, "mounting a small disk needs root"))
    func noRoomForCopies() async throws {
      let bench = try Workbench()
      try await bench.shell(Self.harvest).expect(0)
      let before = bench.bytes("mirror.db")
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          mkdir disk && mount -t tmpfs -o size=1m tmpfs disk || exit 99
          export TMPDIR=$PWD/disk
          "$donl_mirror" check --db mirror.db >/dev/null; echo "check $?"
          \(Self.harvest) --dry-run; echo "rehearsal $?"
          ls disk'
        """)

      #expect(ended.outputLines == ["check 74", "rehearsal 74"], "\(ended.errors)")
      #expect(bench.bytes("mirror.db") == before)
    }

    @Test(
      "64 the disk answers with an I/O error: 74, and the next run comes to the same end",
      .enabled(if: canInject, "strace makes the errors"),
      arguments: ["mirror.db-wal", "mirror.db"])
    func inputOutput(file: String) async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        : >\(file)
        exec strace -f -qq -o /dev/null -P "$PWD/\(file)" -e trace=pwrite64,write \
          -e inject=pwrite64,write:error=EIO:when=3+ \(Self.harvest)
        """)

      #expect(ended.code == 74, "\(ended.errors)")
      #expect(ended.errors.contains("failed"))
      try await bench.expectRecovery()
    }

    @Test(
      "70 a read-only file system: 77 with the path, and nothing is touched",
      .enabled(if: canMount, "mounting a disk needs root"))
    func readOnly() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        """
        exec unshare -m sh -c '
          here=$PWD; mkdir disk && mount -t tmpfs tmpfs disk && cd disk || exit 99
          \(Self.harvest) >/dev/null; sha256sum mirror.db >"$here/before"
          mount -o remount,ro "$here/disk" || exit 99
          \(Self.harvest); echo "harvest $?"
          "$donl_mirror" harvest --sample --db new.db; echo "new $?"
          sha256sum mirror.db | cmp - "$here/before" && echo same'
        """)

      #expect(ended.outputLines == ["harvest 77", "new 77", "same"], "\(ended.errors)")
      #expect(ended.errors.contains("mirror.db"))
    }

    @Test(
      "70 74 a folder, or sidecars, of another user: 77 with the path, and nothing is touched",
      .enabled(if: canBeSomeoneElse, "only root can be someone else"))
    func otherUser() async throws {
      let bench = try Workbench()
      try await bench.shell(Self.harvest).expect(0)
      let before = bench.bytes("mirror.db")
      let someone = "setpriv --reuid 65534 --regid 65534 --clear-groups"
      let folder = try await bench.shell("chmod 755 .; exec \(someone) \(Self.harvest)")
      #expect(folder.code == 77)
      #expect(folder.errors.contains("mirror.db"))

      let sidecars = try await bench.shell(
        """
        chown 65534 . mirror.db mirror.db.lock; chmod 600 mirror.db-wal mirror.db-shm
        exec \(someone) \(Self.harvest)
        """)
      #expect(sidecars.code == 77, "\(sidecars.errors)")
      #expect(sidecars.errors.contains("mirror.db"))
      #expect(bench.bytes("mirror.db") == before)
    }
  }
}
