import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// The real register of April 2015, served page by page.
@Suite("Harvest of the real register", .enabled(if: SharedData.isPresent, "needs ../shared/data"))
struct RegisterHarvestTests {
  @Test("takes every dataset once, and a second harvest tells exactly what changed")
  func twoHarvests() async throws {
    let mirror = try Mirror()
    let before = try Catalogue(contentsOf: SharedData.registerPath("2015-04-11"))
    let after = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    try await SamplePortal.run(before) { portal in
      let first = try await mirror.harvest(portal)

      #expect(first.outcome == .complete)
      #expect(first.exitStatus == .done)
      #expect(first.tally == Tally(created: 6528))
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 6528)
      #expect(try mirror.count("SELECT count(*) FROM resources") == 13928)
      #expect(try mirror.count("SELECT count(*) FROM tags") == 10682)

      let differences = try RegisterComparison(mirror)
        .differences(from: SharedData.register("2015-04-11"))
      #expect(differences == [])

      portal.publish(after)
      let second = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(
        second.tally
          == Tally(created: 370, updated: 949, touched: 5088, unchanged: 329, deleted: 162))

      let changes = try mirror.count("SELECT count(*) FROM changes")
      portal.resetRequests()
      let third = try await mirror.harvest(portal)

      #expect(third.outcome == .complete)
      #expect(third.mode == .incremental)
      #expect(portal.requests.count <= 3)
      #expect(try mirror.count("SELECT count(*) FROM changes") == changes)
    }
  }

  @Test("catches up incrementally with six days, and buries with evidence")
  func incremental() async throws {
    let mirror = try Mirror()
    let before = try Catalogue(contentsOf: SharedData.registerPath("2015-04-11"))
    let after = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    try await SamplePortal.run(before) { portal in
      try await mirror.harvest(portal)
      portal.publish(after)
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .done)
      #expect(run.tally.deleted == 162)
      #expect(try mirror.records() == after.recordsByID)
      let reasons = try mirror.strings("SELECT DISTINCT reason FROM deleted_datasets")
      #expect(Set(reasons).isSubset(of: ["not_found", "not_authorized"]))
      let linked = "SELECT count(*) FROM deleted_datasets WHERE replaced_by IS NOT NULL"
      #expect(try mirror.count(linked) == 135)
    }
  }
}
