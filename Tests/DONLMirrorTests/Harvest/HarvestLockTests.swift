import Foundation
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

@Suite("The lock beside the database")
struct HarvestLockTests {
  @Test("keeps a second harvest out and says who holds it")
  func held() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      let failure = try await HarvestLock.hold(beside: mirror.path) {
        await #expect(throws: Failure.self) { try await mirror.harvest(portal) }
      }

      #expect(failure?.status == .temporary)
      #expect(failure?.reason == "locked")
      #expect(failure?.message.contains("pid \(ProcessInfo.processInfo.processIdentifier)") == true)
      #expect(portal.requests.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: mirror.path))
    }
  }

  @Test("is waited for as long as asked, and no longer")
  func patience() async throws {
    let mirror = try Mirror()
    let waited = Mutex(Duration.zero)
    await #expect(throws: Failure.self) {
      try await HarvestLock.hold(beside: mirror.path) {
        try await HarvestLock.hold(
          beside: mirror.path, patience: .seconds(1),
          sleep: { pause in waited.withLock { $0 += pause } }, body: {})
      }
    }

    #expect(waited.withLock { $0 } == .seconds(1))
  }

  @Test("does not outlive its run in a program that has its descriptor")
  func inherited() async throws {
    let mirror = try Mirror()
    let path = mirror.path
    // As a fork has it until its exec.
    var inherited: Int32 = -1
    try await HarvestLock.hold(beside: path) {
      let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
      let held = names.compactMap { Int32($0) }.filter { descriptor in
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/self/fd/\(descriptor)")
        return target?.hasSuffix(path + ".lock") == true
      }
      inherited = dup(try #require(held.first))
    }
    defer { close(inherited) }

    try await HarvestLock.hold(beside: path) {}
  }

  @Test("is taken as soon as the other lets go")
  func released() async throws {
    let mirror = try Mirror()
    let (release, releasing) = AsyncStream.makeStream(of: Void.self)
    let (isHeld, holding) = AsyncStream.makeStream(of: Void.self)
    let path = mirror.path
    let holder = Task {
      try await HarvestLock.hold(beside: path) {
        holding.finish()
        for await _ in release {}
      }
    }
    for await _ in isHeld {}
    let pauses = Mutex(0)
    try await HarvestLock.hold(
      beside: path, patience: .seconds(60),
      sleep: { _ in
        pauses.withLock { $0 += 1 }
        releasing.finish()
        try await holder.value
      }, body: {})

    #expect(pauses.withLock { $0 } == 1)
  }

  @Test("is one for two names of a database")
  func link() async throws {
    let mirror = try Mirror()
    try Store(path: mirror.path).close()
    let link = mirror.folder.appending(path: "link.db").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: mirror.path)
    await #expect(throws: Failure.self) {
      try await HarvestLock.hold(beside: mirror.path) {
        try await HarvestLock.hold(beside: link) {}
      }
    }
  }

  @Test("remembers how far the feed had come, also when the store fails half-way")
  func mark() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      #expect(try FeedMark.read(beside: mirror.path)?.seq == 3)
      try mirror.tamper(
        """
        CREATE TRIGGER full BEFORE INSERT ON changes WHEN new.dataset_id = 'd4'
        BEGIN SELECT raise(ABORT, 'full'); END
        """)
      portal.update { catalogue in
        for number in 1...4 { catalogue.put(Entry("d\(number)", hour: number + 9)) }
      }
      await #expect(throws: Failure.self) { try await mirror.harvest(portal) { $0.rows = 2 } }

      let stored = try mirror.count("SELECT max(seq) FROM changes")
      #expect(stored > 3)
      #expect(try FeedMark.read(beside: mirror.path)?.seq == stored)
    }
  }

  @Test("cannot stand in a folder that is not there")
  func noFolder() async throws {
    let mirror = try Mirror()
    let failure = await #expect(throws: Failure.self) {
      try await HarvestLock.hold(beside: mirror.folder.path + "/no/mirror.db") {}
    }

    #expect(failure?.status == .cannotCreate)
  }
}
