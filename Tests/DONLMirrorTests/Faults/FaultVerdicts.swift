import Logging
import SamplePortal
import Testing

@testable import DONLMirror

/// The two ways in which a fault of the portal or the network goes.
extension FaultStory {
  /// The fault strikes the second page of a first harvest once: the page is read again whole.
  static func passes(
    _ fault: Fault, reason: String, retries: Int = 1,
    _ change: @Sendable (inout Settings) -> Void = { _ in }
  ) async throws {
    try await tell { story in
      let mirror = story.mirror
      var match = secondPage
      match.nth = 1
      story.portal.fail(.init(fault, when: match))

      let summary = try await story.harvest(change)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(created: size))
      #expect(summary.retries == retries)
      if retries > 0 {
        let line = mirror.log.lines.first { $0.reason == reason }
        #expect(line?.level == (reason == "throttled" ? .notice : .warning))
        #expect(line?.metadata["retry"] == "1")
      }
      try await story.expectRecovery()
    }
  }

  /// The fault does not go away: nothing that is stored is touched, and what has arrived is kept.
  ///
  /// - Parameter attempts: how often the failing request is sent.
  static func stays(
    _ fault: Fault, exit: Exit, reason: String, attempts: Int = 6,
    _ change: @Sendable (inout Settings) -> Void = { _ in }
  ) async throws {
    try await strikesAtOnce(fault, exit: exit, reason: reason, attempts: attempts, change)
    try await strikesOnTheWay(fault, exit: exit, reason: reason, change)
  }

  /// From the first request on, against a mirror that is complete.
  static func strikesAtOnce(
    _ fault: Fault, exit: Exit, reason: String, attempts: Int = 6,
    _ change: @Sendable (inout Settings) -> Void = { _ in }
  ) async throws {
    try await tell { story in
      let mirror = story.mirror
      try await story.harvest()
      let before = try mirror.content()
      try story.moveCatalogue()
      story.portal.resetRequests()
      story.portal.fail(.init(fault))

      let summary = try await story.harvest(full: true, change)

      #expect(summary.outcome == .failed)
      #expect(summary.exitStatus == exit)
      #expect(summary.reason == reason)
      #expect(summary.message != nil)
      #expect(story.portal.requests.count == attempts)
      #expect(try mirror.content() == before)
      #expect(try mirror.count("SELECT count(*) FROM deleted_datasets") == 0)
      try await story.expectRecovery()
    }
  }

  /// From the second page of a first harvest on: the first page is kept, and the next run goes on
  /// there.
  static func strikesOnTheWay(
    _ fault: Fault, exit: Exit, reason: String,
    _ change: @Sendable (inout Settings) -> Void = { _ in }
  ) async throws {
    try await tell { story in
      let mirror = story.mirror
      story.portal.fail(.init(fault, when: .init(from: 3)))

      let summary = try await story.harvest(change)

      #expect(summary.outcome == .failed)
      #expect(summary.exitStatus == exit)
      #expect(summary.reason == reason)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 10)
      story.portal.resetRequests()
      try await story.expectRecovery()
      #expect(mirror.log.reasons.contains("resumed"))
    }
  }

  /// The portal, or the way to it, is not what it was: a run against a complete mirror fails and
  /// changes nothing.
  ///
  /// - Parameters:
  ///   - retries: how often a request is sent again.
  ///   - word: what the message must name.
  static func fails(
    exit: Exit, reason: String, retries: Int, says word: String = "",
    _ harvest: nonisolated(nonsending) (FaultStory) async throws -> RunSummary
  ) async throws {
    try await tell { story in
      try await story.harvest()
      let before = try story.mirror.content()
      try story.moveCatalogue()

      let failed = try await harvest(story)

      #expect(failed.outcome == .failed)
      #expect(failed.exitStatus == exit)
      #expect(failed.reason == reason)
      #expect(failed.retries == retries)
      #expect(try story.mirror.content() == before)
      #expect(try story.mirror.count("SELECT count(*) FROM deleted_datasets") == 0)
      #expect(failed.message.map { word.isEmpty || $0.contains(word) } == true)
      try await story.expectRecovery()
    }
  }
}
