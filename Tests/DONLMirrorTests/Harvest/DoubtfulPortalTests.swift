import SamplePortal
import Testing

@testable import DONLMirror

@Suite("Harvest of a doubtful portal")
struct DoubtfulPortalTests {
  private static let jumble = ["c", "a", "b", "e", "d"].map { Entry($0) }

  @Test("without order is complete when the portal's list of names agrees, and deletes nothing")
  func noOrder() async throws {
    try await story(Self.jumble) { mirror, portal in
      portal.settings.ignoresSort = true
      let first = try await mirror.harvest(portal) { $0.rows = 3 }
      portal.update { $0.delete("b") }
      let second = try await mirror.harvest(portal) {
        $0.rows = 3
        $0.isFull = true
      }

      #expect(first.outcome == .complete)
      #expect(second.outcome == .complete)
      #expect(second.exitStatus == .heldBack)
      #expect(second.tally.deleted == 0)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 5)
      #expect(mirror.log.reasons.contains("no_order"))
    }
  }

  @Test("without order is partial when the list of names tells of others")
  func noOrderNoProof() async throws {
    try await story(Self.jumble) { mirror, portal in
      portal.settings.ignoresSort = true
      portal.intercept { request, _ in
        guard request.action == "package_list" else { return nil }
        return .rewrite { $0.text = $0.text.replacing("name-a", with: "name-z") }
      }
      let run = try await mirror.harvest(portal) { $0.rows = 3 }

      #expect(run.outcome == .partial)
      #expect(run.exitStatus == .temporary)
      #expect(run.reason == "unproven")
      #expect(try mirror.meta("checkpoint") == nil)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 5)
    }
  }

  @Test("is partial when the count collapses under way; the checkpoint and the datasets stay")
  func collapseUnderWay() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      let checkpoint = try mirror.meta("checkpoint")
      portal.update { $0.put(Entry("0003", hour: 50)) }
      portal.beforePage(2) { catalogue in
        for number in 10..<16 { catalogue.delete(Entry.id(number)) }
      }
      let run = try await mirror.harvest(portal) {
        $0.rows = 5
        $0.isFull = true
        $0.settings.deletions.limitCount = 3
      }

      #expect(run.outcome == .partial)
      #expect(run.exitStatus == .temporary)
      #expect(run.reason == "collapse")
      #expect(try mirror.meta("checkpoint") == checkpoint)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 20)
    }
  }

  @Test("holds every deletion when the count has fallen by more than may be deleted")
  func fallenSinceLastTime() async throws {
    try await story(Entry.row(11)) { mirror, portal in
      try await mirror.harvest(portal)
      let checkpoint = try mirror.meta("checkpoint")
      portal.publish(try Catalogue(Entry.row(5)))
      let run = try await mirror.harvest(portal) {
        $0.isFull = true
        $0.settings.deletions.limitCount = 5
      }

      #expect(run.outcome == .partial)
      #expect(run.exitStatus == .heldBack)
      #expect(run.reason == "collapse")
      #expect(run.tally.held == 6)
      #expect(try mirror.meta("checkpoint") == checkpoint)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 11)
    }
  }

  @Test("deletes nothing when the catalogue is empty")
  func emptied() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.publish(Catalogue())
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.exitStatus == .heldBack)
      #expect(run.tally.held == 3)
      #expect(run.tally.deleted == 0)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 3)
    }
  }

  @Test("reads everything and warns when the portal does not filter")
  func filterIgnored() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.settings.ignoresFilter = true
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .full)
      #expect(run.outcome == .complete)
      #expect(run.tally == Tally(unchanged: 6))
      let warning = mirror.log.lines.first { $0.reason == "filter_not_honored" }
      #expect(warning?.level == .warning)
    }
  }

  @Test("keeps what is counted and not served, and deletes only what is gone by its own evidence")
  func unserved() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.unserved = Set((5..<12).map(Entry.id))
        $0.delete("0001")
      }
      let run = try await mirror.harvest(portal) {
        $0.isFull = true
        $0.rows = 4
      }

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .heldBack)
      #expect(run.reason == "unserved")
      #expect(try mirror.strings("SELECT id FROM deleted_datasets") == ["0001"])
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 19)
    }
  }

  @Test("deletes nothing on the word of a portal that serves one record a page, unless by key")
  func pagesOfOne() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.settings.rowsCap = 1
      // Behind the walk, and what moves into its place is never served.
      portal.intercept { request, _ in
        if request["fq"]?.contains("+id:{") == true {
          return .respond(status: 403, body: "<html>blocked</html>")
        }
        return request.isPage && request.start == 3 ? .before { $0.delete("0000") } : nil
      }
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.outcome == .partial)
      #expect(run.tally.deleted == 0)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 6)
      portal.recover()
      let next = try await mirror.harvest(portal) { $0.isFull = true }
      #expect(next.outcome == .complete)
      #expect(next.tally.deleted == 1)
    }
  }
}
