import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A held deletion")
struct HeldDeletionTests {
  private static let day = Duration.seconds(86_401)

  /// Six of twenty have gone and six others have come, with limits that let three go.
  private func heldStory(
    _ tell: nonisolated(nonsending) (Mirror, SamplePortal) async throws -> Void
  ) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { catalogue in
        for number in 0..<6 {
          catalogue.delete(Entry.id(number))
          catalogue.put(Entry(Entry.id(30 + number), hour: 30))
        }
      }
      let run = try await mirror.harvest(portal, Self.strict)

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .heldBack)
      #expect(run.reason == "held_deletions")
      #expect(run.tally.held == 6)
      try await tell(mirror, portal)
    }
  }

  private static func strict(_ job: inout HarvestJob) { job.settings.deletions.limitCount = 3 }

  private static func accepting(_ job: inout HarvestJob) {
    strict(&job)
    job.acceptsDeletions = true
  }

  @Test("is listed by name, and no portal is asked about it one by one")
  func listed() async throws {
    try await heldStory { mirror, portal in
      let held = try mirror.strings("SELECT name FROM held_deletions ORDER BY id")
      #expect(held == (0..<6).map { "name-" + Entry.id($0) })
      #expect(!portal.requests.contains { $0.action == "package_show" })
    }
  }

  @Test("is released by whoever accepts it, and a new candidate still meets the guard")
  func accepted() async throws {
    try await heldStory { mirror, portal in
      portal.update { catalogue in
        for number in 6..<10 {
          catalogue.delete(Entry.id(number))
          catalogue.put(Entry(Entry.id(40 + number), hour: 40))
        }
      }
      let run = try await mirror.harvest(portal, Self.accepting)

      #expect(run.exitStatus == .heldBack)
      #expect(run.tally.deleted == 6)
      let gone = try mirror.strings("SELECT id FROM deleted_datasets ORDER BY id")
      #expect(gone == (0..<6).map(Entry.id))
      let held = try mirror.strings("SELECT id FROM held_deletions ORDER BY id")
      #expect(held == (6..<10).map(Entry.id))
    }
  }

  @Test("is released by a census a day later that agrees, up to half of the catalogue")
  func ripe() async throws {
    try await heldStory { mirror, portal in
      mirror.advance(by: Self.day)
      let run = try await mirror.harvest(portal, Self.strict)

      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 6)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("of more than half of the catalogue waits for a person")
  func moreThanHalf() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.publish(try Catalogue(Array(Entry.row(20).dropFirst(12))))
      let first = try await mirror.harvest(portal, Self.strict)
      mirror.advance(by: Self.day)
      let second = try await mirror.harvest(portal, Self.strict)

      #expect(first.tally.held == 12)
      #expect(second.tally.held == 12)
      #expect(second.tally.deleted == 0)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 20)
    }
  }

  @Test("of everything is never released by time")
  func empty() async throws {
    try await story(Entry.row(4)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.publish(Catalogue())
      for _ in 1...3 {
        mirror.advance(by: Self.day)
        let run = try await mirror.harvest(portal)

        #expect(run.reason == "guard_empty")
        #expect(run.tally.deleted == 0)
      }
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 4)
    }
  }

  @Test("ends when the dataset is back")
  func returning() async throws {
    try await heldStory { mirror, portal in
      portal.update { catalogue in
        for number in 0..<6 { catalogue.put(Entry(Entry.id(number), hour: number)) }
      }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 0)
      #expect(try mirror.count("SELECT count(*) FROM held_deletions") == 0)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("counts with those of the last 24 hours")
  func salami() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      var tallies: [Tally] = []
      for number in stride(from: 0, to: 4, by: 2) {
        portal.update {
          $0.delete(Entry.id(number))
          $0.delete(Entry.id(number + 1))
        }
        tallies.append(try await mirror.harvest(portal, Self.strict).tally)
      }

      #expect(tallies.map(\.deleted) == [2, 0])
      #expect(tallies.map(\.held) == [0, 2])
    }
  }

  @Test("has no evidence", arguments: ["html", "control", "other"])
  func noEvidence(kind: String) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      portal.intercept { request, _ in
        guard request.action == "package_show", kind == "control" || request["id"] == "0003" else {
          return nil
        }
        let other = #"{"success": true, "result": {"id": "0004", "state": "deleted"}}"#
        return kind == "other"
          ? .respond(status: 200, body: other)
          : .respond(status: 404, body: "<html>Niet gevonden</html>")
      }
      let run = try await mirror.harvest(portal)
      portal.recover()
      mirror.advance(by: Self.day)
      let next = try await mirror.harvest(portal)

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .heldBack)
      #expect(run.tally.deleted == 0)
      #expect(next.exitStatus == .done)
      #expect(next.tally.deleted == 1)
    }
  }
}
