import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, section A of the field: a copy that is wrong and says that it is right.
@Suite("A copy in the field")
struct FieldCopyTests {
  typealias Request = SamplePortal.Request

  /// The record of an entry as `package_show` gives it to whom a token lets see it.
  private static func shown(_ entry: Entry, _ change: (String) -> String)
    -> SamplePortal
    .Intervention
  {
    .respond(
      status: 200, headers: [("Content-Type", "application/json")],
      body: #"{"success": true, "result": \#(change(entry.json))}"#)
  }

  @Test(
    "A1 a token sees what the public does not: gone all the same",
    arguments: [
      (#""private": false"#, #""private": true"#, "private"),
      (#""private": false"#, #""private": "True""#, "private"),
      (#""private": false"#, #""capacity": "private", "private": null"#, "private"),
      (#""state": "active""#, #""state": "draft""#, "state_draft"),
      (#""state": "active""#, #""state": "deleted""#, "state_deleted"),
      // What cannot be read of the rest is no reason to doubt.
      (#""state": "active""#, #""state": "deleted", "size": NaN"#, "state_deleted"),
    ])
  func privateDataset(from old: String, to new: String, reason: String) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.delete("0003") }
      portal.intercept { request, _ in
        guard request.action == "package_show", request["id"] == "0003" else { return nil }
        return Self.shown(Entry("0003")) { $0.replacing(old, with: new) }
      }

      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 1)
      #expect(try mirror.strings("SELECT reason FROM deleted_datasets") == [reason])
    }
  }

  @Test("A1 what is public stays, whatever else the record says")
  func publicDataset() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.intercept { request, _ in
        if request.action == "package_show", request["id"] == "0003" {
          return Self.shown(Entry("0003")) { $0 }
        }
        guard request.action == "package_search" else { return nil }
        return .fail(.indexHolds(datasets: 19))
      }

      try await mirror.harvest(portal)

      #expect(try mirror.count("SELECT count(*) FROM datasets") == 20)
    }
  }

  @Test(
    "A2 a start that is ignored, or not honored beyond a place: nothing is complete",
    arguments: [0, 7, 30])
  func startIgnored(beyond most: Int) async throws {
    try await story(Entry.row(60)) { mirror, portal in
      portal.settings.startMax = most
      portal.settings.rowsCap = 10
      portal.intercept { request, _ in
        request["fq"]?.contains("+id:") == true
          ? .respond(status: 403, body: "<html>no</html>") : nil
      }

      let run = try await mirror.harvest(portal)

      #expect(run.outcome != .complete)
      #expect([.temporary, .notCKAN].contains(run.exitStatus))
      #expect(try mirror.meta("complete_as_of") == nil)
      #expect(portal.requests.count < 200)
    }
  }

  @Test("A2 a start that is ignored: the key leads to the end", arguments: [0, 7, 30])
  func byKey(beyond most: Int) async throws {
    try await story(Entry.row(60)) { mirror, portal in
      portal.settings.startMax = most
      portal.settings.rowsCap = 10

      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(run.tally == Tally(created: 60))
      #expect(mirror.log.reasons.contains("by_key"))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
      // The next finds an unchanged portal.
      portal.resetRequests()
      #expect(try await mirror.harvest(portal).exitStatus == .done)
      #expect(portal.requests.count == 3)
    }
  }

  @Test("A2 a window on start: beyond it the key leads on", arguments: [400, 409, 500])
  func window(status: Int) async throws {
    try await story(Entry.row(60)) { mirror, portal in
      portal.settings.rowsCap = 10
      portal.intercept { request, _ in
        guard request.action == "package_search",
          (request.start ?? 0) + (Int(request["rows"] ?? "") ?? 10) > 25,
          request.start ?? 0 > 0
        else { return nil }
        return .fail(.refuses(status: status, type: "Search Error"))
      }

      let run = try await mirror.harvest(portal) { $0.rows = 10 }

      #expect(run.exitStatus == .done)
      #expect(run.tally == Tally(created: 60))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("A3 what vanishes for a moment and comes back does not hide what is deleted meanwhile")
  func vanishingForAMoment() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.hidden = ["0007"] }
      try await mirror.harvest(portal)
      #expect(try mirror.strings("SELECT state FROM absences") == ["active"])

      portal.update {
        $0.hidden = []
        $0.delete("0011")
      }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM absences") == 0)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("A3 what stays out of the index is asked again until it is known to be gone")
  func absentThenDeleted() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.hidden = ["0007"] }
      try await mirror.harvest(portal)
      portal.update {
        $0.hidden = []
        $0.delete("0007")
      }
      // The counts are those of the run before: it is quiet but for this.
      let run = try await mirror.harvest(portal)

      #expect(run.tally.deleted == 1)
      #expect(try mirror.strings("SELECT id FROM deleted_datasets") == ["0007"])
      #expect(try mirror.count("SELECT count(*) FROM absences") == 0)
    }
  }

  @Test("A4 a stamp in the future hides no other edit", arguments: [true, false])
  func stampInTheFuture(showsDate: Bool) async throws {
    // The clock of a story stands at the end of May 2026.
    try await story(Entry.row(20)) { mirror, portal in
      if !showsDate { portal.settings.showsDate = false }
      portal.update { $0.put(Entry("0005", hour: 24 * 400)) }
      try await mirror.harvest(portal)
      let hour = Int(mirror.now.timeIntervalSince(Entry.moment(0)) / 3600)
      portal.update { $0.put(Entry("0002", hour: hour, title: "First")) }
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0002", hour: hour, title: "Second")) }
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.tally.updated == 1)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("A5 an empty or collapsed catalogue is never taken for the new state", arguments: [0, 3])
  func collapsedForLong(left: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      func strict(_ job: inout HarvestJob) { job.settings.deletions.limitCount = 3 }
      try await mirror.harvest(portal, strict)
      let before = try mirror.meta("complete_as_of")
      portal.settings.indexHolds = left
      for _ in 1...4 {
        mirror.advance(by: .seconds(3600))
        let run = try await mirror.harvest(portal, strict)

        #expect(run.outcome == .partial)
        #expect(run.exitStatus == .heldBack)
      }
      #expect(try mirror.meta("complete_as_of") == before)
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 20)

      portal.settings.indexHolds = nil
      let run = try await mirror.harvest(portal, strict)
      #expect(run.exitStatus == .done)
      #expect(try mirror.count("SELECT count(*) FROM absences") == 0)
    }
  }

  @Test("A6 a run whose end fails has an end in the ledger")
  func failingEnd() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      try mirror.tamper("DROP INDEX all_datasets_name; CREATE TABLE all_datasets_name (x)")
      await #expect(throws: Failure.self) {
        try await mirror.harvest(portal) { $0.isFull = true }
      }

      let rows = try mirror.strings(
        "SELECT outcome || ' ' || exit_code || ' ' || reason FROM runs ORDER BY id DESC LIMIT 1")
      #expect(rows == ["failed 70 database"])
      try mirror.tamper("DROP TABLE all_datasets_name")
      let next = try await mirror.harvest(portal) { $0.isFull = true }
      #expect(next.exitStatus == .done)
      #expect(try mirror.strings("SELECT outcome FROM runs") == ["complete", "failed", "complete"])
    }
  }

  @Test("A8 the ledger says what the summary says, whatever the outcome")
  func ledger() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.publish(try Catalogue(Array(Entry.row(20).prefix(4))))
      let run = try await mirror.harvest(portal) {
        $0.isFull = true
        $0.settings.deletions.limitCount = 3
      }

      #expect(run.outcome == .partial)
      #expect(run.tally.held == 16)
      let row = try mirror.rows(
        """
        SELECT created, updated, touched, unchanged, deleted, held, rejected, pages, requests
        FROM runs WHERE id = ?
        """, [run.id])
      let tally = run.tally
      #expect(
        row == [
          [
            tally.created, tally.updated, tally.touched, tally.unchanged, tally.deleted, tally.held,
            tally.rejected, run.pages, run.requests,
          ].map(\.databaseValue)
        ])
    }
  }
}
