import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 13 to 21 and 30: whole answers that are not what was asked for.
@Suite("Harvest of a portal that answers wrongly")
struct AnswerFaultTests {
  private typealias Fault = FaultStory.Fault

  private static func html(_ status: Int) -> Fault {
    .answers(
      status: status, headers: ["Content-Type": "text/html"],
      body: "<html><h1>\u{1B}[31mEven geduld a.u.b.</h1></html>")
  }

  @Test("13 429 with Retry-After in seconds, as a date, and as nonsense")
  func row13() async throws {
    let now = "Sun, 06 Nov 1994 08:49:37 GMT"
    let cases: [(asked: String, wait: Duration)] = [
      ("7", .seconds(7)), ("Sun, 06 Nov 1994 08:50:07 GMT", .seconds(30)),
      ("straks", .milliseconds(500)), ("-1", .milliseconds(500)),
    ]
    for (asked, wait) in cases {
      let fault = Fault.answers(
        status: 429, headers: ["Retry-After": asked, "Date": now], body: nil)
      try await FaultStory.passes(fault, reason: "throttled")
      try await FaultStory.tell { story in
        story.portal.fail(.init(fault, when: .init(nth: 2)))
        try await story.harvest()

        #expect(story.waits == [wait])
      }
    }
  }

  @Test("13 429 with a Retry-After of a year: the timer comes back, nobody waits")
  func row13Year() async throws {
    let fault = Fault.answers(status: 429, headers: ["Retry-After": "31536000"], body: nil)
    try await FaultStory.stays(fault, exit: .temporary, reason: "throttled", attempts: 1)
  }

  @Test("14 503 with Retry-After in the middle of a run")
  func row14() async throws {
    let fault = Fault.answers(status: 503, headers: ["Retry-After": "7"], body: nil)
    try await FaultStory.passes(fault, reason: "http_503")
    try await FaultStory.stays(fault, exit: .temporary, reason: "http_503")
  }

