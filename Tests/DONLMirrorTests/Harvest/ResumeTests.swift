import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("An interrupted harvest")
struct ResumeTests {
  private static func small(_ job: inout HarvestJob) {
    job.rows = 4
    job.settings.portal.retries = 1
  }

  @Test("keeps its pages, and the next goes on from there to the same end")
  func resumed() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.failAfterPage(3)
      let broken = try await mirror.harvest(portal, Self.small)

      #expect(broken.outcome == .failed)
      #expect(broken.exitStatus == .temporary)
      #expect(broken.tally == Tally(created: 10))
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 10)
      #expect(try mirror.count("SELECT next_start FROM walks") == 9)

      portal.recover()
      portal.resetRequests()
      let next = try await mirror.harvest(portal, Self.small)

      #expect(mirror.log.reasons.contains("resumed"))
      #expect(portal.pageStarts.first == 9)
      #expect(next.outcome == .complete)
      #expect(next.tally == Tally(created: 10))
      let fresh = try Mirror()
      try await fresh.harvest(portal)
      #expect(try mirror.catalog() == fresh.catalog())
      #expect(try mirror.feed() == fresh.feed())
      #expect(try mirror.strings("SELECT outcome FROM runs") == ["failed", "complete"])
      #expect(try mirror.count("SELECT count(DISTINCT walk_id) FROM runs") == 1)
    }
  }

  @Test("deletes in its second part nothing that its first part saw")
  func seenByBothParts() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal, Self.small)
      portal.update { $0.delete("0015") }
      portal.failAfterPage(3)
      try await mirror.harvest(portal) {
        Self.small(&$0)
        $0.isFull = true
      }
      portal.recover()
      let run = try await mirror.harvest(portal, Self.small)

      #expect(run.mode == .full)
      #expect(run.tally == Tally(unchanged: 9, deleted: 1))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("keeps the checkpoint from before its first part")
  func checkpointOfFirstPart() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.failAfterPage(3)
      try await mirror.harvest(portal, Self.small)
      portal.recover()
      // Behind the position: the resumed walk does not see it.
      portal.update { $0.put(Entry("0001", hour: 50, title: "Edited")) }
      let resumed = try await mirror.harvest(portal, Self.small)
      try await mirror.harvest(portal, Self.small)

      #expect(resumed.checkpoint == "2026-05-01T19:00:00.000000Z")
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("begins again when it stood still for more than a day")
  func tooOld() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.failAfterPage(3)
      try await mirror.harvest(portal, Self.small)
      portal.recover()
      portal.resetRequests()
      mirror.advance(by: .seconds(24 * 3600 + 1))
      let run = try await mirror.harvest(portal, Self.small)

      #expect(portal.pageStarts.first == 0)
      #expect(!mirror.log.reasons.contains("resumed"))
      #expect(run.outcome == .complete)
      #expect(run.tally == Tally(created: 10, unchanged: 10))
      let states = try mirror.strings(
        "SELECT w.state FROM runs r JOIN walks w ON w.id = r.walk_id ORDER BY r.id")
      #expect(states == ["dropped", "complete"])
    }
  }

  @Test("goes on within a page after the process was killed, and its row says so")
  func killed() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.failAfterPage(2)
      try await mirror.harvest(portal, Self.small)
      // What kill -9 leaves: a row without an end.
      try mirror.tamper(
        "UPDATE runs SET outcome = 'running', finished_at = NULL, exit_code = NULL")
      portal.recover()
      portal.resetRequests()
      try await mirror.harvest(portal, Self.small)

      #expect(portal.pageStarts.first == 6)
      #expect(try mirror.strings("SELECT outcome FROM runs") == ["interrupted", "complete"])
      #expect(try mirror.strings("SELECT reason FROM runs") == ["died", nil])
      #expect(try mirror.count("SELECT count(*) FROM runs WHERE finished_at IS NULL") == 0)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("goes on after incremental work, too")
  func incremental() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { for number in 0..<20 { $0.put(Entry(Entry.id(number), hour: 40 + number)) } }
      portal.failAfterPage(2)
      try await mirror.harvest(portal, Self.small)
      portal.recover()
      portal.resetRequests()
      let run = try await mirror.harvest(portal, Self.small)

      #expect(run.mode == .incremental)
      #expect(portal.pageStarts.first == 6)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("ends with the answer that its interruption has, and keeps what it stored")
  func cancelled() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      let harvest = Task {
        try await mirror.harvest(portal) { job in
          Self.small(&job)
          job.interruption = { .terminated }
          job.report = { progress in
            guard progress.pages == 2 else { return }
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
      }
      let run = try await harvest.value

      #expect(run.outcome == .interrupted)
      #expect(run.exitStatus == .terminated)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == run.tally.created)
      #expect(try mirror.strings("SELECT state FROM walks") == ["open"])
    }
  }
}
