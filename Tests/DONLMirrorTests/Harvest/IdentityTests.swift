import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A database")
struct IdentityTests {
  @Test("of another portal is left as it is, and both are named")
  func otherPortal() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal) { $0.source = "https://one.example" }
      let meta = try mirror.rows("SELECT * FROM meta ORDER BY key")
      portal.resetRequests()
      let failure = await #expect(throws: Failure.self) {
        try await mirror.harvest(portal) { $0.source = "https://two.example" }
      }

      #expect(failure?.status == .configuration)
      #expect(failure?.message.contains("https://one.example") == true)
      #expect(failure?.message.contains("https://two.example") == true)
      #expect(portal.requests.isEmpty)
      #expect(try mirror.rows("SELECT * FROM meta ORDER BY key") == meta)
      #expect(try mirror.count("SELECT count(*) FROM runs") == 1)
    }
  }

  @Test("follows its portal to another address when told to")
  func rebinding() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal) { $0.source = "https://one.example" }
      let epoch = try mirror.meta("epoch")
      let run = try await mirror.harvest(portal) {
        $0.source = "https://two.example"
        $0.isRebinding = true
      }

      #expect(run.exitStatus == .done)
      #expect(try mirror.meta("source") == "https://two.example")
      #expect(try mirror.meta("epoch") == epoch)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 3)
    }
  }

  @Test("does not go on at an offset of the old address")
  func rebindingDropsWalk() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.failAfterPage(2)
      try await mirror.harvest(portal) {
        $0.source = "https://one.example"
        $0.rows = 4
        $0.settings.portal.retries = 0
      }
      portal.recover()
      portal.resetRequests()
      try await mirror.harvest(portal) {
        $0.source = "https://two.example"
        $0.isRebinding = true
        $0.rows = 4
      }

      #expect(portal.pageStarts.first == 0)
    }
  }

  @Test("says what it is and where it comes from")
  func meta() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.harvest(portal)

      #expect(try mirror.meta("source")?.hasPrefix("http://127.0.0.1:\(portal.port)") == true)
      #expect(try mirror.meta("license") == "CC-0")
      for key in [
        "epoch", "complete_as_of", "checkpoint", "hash_version", "schema_version", "tool_version",
      ] {
        #expect(try mirror.meta(key)?.isEmpty == false, "\(key)")
      }
      #expect(try mirror.count("PRAGMA application_id") == 0x444F_4E4C)
      #expect(try mirror.count("PRAGMA user_version") == Schema.current.version)
    }
  }
}
