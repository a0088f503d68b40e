import SamplePortal
import Testing

@testable import DONLMirror

@Suite("Harvest of a catalogue that moves")
struct MovingCatalogueTests {
  static let sizes = [2, 3, 7, 1000]

  @Test("misses nothing when a dataset is deleted behind it", arguments: sizes)
  func deletedBehind(rows: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.beforePage(2) {
        $0.delete("0000")
        $0.delete("0001")
      }
      let run = try await mirror.harvest(portal) { $0.rows = rows }

      #expect(run.outcome == .complete)
      let served = portal.catalogue.recordsByID
      #expect(try mirror.records().filter { served[$0.key] != nil } == served)
    }
  }

  @Test("buries what was deleted behind it in the next full harvest", arguments: sizes)
  func buriedNextTime(rows: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.beforePage(2) { $0.delete("0000") }
      try await mirror.harvest(portal) { $0.rows = rows }
      portal.update { $0.delete("0000") }
      try await mirror.harvest(portal) {
        $0.rows = rows
        $0.isFull = true
      }

      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("misses nothing when a dataset is inserted, and the next takes that too", arguments: sizes)
  func inserted(rows: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.beforePage(2) { $0.put(Entry("0000a", hour: 30)) }
      let run = try await mirror.harvest(portal) { $0.rows = rows }
      portal.update { $0.put(Entry("0000a", hour: 30)) }
      try await mirror.harvest(portal) { $0.rows = rows }

      #expect(run.exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("catches up with an edit behind it", arguments: sizes)
  func edited(rows: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.beforePage(2) { $0.put(Entry("0001", hour: 30, title: "Edited")) }
      try await mirror.harvest(portal) { $0.rows = rows }
      portal.update { $0.put(Entry("0001", hour: 30, title: "Edited")) }
      try await mirror.harvest(portal) { $0.rows = rows }

      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("goes on behind the last record taken when the page it holds in advance is out of date")
  func requestsInFlight() async throws {
    try await story(Entry.row(40)) { mirror, portal in
      portal.beforePage(4) {
        $0.delete("0000")
        $0.delete("0001")
        $0.delete("0002")
      }
      let run = try await mirror.harvest(portal) {
        $0.rows = 5
        $0.settings.portal.requestsInFlight = 3
      }

      #expect(run.outcome == .complete)
      let served = portal.catalogue.recordsByID
      #expect(try mirror.records().filter { served[$0.key] != nil } == served)
    }
  }

  @Test("comes to the same with three requests in flight", arguments: sizes)
  func sameInFlight(rows: Int) async throws {
    try await story(Entry.row(40)) { mirror, portal in
      let run = try await mirror.harvest(portal) {
        $0.rows = rows
        $0.settings.portal.requestsInFlight = 3
      }

      #expect(run.tally == Tally(created: 40))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("takes what comes when the portal caps the page in silence")
  func silentCap() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.settings.rowsCap = 6
      let run = try await mirror.harvest(portal)

      #expect(run.tally == Tally(created: 20))
      #expect(portal.pageStarts == [0, 5, 10, 15])
      #expect(mirror.log.reasons.contains("rows_capped"))
    }
  }

  @Test("asks two records a page where one is asked, so that pages can overlap")
  func oneRow() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      let run = try await mirror.harvest(portal) { $0.rows = 1 }

      #expect(run.tally == Tally(created: 5))
      #expect(portal.requests.filter(\.isPage).allSatisfy { $0["rows"] == "2" })
    }
  }
}
