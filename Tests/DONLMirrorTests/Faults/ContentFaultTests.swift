import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 31 to 45: a catalogue that is not what it was.
@Suite("Harvest of a catalogue with faults")
struct ContentFaultTests {
  // docs/design.md wins: what is absent is listed as held, and the next good census clears it.
  @Test("31 an empty catalogue once: nothing deleted, and the next run is clean")
  func row31() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let before = try story.mirror.content()
      story.portal.fail(.init(.indexHolds(datasets: 0)))

      let summary = try await story.harvest()

      #expect(summary.outcome == .partial)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.reason == "guard_empty")
      #expect(summary.tally == Tally(held: FaultStory.size))
      #expect(try story.mirror.content() == before)
      try await story.expectRecovery()
      #expect(try story.mirror.count("SELECT count(*) FROM held_deletions") == 0)
    }
  }

  @Test("32 more gone than the limits allow: the rest applied, the deletions held and listed")
  func row32() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      try await story.harvest()
      try story.portal.update { catalogue in
        for number in 0..<5 {
          catalogue.delete(FaultStory.id(number))
          try catalogue.put(FaultStory.record(50 + number, hour: 10))
        }
      }

      let summary = try await story.harvest { $0.deletions.limitCount = 3 }

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally.created == 5)
      #expect(summary.tally.deleted == 0)
      #expect(mirror.log.reasons.contains("guard_deletions"))
      let held = try mirror.strings("SELECT id FROM held_deletions WHERE state = 'held' ORDER BY 1")
      #expect(held == (0..<5).map(FaultStory.id))
      // A day later the next census is due, and the default limits let five pass.
      mirror.advance(by: .seconds(86_401))
      try await story.expectRecovery()
    }
  }

  @Test("33 a count and no results from some page on")
  func row33() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let before = try story.mirror.content()
      story.portal.intercept { request, _ in
        guard request.action == "package_search", request["rows"] != "0", request["fl"] == nil,
          request.start != 0 || request["fq"] != nil
        else { return nil }
        return .respond(
          status: 200, body: #"{"success": true, "result": {"count": 40, "results": []}}"#)
      }

      let summary = try await story.harvest(full: true)

      #expect(summary.outcome == .failed)
      #expect(summary.exitStatus == .notCKAN)
      #expect(summary.reason == "short_listing")
      #expect(try story.mirror.content() == before)
      try await story.expectRecovery()
    }
  }

  @Test(
    "34 35 36 37 a catalogue that moves between the pages", arguments: ["34", "35", "36", "37"])
  func rows34to37(row: String) async throws {
    try await FaultStory.tell { story in
      story.portal.beforePage(2) { catalogue in
        switch row {
        case "34":
          catalogue.delete(FaultStory.id(30))
          try? catalogue.put(FaultStory.record(50))
        case "35":
          catalogue.delete(FaultStory.id(2))
        case "36":
          // Before the position: the last of the first page is served again.
          try? catalogue.put(
            FaultStory.record(50).replacing("\"id\": \"d50\"", with: "\"id\": \"a50\""))
        default:
          try? catalogue.put(FaultStory.record(9, title: "Golfhoogten", hour: 10))
        }
      }

      let summary = try await story.harvest()

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .done)
      let mirrored = try story.mirror.records()
      let served = story.portal.catalogue.recordsByID
      #expect(mirrored == served)
      #expect(try story.mirror.count("SELECT count(*) FROM changes WHERE kind = 'create'") >= 40)
      try await story.expectRecovery()
    }
  }

  @Test("41 a record without id, with a number for an id, with an id of 10 kB")
  func row41() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let long = String(repeating: "d", count: 10_000)
      story.portal.rewriteSearches { text in
        text = text.replacing(#""id": "d03""#, with: #""key": "d03""#)
          .replacing(#""id": "d04""#, with: #""id": 4"#)
          .replacing(#""id": "d05""#, with: #""id": "\#(long)""#)
      }

      let summary = try await story.harvest(full: true)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.reason == "quarantine")
      #expect(summary.tally == Tally(unchanged: 37, rejected: 3))
      #expect(try story.mirror.count("SELECT count(*) FROM datasets") == FaultStory.size)
      story.portal.intercept(nil)
      try await story.harvest(full: true)
      #expect(try story.mirror.count("SELECT count(*) FROM rejections") == 0)
      try await story.expectRecovery()
    }
  }

  @Test("42 a raw control character in one record, a lone surrogate in another")
  func row42() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: "Bel \u{7}", hour: 10))
        try $0.put(FaultStory.record(4, title: #"Half \ud83d teken"#, hour: 10))
        try $0.put(FaultStory.record(5, title: "Golfhoogten", hour: 10))
      }

      let summary = try await story.harvest()

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally.rejected == 1)
      #expect(try mirror.strings("SELECT reason FROM rejections") == ["bad_text"])
      let titles = try mirror.strings(
        "SELECT title FROM datasets WHERE id IN ('d03', 'd04', 'd05') ORDER BY id")
      #expect(titles == ["Waterstanden", "Half \u{FFFD} teken", "Golfhoogten"])
      try story.portal.update { try $0.put(FaultStory.record(3, hour: 11)) }
      try await story.expectRecovery()
    }
  }

  @Test("42 a byte that is no UTF-8 in one record: quarantined with its bytes, the others stored")
  func row42Byte() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: "Peil #", hour: 10))
        try $0.put(FaultStory.record(5, title: "Golfhoogten", hour: 10))
      }
      story.portal.intercept { request, _ in
        guard request.action == "package_search" else { return nil }
        return .rewrite { answer in
          let bytes = answer.body.readableBytesView.map { $0 == UInt8(ascii: "#") ? 0xE9 : $0 }
          answer.body = .init(bytes: bytes)
        }
      }

      let summary = try await story.harvest()

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally == Tally(updated: 1, unchanged: 38, rejected: 1))
      #expect(try mirror.strings("SELECT reason FROM rejections") == ["bad_text"])
      #expect(
        try mirror.count("SELECT count(*) FROM rejections WHERE instr(record, x'5065696c20e9') > 0")
          == 1)
      let titles = try mirror.strings(
        "SELECT title FROM datasets WHERE id IN ('d03', 'd05') ORDER BY id")
      #expect(titles == ["Waterstanden", "Golfhoogten"])
      #expect(mirror.log.reasons.contains("bad_text"))
      try await story.expectRecovery()
    }
  }

  @Test("43 a NUL in a title")
  func row43() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: #"Water\u0000standen"#, hour: 10))
      }

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      let title = try story.mirror.strings("SELECT title FROM datasets WHERE is_repaired = 1")
      #expect(title == ["Water\u{FFFD}standen"])
      let raw = try story.mirror.records()["d03"]
      #expect(raw?.contains(#"\u0000"#) == true)
      try await story.expectRecovery()
    }
  }

  @Test("44 JSON of a depth of", arguments: [600, 2_000, 100_000])
  func row44(depth: Int) async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let nest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      story.portal.rewriteSearches { text in
        guard text.contains(#""id": "d00""#), let notes = text.firstRange(of: Self.notes) else {
          return
        }
        text.replaceSubrange(notes, with: nest)
      }

      let summary = try await story.harvest(full: true)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally == Tally(unchanged: 39, rejected: 1))
      #expect(try story.mirror.strings("SELECT reason FROM rejections") == ["too_deep"])
      #expect(try story.mirror.count("SELECT count(*) FROM datasets") == FaultStory.size)
      try await story.expectRecovery()
    }
  }

  // docs/design.md wins over the table's 75: isolation is what always happens.
  @Test(
    "45 a poisoned record: stepped over and noted, nothing lost around it", arguments: [0, 13, 39])
  func row45(number: Int) async throws {
    try await FaultStory.tell { story in
      story.portal.poison([FaultStory.id(number)])

      let summary = try await story.harvest()

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.reason == "unserved")
      #expect(summary.tally == Tally(created: FaultStory.size - 1))
      #expect(story.mirror.log.reasons.contains("unserved"))
      try await story.expectRecovery()
    }
  }

  @Test("45 more poisoned records than portal.skip-limit")
  func row45Limit() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let before = try story.mirror.content()
      story.portal.poison([7, 13, 30].map(FaultStory.id))

      let summary = try await story.harvest(full: true) { $0.portal.skipLimit = 2 }

      #expect(summary.outcome == .failed)
      #expect(summary.exitStatus == .temporary)
      #expect(summary.reason == "skip_limit")
      #expect(try story.mirror.content() == before)
      try await story.expectRecovery()
    }
  }

  private static let notes = #""Elke tien minuten.""#
}
