import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A census")
struct CensusTests {
  private static let day = Duration.seconds(86_401)

  /// Refuses these, as a portal of another make would.
  private static func refuse(
    _ isRefused: @escaping @Sendable (SamplePortal.Request) -> Bool, by portal: SamplePortal
  ) {
    portal.intercept { request, _ in
      isRefused(request) ? .fail(.refuses(status: 409, type: "Validation Error")) : nil
    }
  }

  @Test("finds a dataset that the walk could not know")
  func unknown() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      // Behind the walk, before the census.
      portal.beforePage(4) { $0.put(Entry("0000a", hour: 40)) }
      let run = try await mirror.harvest(portal) { $0.rows = 4 }

      #expect(run.outcome == .complete)
      #expect(run.tally == Tally(created: 21))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("finds a stamp that went backwards")
  func backwards() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0012", hour: 3, title: "Restored")) }
      mirror.advance(by: Self.day)
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.tally.updated == 1)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("gives way to the list of names where the portal refuses it")
  func names() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      Self.refuse({ $0["fl"] != nil }, by: portal)
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
      #expect(portal.requests.contains { $0.action == "package_list" })
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("by names takes another name for neither a creation nor a deletion")
  func renamed() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      Self.refuse({ $0["fl"] != nil }, by: portal)
      try await mirror.harvest(portal)
      // The stamp is old: the filtered walk does not see it.
      portal.update { $0.put(Entry("0003", hour: 3, name: "another-name")) }
      mirror.advance(by: Self.day)
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.exitStatus == .done)
      #expect(run.tally.created == 0)
      #expect(run.tally.deleted == 0)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("gives way to a full walk where the portal refuses the names too")
  func fullWalk() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      Self.refuse({ $0["fl"] != nil || $0.action == "package_list" }, by: portal)
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .full)
      #expect(run.exitStatus == .done)
      #expect(run.tally.created == 0)
      #expect(run.tally.deleted == 1)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("that explained a difference makes the next run quiet again")
  func explained() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.settings.indexHolds = 19
      let first = try await mirror.harvest(portal)
      portal.resetRequests()
      let second = try await mirror.harvest(portal)

      #expect(first.exitStatus == .done)
      #expect(try mirror.strings("SELECT state FROM absences") == ["active"])
      // The three of a quiet run, and the absent dataset by its id, the control, and its own word.
      #expect(portal.requests.count == 6)
      #expect(second.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 20)
    }
  }
}
