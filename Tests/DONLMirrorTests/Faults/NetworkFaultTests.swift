import NIOCore
import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 1 to 12 and 28: what can happen to bytes on their way. The transport's
/// own tests try every shape of each fault; here a whole harvest meets it.
@Suite("Harvest over a bad network")
struct NetworkFaultTests {
  /// Little patience, for faults that are made of waiting; enough for a machine that is busy.
  static func hasty(_ settings: inout Settings) {
    settings.portal.timeout = .seconds(10)
    settings.portal.retries = 1
  }

  @Test("01 the portal's name cannot be resolved")
  func row01() async throws {
    try await FaultStory.fails(exit: .temporary, reason: "dns", retries: 5) { story in
      try await story.harvest(full: true) { $0.portal.url = "http://portal.invalid/data" }
    }
  }

  @Test("02 the connection is refused")
  func row02() async throws {
    let port = try ClosedPort()
    defer { withExtendedLifetime(port) {} }
    try await FaultStory.fails(exit: .temporary, reason: "connect", retries: 5) { story in
      try await story.harvest(full: true) { $0.portal.url = "http://127.0.0.1:\(port.number)/data" }
    }
  }

  @Test("03 the portal accepts and never answers")
  func row03() async throws {
    try await FaultStory.stays(
      .silence, exit: .temporary, reason: "timeout_first_byte", attempts: 2, Self.hasty)
    try await FaultStory.passes(.silence, reason: "timeout_first_byte", Self.hasty)
  }

  @Test("03 the portal stalls in the middle of a page")
  func row03Stall() async throws {
    try await FaultStory.stays(
      .stalls(after: 100), exit: .temporary, reason: "timeout_idle", attempts: 2, Self.hasty)
    try await FaultStory.passes(.stalls(after: 700), reason: "timeout_idle", Self.hasty)
  }

  @Test("04 a body that trickles")
  func row04() async throws {
    try await FaultStory.fails(exit: .temporary, reason: "low_speed", retries: 1) { story in
      story.portal.fail(.init(.drips(everyMilliseconds: 20)))
      return try await story.harvest(from: story.portal.url) {
        $0.lowSpeed = (bytesPerSecond: 1000, window: .seconds(5))
        $0.retries = 1
      }
    }
  }

  @Test("04 one page that trickles")
  func row04Once() async throws {
    try await FaultStory.tell { story in
      var match = FaultStory.secondPage
      match.nth = 1
      story.portal.fail(.init(.drips(everyMilliseconds: 20), when: match))

      let summary = try await story.harvest(from: story.portal.url) {
        $0.lowSpeed = (bytesPerSecond: 1000, window: .seconds(5))
      }

      #expect(summary.exitStatus == .done)
      #expect(summary.retries == 1)
      #expect(story.mirror.log.reasons.contains("low_speed"))
      try await story.expectRecovery()
    }
  }

  @Test("05 RST in the middle of a page")
  func row05() async throws {
    try await FaultStory.passes(.resets(after: 700), reason: "reset")
    try await FaultStory.passes(.hangsUp, reason: "reset")
    try await FaultStory.stays(.resets(after: 100), exit: .temporary, reason: "reset")
  }

  @Test("06 a body shorter than its Content-Length")
  func row06() async throws {
    try await FaultStory.passes(.cut(after: 700), reason: "truncated")
    try await FaultStory.stays(.cut(after: 100), exit: .temporary, reason: "truncated")
  }

  @Test("07 a body longer than its Content-Length")
  func row07() async throws {
    try await FaultStory.passes(.surplus("} and more"), reason: "", retries: 0)
  }

  @Test("08 no length, and closed before the JSON is complete")
  func row08() async throws {
    try await FaultStory.passes(.cutWithoutLength(after: 700), reason: "truncated_json")
    try await FaultStory.stays(
      .cutWithoutLength(after: 100), exit: .temporary, reason: "truncated_json")
  }

  @Test("09 chunks that break off, and a bad chunk size")
  func row09() async throws {
    for fault in [FaultStory.Fault.cutChunk(after: 100), .badChunk(after: 100)] {
      try await FaultStory.passes(fault, reason: "truncated")
      try await FaultStory.stays(fault, exit: .temporary, reason: "truncated")
    }
  }

  @Test("10 gzip that is cut, in an answer that is whole to HTTP")
  func row10() async throws {
    try await FaultStory.passes(.cutGzip(dropping: 20), reason: "truncated")
    try await FaultStory.stays(.cutGzip(dropping: 20), exit: .temporary, reason: "truncated")
  }

  @Test("11 a plain body that is called gzip")
  func row11() async throws {
    try await FaultStory.passes(.plainCalledGzip, reason: "bad_encoding")
    try await FaultStory.stays(.plainCalledGzip, exit: .notCKAN, reason: "bad_encoding")
  }

  @Test("12 a gzip bomb, and a body without end")
  func row12() async throws {
    for fault in [FaultStory.Fault.gzipBomb(bytes: 64 << 20), .endless] {
      try await FaultStory.stays(fault, exit: .notCKAN, reason: "too_large", attempts: 1) {
        $0.portal.maxPageBytes = 1 << 20
      }
    }
  }

  @Test("28 a header of 500 kB")
  func row28() async throws {
    let fault = FaultStory.Fault.hugeHeader(bytes: 500_000)
    try await FaultStory.passes(fault, reason: "bad_response")
    try await FaultStory.stays(fault, exit: .temporary, reason: "bad_response")
  }

  @Test("28 what is not HTTP at all")
  func row28NotHTTP() async throws {
    try await FaultStory.stays(.notHTTP, exit: .temporary, reason: "bad_response")
  }
}