  // docs/design.md wins over the table: one page that always fails does not end the run; it is
  // taken apart as in row 45, and what can be served arrives.
  @Test("15 500 on one page only, always (as row 45)")
  func row15() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(13, title: "Niet te lezen", hour: 10))
        try $0.put(FaultStory.record(14, title: "Golfhoogten", hour: 11))
      }
      story.portal.fail(.init(.chokesOn(id: "d13"), when: .init(lacks: ["fl"])))

      let summary = try await story.harvest(full: true)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally.deleted == 0)
      #expect(mirror.log.reasons.contains("http_500"))
      #expect(mirror.log.reasons.contains("unserved"))
      let titles = try mirror.strings(
        "SELECT title FROM datasets WHERE id IN ('d13', 'd14') ORDER BY id")
      #expect(titles == ["Waterstanden", "Golfhoogten"])
      #expect(try mirror.count("SELECT count(*) FROM datasets") == FaultStory.size)
      try await story.expectRecovery()
    }
  }

  // A record breaks when somebody edits it, so it is often the newest: the one that the opening
  // question brings.
  @Test("15 500 for the newest record, always")
  func row15Newest() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(13, title: "Niet te lezen", hour: 12))
      }
      story.portal.fail(.init(.chokesOn(id: "d13"), when: .init(lacks: ["fl"])))

      let summary = try await story.harvest(full: true)

      #expect(summary.exitStatus == .heldBack)
      #expect(try story.mirror.count("SELECT count(*) FROM datasets") == FaultStory.size)
      try await story.expectRecovery()
    }
  }

  @Test("16 502 and 504 with a page of HTML")
  func row16() async throws {
    try await FaultStory.passes(Self.html(502), reason: "http_502")
    try await FaultStory.stays(Self.html(502), exit: .temporary, reason: "http_502")
    try await FaultStory.strikesAtOnce(Self.html(504), exit: .temporary, reason: "http_504")
  }

  @Test("17 401 and 403: no storm of retries")
  func row17() async throws {
    try await FaultStory.stays(Self.html(403), exit: .refused, reason: "http_403", attempts: 3)
    try await FaultStory.strikesAtOnce(
      Self.html(401), exit: .refused, reason: "http_401", attempts: 1)
  }

  @Test("18 404 and 410 on the API")
  func row18() async throws {
    try await FaultStory.stays(Self.html(404), exit: .refused, reason: "http_404", attempts: 1)
    try await FaultStory.strikesAtOnce(
      Self.html(410), exit: .refused, reason: "http_410", attempts: 1)
    try await FaultStory.tell { story in
      let summary = try await story.harvest { $0.portal.url += "/elders" }

      #expect(summary.exitStatus == .refused)
      #expect(summary.message?.contains("portal.url") == true)
    }
  }

  // Issue 3 wins over the row: HTML with 200 is retried like row 16, and is 76 only when it stays.
  @Test("19 200 with a page of HTML")
  func row19() async throws {
    try await FaultStory.passes(Self.html(200), reason: "not_json")
    // Six attempts, and then each of two plainer questions once.
    try await FaultStory.stays(
      Self.html(200), exit: .notCKAN, reason: "not_json", attempts: 8)
    try await FaultStory.tell { story in
      story.portal.fail(.init(Self.html(200)))
      let summary = try await story.harvest()

      #expect(summary.message?.contains(#"<html><h1>\u{1b}[31mEven geduld"#) == true)
    }
  }

  // The row knows 75 and 76; docs/contract.md adds 69 for what is refused for good.
  @Test("20 JSON with success false, by the type of the error")
  func row20() async throws {
    let down = Fault.refuses(status: 409, type: "Search Error")
    try await FaultStory.passes(down, reason: "ckan_error")
    try await FaultStory.stays(down, exit: .temporary, reason: "ckan_error", attempts: 8)
    let cases: [(status: Int, type: String, exit: FaultStory.Exit)] = [
      (200, "Internal Server Error", .temporary), (200, "Validation Error", .notCKAN),
      (409, "Validation Error", .notCKAN), (200, "Authorization Error", .refused),
    ]
    for (status, type, exit) in cases {
      // A refusal may be one of `fl` or of the order: the opening asks twice more, plainly.
      try await FaultStory.strikesAtOnce(
        .refuses(status: status, type: type), exit: exit, reason: "ckan_error",
        attempts: exit == .temporary ? 8 : 3)
    }
  }

  @Test("21 an empty 200, and 204")
  func row21() async throws {
    for status in [200, 204] {
      let fault = Fault.answers(status: status, headers: nil, body: nil)
      try await FaultStory.passes(fault, reason: "empty")
      try await FaultStory.stays(
        fault, exit: .notCKAN, reason: "empty", attempts: status == 200 ? 8 : 6)
    }
  }

  // docs/design.md wins over the table's `stale_page`: a stale page is asked for again, because it brings
  // nothing; one that comes twice is one more way for the catalogue to move, and the seam finds it.
  @Test("30 a stale page from a cache: the page before once more")
  func row30() async throws {
    try await FaultStory.tell { story in
      var match = FaultStory.secondPage
      match.nth = 1
      story.portal.fail(.init(.repeatsPrevious, when: match))

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(created: FaultStory.size))
      // The page is asked again, and the catalogue stands still: no step back.
      #expect(story.portal.pageStarts == [0, 9, 9, 18, 27, 36])
      try await story.expectRecovery()
    }
  }

  // No seam follows the last page; only the census can tell.
  @Test("30 a stale last page")
  func row30Last() async throws {
    try await FaultStory.tell { story in
      let match = FaultStory.Match(action: "package_search", start: 36, lacks: ["fl"], nth: 1)
      story.portal.fail(.init(.repeatsPrevious, when: match))

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(created: FaultStory.size))
      try await story.expectRecovery()
    }
  }
}
