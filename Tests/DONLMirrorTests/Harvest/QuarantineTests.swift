import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A bad record")
struct QuarantineTests {
  /// A raw control character inside a string is not JSON.
  private static let bad = Entry("0002", hour: 30, title: "Bell \u{7}")

  @Test("is kept with its bytes and the reason, and costs no other")
  func kept() async throws {
    var entries = Entry.row(6)
    entries[2] = Self.bad
    try await story(entries) { mirror, portal in
      let run = try await mirror.harvest(portal) { $0.rows = 4 }

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .heldBack)
      #expect(run.reason == "quarantine")
      #expect(run.tally == Tally(created: 5, rejected: 1))
      #expect(try mirror.strings("SELECT dataset_id FROM rejections") == ["0002"])
      #expect(try mirror.strings("SELECT reason FROM rejections") == ["bad_text"])
      let bytes = try mirror.query { try Data.fetchOne($0, sql: "SELECT record FROM rejections") }
      #expect(bytes == Data(Self.bad.json.utf8))
      #expect(try mirror.meta("checkpoint") == run.checkpoint)
      #expect(run.checkpoint != nil)
    }
  }

  @Test("leaves the last good version where it is, also after a full harvest")
  func lastGoodVersion() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      let good = try mirror.records()["0002"]
      portal.update { $0.put(Self.bad) }
      let first = try await mirror.harvest(portal)
      let second = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(first.mode == .incremental)
      #expect(first.tally.rejected == 1)
      #expect(second.tally == Tally(unchanged: 5, rejected: 1))
      #expect(try mirror.records()["0002"] == good)
      #expect(try mirror.count("SELECT attempts FROM rejections") == 2)
    }
  }

  @Test("heals when it is good again")
  func heals() async throws {
    var entries = Entry.row(6)
    entries[2] = Self.bad
    try await story(entries) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0002", hour: 40)) }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(run.tally.created == 1)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("is counted once when it stands where two pages meet", arguments: [2, 3])
  func atSeam(rows: Int) async throws {
    var entries = Entry.row(6)
    entries[2] = Self.bad
    try await story(entries) { mirror, portal in
      let run = try await mirror.harvest(portal) { $0.rows = rows }

      #expect(run.tally == Tally(created: 5, rejected: 1))
      #expect(try mirror.count("SELECT attempts FROM rejections") == 1)
    }
  }

  @Test(
    "that does not say its id is counted once and leaves when it can be read", arguments: [2, 3])
  func nameless(rows: Int) async throws {
    try await story(Entry.row(6)) { mirror, portal in
      portal.intercept { request, _ in
        guard request.action == "package_search", request["fl"] == nil else { return nil }
        return .rewrite { $0.text = $0.text.replacing(#""id": "0002""#, with: #""key": "0002""#) }
      }
      let first = try await mirror.harvest(portal) { $0.rows = rows }
      portal.recover()
      let second = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(first.tally == Tally(created: 5, rejected: 1))
      #expect(second.tally == Tally(created: 1, unchanged: 5))
      #expect(second.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
    }
  }

  @Test("leaves the quarantine when it is gone from the portal")
  func gone() async throws {
    var entries = Entry.row(6)
    entries[2] = Self.bad
    try await story(entries) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("0002") }
      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
    }
  }

  @Test("is asked for again by the next harvest, and nothing else is")
  func askedAgain() async throws {
    var entries = Entry.row(6)
    entries[2] = Entry("0002", hour: 2, title: "Bell \u{7}")
    try await story(entries) { mirror, portal in
      try await mirror.harvest(portal)
      portal.resetRequests()
      let run = try await mirror.harvest(portal)

      #expect(portal.requests.count == 4)
      #expect(portal.requests.last?["fq"] == #"+id:("0002")"#)
      #expect(run.tally == Tally(rejected: 1))
    }
  }
}
