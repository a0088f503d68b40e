import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A deletion")
struct DeletionTests {
  private static let four = ["a", "b", "c", "d"].map { Entry($0) }

  @Test("leaves a tombstone and an entry in the feed")
  func tombstone() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      let before = try mirror.lastChange()
      portal.update { $0.delete("b") }
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.tally == Tally(unchanged: 3, deleted: 1))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
      #expect(try mirror.feed(after: before) == ["delete b"])
      #expect(try mirror.strings("SELECT id FROM deleted_datasets") == ["b"])
      #expect(try mirror.strings("SELECT reason FROM deleted_datasets") != [nil])
      #expect(try mirror.count("SELECT count(*) FROM resources WHERE dataset_id = 'b'") == 0)
      #expect(try mirror.count("SELECT deleted FROM runs WHERE id = ?", [run.id]) == 1)
    }
  }

  @Test("names the dataset that bears the name now")
  func replacedBy() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.delete("b")
        $0.put(Entry("z", name: "name-b"))
      }
      try await mirror.harvest(portal) { $0.isFull = true }

      #expect(try mirror.strings("SELECT replaced_by FROM deleted_datasets") == ["z"])
      let replaced = try mirror.strings("SELECT replaced_by FROM changes WHERE kind = 'delete'")
      #expect(replaced == ["z"])
    }
  }

  @Test("is undone by a return, which is a creation")
  func returning() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("b") }
      try await mirror.harvest(portal) { $0.isFull = true }
      let before = try mirror.lastChange()
      portal.update { $0.put(Entry("b", hour: 9)) }
      let run = try await mirror.harvest(portal)

      #expect(run.tally.created == 1)
      #expect(try mirror.feed(after: before) == ["create b"])
      #expect(try mirror.records() == portal.catalogue.recordsByID)
      #expect(try mirror.count("SELECT count(*) FROM deleted_datasets") == 0)
      #expect(try mirror.count("SELECT count(*) FROM resources WHERE dataset_id = 'b'") == 2)
    }
  }

  @Test("is told once")
  func once() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("b") }
      try await mirror.harvest(portal) { $0.isFull = true }
      let again = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(again.tally == Tally(unchanged: 3))
      #expect(try mirror.feed().filter { $0 == "delete b" }.count == 1)
    }
  }

  @Test("follows from an incremental harvest when the count tells of it")
  func incremental() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.delete("b")
        $0.put(Entry("c", hour: 5))
      }
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.tally.deleted == 1)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("waits while a record does not say its id: it may be any")
  func nameless() async throws {
    try await story(Self.four) { mirror, portal in
      try await mirror.harvest(portal)
      portal.onPages { _, _ in
        .rewrite { $0.text = $0.text.replacing(#""id": "b""#, with: #""key": "b""#) }
      }
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.tally == Tally(unchanged: 3, rejected: 1))
      #expect(run.exitStatus == .heldBack)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 4)
    }
  }
}
