import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 37 to 40: ids and names that are not what they were.
extension ContentFaultTests {
  @Test(
    "37 the same id twice with different content: the newer counts, of equally new ones the first",
    arguments: [12, 8, 6])
  func row37(hour: Int) async throws {
    try await FaultStory.tell { story in
      let (portal, mirror) = (story.portal, story.mirror)
      try await story.harvest()
      let twin = FaultStory.record(3, title: "Tweede", hour: hour)
      portal.rewriteSearches { text in
        guard let found = text.firstRange(of: FaultStory.record(3)) else { return }
        text.insert(contentsOf: ", " + twin, at: found.upperBound)
        text = text.replacing(#""count": 40"#, with: #""count": 41"#)
      }
      let last = try mirror.lastChange()

      for updated in [hour > 8 ? 1 : 0, 0] {
        let summary = try await story.harvest(full: true) { $0.portal.rows = 100 }

        #expect(summary.outcome == .complete)
        #expect(summary.exitStatus == .done)
        #expect(summary.tally == Tally(updated: updated, unchanged: 40 - updated))
      }

      let titles = try mirror.strings("SELECT title FROM datasets WHERE id = 'd03'")
      #expect(titles == [hour > 8 ? "Tweede" : "Waterstanden"])
      #expect(try mirror.feed(after: last) == (hour > 8 ? ["update d03"] : []))
      let told = mirror.log.lines.first { $0.reason == "duplicate_conflict" }
      #expect(told?.level == .warning)
      #expect(told?.metadata["dataset"] == "d03")
      portal.intercept(nil)
      try await story.harvest(full: true)
      try await story.expectRecovery()
    }
  }

  @Test("38 two ids with one name, and two that swap their names")
  func row38() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(Self.renamed(3, to: 4))
        try $0.put(Self.renamed(5, to: 6))
        try $0.put(Self.renamed(6, to: 5))
      }

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally.updated == 3)
      #expect(summary.tally.deleted == 0)
      let bearers = try story.mirror.strings("SELECT id FROM datasets WHERE name = 'name-d04'")
      #expect(Set(bearers) == ["d03", "d04"])
      let told = story.mirror.log.lines.filter { $0.reason == "name_clash" }
      #expect(told.map(\.level) == [.warning])
      #expect(told.map { $0.metadata["name"] } == ["name-d04"])
      try await story.expectRecovery()
    }
  }

  @Test("39 another id under the same name: a deletion and a creation, linked")
  func row39() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        $0.purge(FaultStory.id(20))
        try $0.put(Self.renamed(50, to: 20))
      }

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally.created == 1)
      #expect(summary.tally.deleted == 1)
      #expect(try story.mirror.strings("SELECT replaced_by FROM deleted_datasets") == ["d50"])
      #expect(try story.mirror.strings("SELECT reason FROM deleted_datasets") == ["not_found"])
      try await story.expectRecovery()
    }
  }

  @Test("40 deleted, and back in the next run")
  func row40() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      story.portal.update { $0.delete(FaultStory.id(20)) }
      let gone = try await story.harvest()
      try story.portal.update { try $0.put(FaultStory.record(20, hour: 9)) }
      let back = try await story.harvest()

      #expect(gone.tally.deleted == 1)
      #expect(back.tally.created == 1)
      let kinds = try story.mirror.strings(
        "SELECT kind FROM changes WHERE dataset_id = 'd20' ORDER BY seq")
      #expect(kinds == ["create", "delete", "create"])
      try await story.expectRecovery()
    }
  }

  private static func renamed(_ number: Int, to other: Int) -> String {
    FaultStory.record(number, hour: 10).replacing(
      "name-\(FaultStory.id(number))", with: "name-\(FaultStory.id(other))")
  }
}
