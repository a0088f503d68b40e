import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A value list that cannot be read")
struct ListFailureTests {
  private static let file = "overheid_frequency.json"
  private static let name = "Overheid:Frequency"

  struct Mishap: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reason: String
    var status: DONLMirror.ExitStatus
    var fault: SamplePortal.Fault

    init(
      _ title: String, _ reason: String, _ status: DONLMirror.ExitStatus,
      _ fault: SamplePortal.Fault
    ) {
      (testDescription, self.reason, self.status, self.fault) = (title, reason, status, fault)
    }

    static func body(
      _ title: String, _ reason: String, _ status: DONLMirror.ExitStatus, _ text: String
    ) -> Mishap {
      Mishap(
        title, reason, status,
        .answers(status: 200, headers: ["Content-Type": "application/json"], body: text))
    }

    static func code(_ status: Int, _ reason: String, _ exit: DONLMirror.ExitStatus) -> Mishap {
      Mishap("HTTP \(status)", reason, exit, .answers(status: status, headers: nil, body: "nee"))
    }
  }

  static let mishaps: [Mishap] = [
    .body("a web page with 200", "not_json", .notCKAN, "<html><h1>Onderhoud</h1></html>"),
    .body("half a file", "truncated_json", .temporary, #"{"urn:1": {"labels": {"nl-NL": "Eé"#),
    .body("nothing at all", "empty", .temporary, ""),
    .body("no entries", "empty_list", .notCKAN, "{}"),
    .body("no entries, as an array", "empty_list", .notCKAN, "[ ]"),
    .body(
      "three of eight entries", "shrunk_list", .notCKAN,
      PublishedList.standard(["een", "twee", "drie"]).json),
    .body("an error in JSON", "not_a_list", .notCKAN, #"{"error": {"message": "kapot"}}"#),
    .body("a list of words", "not_a_list", .notCKAN, #"["DAILY", "WEEKLY"]"#),
    .body(
      "entries without a URI", "not_a_list", .notCKAN,
      #"[{"label_nl": "Dagelijks"}, {"label_nl": "Wekelijks"}]"#),
    .code(404, "http_404", .refused), .code(403, "http_403", .refused),
    .code(503, "http_503", .temporary), .code(304, "http_304", .notCKAN),
    Mishap("an answer that is cut", "truncated", .temporary, .cut(after: 200)),
    Mishap("a connection that is closed", "reset", .temporary, .hangsUp),
    Mishap("no HTTP", "bad_response", .temporary, .notHTTP),
    Mishap(
      "a redirect elsewhere", "redirect_refused", .refused,
      .answers(status: 302, headers: ["Location": "http://elders.example/"], body: nil)),
  ]

  @Test("keeps the good one, is warned of once, and the run is complete", arguments: mishaps)
  func kept(_ mishap: Mishap) async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      // Without validators, so that 304 is an answer to what nobody asked.
      try story.mirror.tamper("UPDATE value_lists SET etag = NULL, last_modified = NULL")
      let concepts = "SELECT json_array(uri, label_nl, removed_at) FROM concepts ORDER BY list, uri"
      let before = try story.mirror.strings(concepts)
      story.portal.fail(.init(mishap.fault, when: .init(path: Self.file)))
      story.mirror.advance(by: .seconds(24 * 3600))
      let run = try await story.harvest()

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .done)
      #expect(try story.mirror.strings(concepts) == before)
      let warned = story.mirror.log.lines.filter {
        $0.metadata["list"] == Self.name && $0.level == .warning
      }
      #expect(warned.map(\.reason) == [mishap.reason])
      let failed = try story.status().failed
      #expect(failed.map(\.list) == [Self.name])
      #expect(failed.first?.reason == mishap.reason)
      #expect(failed.first?.fetchedAt != nil)

      story.mirror.advance(by: .seconds(3600))
      let outcomes = try await story.refresh()
      #expect(outcomes.exitStatus == mishap.status)
      #expect(outcomes.filter { $0.result == .failed }.map(\.list) == [Self.name])

      story.portal.fail(.init())
      #expect(try await story.refresh().exitStatus == .done)
      #expect(try story.status().failed.isEmpty)
      #expect(try story.mirror.strings(concepts) == before)
    }
  }

  @Test("is not asked for again within the hour, and the others not before they are due")
  func rest() async throws {
    try await ListStory.tell(try .few()) { story in
      story.portal.fail(
        .init(.answers(status: 404, headers: nil, body: nil), when: .init(path: Self.file)))
      try await story.harvest()
      #expect(try story.status().fetched == 21)

      story.portal.resetRequests()
      story.mirror.advance(by: .seconds(1800))
      try await story.harvest()
      #expect(story.asked.isEmpty)

      story.portal.fail(.init())
      story.mirror.advance(by: .seconds(1800))
      try await story.harvest()
      #expect(story.asked.map(\.path) == ["/waardelijsten/" + Self.file])
      #expect(try story.status().fetched == 22)
    }
  }

  @Test("because nothing answers is one warning, and no other list is asked for there")
  func silence() async throws {
    try await ListStory.tell(try .few()) { story in
      let closed = try ClosedPort()
      let run = try await story.harvest {
        $0.settings.lists.url = "http://127.0.0.1:\(closed.number)/waardelijsten"
        $0.settings.portal.retries = 1
      }

      #expect(run.exitStatus == .done)
      let warned = story.mirror.log.lines.filter {
        $0.metadata["list"] != nil && $0.level == .warning
      }
      #expect(warned.map(\.reason) == ["connect"])
      #expect(story.mirror.log.lines.filter { $0.metadata["retry"] != nil }.count == 1)
      #expect(try story.status().failed.count == 21)
      // The communities come from the portal itself, which is there.
      #expect(
        try story.mirror.strings("SELECT DISTINCT list FROM concepts") == ["DONL:Communities"])
    }
  }

  @Test("because it cannot be stored fails the process, and the ledger says so")
  func store() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      try story.mirror.tamper(
        """
        CREATE TRIGGER full BEFORE UPDATE ON value_lists BEGIN SELECT RAISE(ABORT, 'vol'); END
        """)
      story.mirror.advance(by: .seconds(24 * 3600))
      let failure = await #expect(throws: Failure.self) { try await story.harvest() }

      #expect(
        try story.mirror.strings(
          "SELECT outcome || ' ' || exit_code FROM runs ORDER BY id DESC LIMIT 1")
          == ["complete \(failure?.status.rawValue ?? 0)"])
    }
  }

  @Test("in the middle of others leaves these as they came")
  func half() async throws {
    try await ListStory.tell(try .few()) { story in
      story.portal.fail(.init(.cut(after: 40), when: .init(path: "donl_organization.json")))
      try await story.harvest()

      #expect(try story.status().fetched == 21)
      #expect(
        try story.mirror.count("SELECT count(*) FROM concepts WHERE list = 'DONL:Organization'")
          == 0)
    }
  }

  @Test("for its size is taken when a person says that it is right")
  func accepted() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      story.portal.update { $0[list: Self.file] = PublishedList("{}") }
      let refused = try await story.refresh(Self.name.lowercased())
      #expect(refused.map(\.reason) == ["empty_list"])

      let taken = try await story.refresh(Self.name) { $0.acceptsShrinking = true }

      #expect(taken.map(\.removed) == [8])
      #expect(
        try story.mirror.count("SELECT count(*) FROM concepts WHERE list = ?", [Self.name]) == 8)
      #expect(
        try story.mirror.count(
          "SELECT count(*) FROM concepts WHERE list = ? AND removed_at IS NULL", [Self.name]) == 0)
    }
  }

  @Test("of a name that there is none of is a matter of usage")
  func unknown() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      let failure = await #expect(throws: Failure.self) {
        try await story.refresh("Overheid:Frequentie")
      }

      #expect(failure?.status == .usage)
      #expect(failure?.message.contains("Overheid:Frequency") == true)
    }
  }

  @Test("of another portal's database is refused, and nothing changes")
  func otherDatabase() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      let before = try story.stored()
      let failure = await #expect(throws: Failure.self) {
        try await story.refresh { $0.source = "sample" }
      }

      #expect(failure?.status == .configuration)
      #expect(try story.stored() == before)
    }
  }

  @Test("while another run goes on waits for its turn")
  func locked() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      let failure = try await HarvestLock.hold(beside: story.mirror.path) {
        await #expect(throws: Failure.self) { try await story.refresh() }
      }

      #expect(failure?.status == .temporary)
      #expect(failure?.reason == "locked")
    }
  }
}
