import SamplePortal
import Testing

@testable import DONLMirror

@Suite("An incremental harvest")
struct IncrementalTests {
  @Test("ends after three questions when nothing has moved")
  func quiet() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.catalog()
      let change = try mirror.lastChange()
      portal.resetRequests()
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .done)
      #expect(run.requests == 3)
      #expect(portal.requests.count == 3)
      #expect(portal.pageStarts == [])
      #expect(run.tally == Tally())
      #expect(try mirror.catalog() == before)
      #expect(try mirror.lastChange() == change)
    }
  }

  @Test("fetches what moved and the overlap, and the mirror equals a fresh one")
  func edits() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      let change = try mirror.lastChange()
      portal.update {
        $0.put(Entry("0004", hour: 30, title: "Edited", resources: ["r0"]))
        $0.put(Entry("0007", hour: 31, tags: ["air", "water"], rest: #", "theme": ["https://x"]"#))
        $0.put(Entry("0010", hour: 32, resources: ["r7", "r8"]))
        $0.put(Entry("0099", hour: 33))
      }
      let run = try await mirror.harvest(portal) { $0.rows = 3 }

      #expect(run.mode == .incremental)
      // The checkpoint was hour 19, and the overlap is an hour.
      #expect(run.tally == Tally(created: 1, updated: 2, touched: 1, unchanged: 2))
      #expect(try mirror.feed(after: change) == ["update 0004", "update 0007", "create 0099"])

      let fresh = try Mirror()
      try await fresh.harvest(portal)
      #expect(try mirror.catalog() == fresh.catalog())
    }
  }

  @Test("asks for what moved since the checkpoint less the overlap, in Solr's form")
  func filter() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0001", hour: 9)) }
      portal.resetRequests()
      try await mirror.harvest(portal)

      let filters = Set(portal.requests.filter(\.isPage).compactMap { $0["fq"] })
      #expect(filters == ["+metadata_modified:[2026-05-01T03:00:00.000Z TO *]"])
    }
  }

  @Test("that had to step over a record fetches it by its id, or says that it could not")
  func steppedOver() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { for number in 0..<6 { $0.put(Entry(Entry.id(number), hour: 40 + number)) } }
      let poison: SamplePortal.Intercept = { request, _ in
        request.action == "package_search" && request["rows"] != "0" && request["fl"] == nil
          ? .rewrite { answer in
            guard answer.text.contains(#""id": "0002""#) else { return }
            answer = .init(status: 500, body: .init(string: "Internal Server Error"))
          } : nil
      }
      portal.intercept { request, ordinal in
        request["fq"]?.hasPrefix("+id:") == true ? nil : poison(request, ordinal)
      }
      let healed = try await mirror.harvest(portal) { $0.rows = 3 }

      #expect(healed.exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)

      portal.update { for number in 0..<6 { $0.put(Entry(Entry.id(number), hour: 60 + number)) } }
      portal.intercept(poison)
      let broken = try await mirror.harvest(portal) { $0.rows = 3 }

      #expect(broken.outcome == .complete)
      #expect(broken.exitStatus == .heldBack)
      #expect(broken.reason == "unserved")
    }
  }

  @Test("gives way to a full one when seven days have passed")
  func fullDue() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      mirror.advance(by: .seconds(7 * 86400 - 1))
      let before = try await mirror.harvest(portal)
      mirror.advance(by: .seconds(1))
      let after = try await mirror.harvest(portal)
      let next = try await mirror.harvest(portal)

      #expect(before.mode == .incremental)
      #expect(after.mode == .full)
      #expect(next.mode == .incremental)
    }
  }

  @Test("finds a dataset that was inserted with an old stamp, by the count")
  func oldStamp() async throws {
    try await story(Entry.row(5)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0000a", hour: 4)) }
      let run = try await mirror.harvest(portal)

      #expect(run.tally.created == 1)
    }
  }
}

@Suite("The checkpoint")
struct CheckpointTests {
  @Test("is the newest stamp that the portal shows before the first page")
  func newest() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      portal.beforePage(1) { $0.put(Entry("0099", hour: 40)) }
      let run = try await mirror.harvest(portal)

      #expect(run.checkpoint == "2026-05-01T05:00:00.000000Z")
      #expect(try mirror.meta("checkpoint") == run.checkpoint)
      #expect(try mirror.strings("SELECT checkpoint FROM runs") == [run.checkpoint])
    }
  }

  @Test("is never later than the portal's clock, whatever the stamps say")
  func future() async throws {
    try await story([Entry("a"), Entry("b", hour: 24 * 365)]) { mirror, portal in
      let run = try await mirror.harvest(portal)
      portal.update { $0.put(Entry("c", hour: 24 * 27 + 20)) }
      let next = try await mirror.harvest(portal)

      // The mirror's clock and the portal's stand at 2026-05-28T20:26:40Z.
      #expect(run.checkpoint == "2026-05-28T20:26:40.000000Z")
      #expect(next.tally.created == 1)
    }
  }

  @Test("stays where it was when a run fails")
  func failure() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.meta("checkpoint")
      let asOf = try mirror.meta("complete_as_of")
      portal.update { for number in 0..<6 { $0.put(Entry(Entry.id(number), hour: 50 + number)) } }
      portal.failAfterPage(1)
      let run = try await mirror.harvest(portal) {
        $0.rows = 2
        $0.settings.portal.retries = 0
      }

      #expect(run.outcome == .failed)
      #expect(run.exitStatus == .temporary)
      #expect(run.checkpoint == nil)
      #expect(try mirror.meta("checkpoint") == before)
      #expect(try mirror.meta("complete_as_of") == asOf)
    }
  }

  @Test("comes with the moment at which the portal was asked")
  func completeAsOf() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)
      mirror.advance(by: .seconds(3600))
      try await mirror.harvest(portal)

      #expect(try mirror.meta("complete_as_of") == "2026-05-28T21:26:40.000000Z")
    }
  }
}
