import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, B2, B9, B13, B14 and E9: on what a dataset is known to be gone.
@Suite("Evidence in the field")
struct FieldEvidenceTests {
  @Test(
    "B2 a record without a usable id keeps no deletion from being proven",
    arguments: ["\"\"", "null", "7", "\"" + String(repeating: "x", count: 300) + "\""])
  func nameless(id: String) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.delete("0003")
        $0.delete("0010")
      }
      portal.rewriteSearches { $0 = $0.replacing(#""id": "0015""#, with: #""id": \#(id)"#) }

      let run = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(run.outcome == .complete)
      #expect(run.reason == "quarantine")
      #expect(run.tally.deleted == 2)
      let gone = try mirror.strings("SELECT id FROM deleted_datasets ORDER BY 1")
      #expect(gone == ["0003", "0010"])
    }
  }

  @Test("B9 an answer of package_show that breaks off is asked again", arguments: [403, 404])
  func evidenceBreaksOff(status: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { status == 404 ? $0.purge("0003") : $0.delete("0003") }
      let match = SamplePortal.Match(
        action: "package_show", nth: 1, isMet: { $0["id"] == "0003" })
      portal.fail(.init(.cut(after: 30), when: match))
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
      #expect(mirror.log.reasons.contains("truncated"))
    }
  }

  @Test("B9 what was unclear is asked again in the next run")
  func unclearAgain() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      portal.intercept { request, _ in
        request.action == "package_show" && request["id"] == "0003"
          ? .respond(status: 404, body: "<html>Passing</html>") : nil
      }
      let held = try await mirror.harvest(portal)
      portal.recover()
      let run = try await mirror.harvest(portal)

      #expect(held.exitStatus == .heldBack)
      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
    }
  }

  @Test(
    "B13 a list of names that is short proves nothing; asked for more, it may",
    arguments: [true, false])
  func shortNames(honorsLimit: Bool) async throws {
    try await story(Entry.row(30)) { mirror, portal in
      portal.intercept { request, _ in
        if request.action == "package_search", request["fl"] != nil {
          return .fail(.refuses(status: 409, type: "Validation Error"))
        }
        guard request.action == "package_list", !honorsLimit || request["limit"] == nil else {
          return nil
        }
        let names = (0..<10).map { "\"name-\(Entry.id($0))\"" }.joined(separator: ", ")
        return .respond(status: 200, body: #"{"success": true, "result": [\#(names)]}"#)
      }
      let first = try await mirror.harvest(portal)
      portal.update { $0.delete("0020") }
      let run = try await mirror.harvest(portal)

      #expect(first.exitStatus == .done)
      #expect(first.tally == Tally(created: 30))
      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
      #expect(run.mode == (honorsLimit ? .incremental : .full))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("B14 a record without an id that is well again is forgotten by the next census")
  func namelessOnce() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.rewriteSearches { $0 = $0.replacing(#""id": "0015""#, with: #""id": null"#) }
      let bad = try await mirror.harvest(portal) { $0.isFull = true }
      portal.recover()
      mirror.advance(by: .seconds(86_401))
      let run = try await mirror.harvest(portal)

      #expect(bad.exitStatus == .heldBack)
      #expect(run.mode == .incremental)
      #expect(run.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
    }
  }

  @Test(
    "E9 where package_show is not offered, a person may release what two censuses miss",
    arguments: [400, 403, 404, 500])
  func noPackageShow(status: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      portal.intercept { request, _ in
        request.action == "package_show"
          ? .respond(status: status, body: "<html>Not offered</html>") : nil
      }
      // Nobody can release what no run has listed yet.
      let first = try await mirror.harvest(portal) { $0.acceptsDeletions = true }
      #expect(first.exitStatus == .heldBack)
      #expect(first.tally.deleted == 0)
      let second = try await mirror.harvest(portal)
      #expect(second.tally.deleted == 0)

      let run = try await mirror.harvest(portal) { $0.acceptsDeletions = true }
      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
      #expect(try mirror.strings("SELECT reason FROM deleted_datasets") == ["accepted"])
      let word = try mirror.strings("SELECT reason || message FROM runs ORDER BY id DESC LIMIT 1")
      #expect(word.first??.contains("--accept-deletions") == true)
    }
  }

  @Test("E9 no word of a person releases what the portal may count and not serve")
  func countedAndNotServed() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.harvest(portal)
      // 0003 is still counted, and no page has it any more.
      portal.update { $0.unserved = ["0003"] }
      portal.intercept { request, _ in
        request.action == "package_show" ? .respond(status: 404, body: "<html></html>") : nil
      }
      for accepts in [false, true, true] {
        let run = try await mirror.harvest(portal) {
          $0.acceptsDeletions = accepts
          $0.isFull = true
          $0.settings.deletions.limitCount = 100
        }
        #expect(run.tally.deleted == 0)
        #expect(run.exitStatus != .done)
      }
      #expect(try mirror.count("SELECT count(*) FROM datasets WHERE id = '0003'") == 1)
    }
  }
}
