import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// What readers see of a harvest, held value by value against what the program of schema 4 made of
/// the same: the fixture has a hash of every promised table, view and column. Which rows differ,
/// `Scripts/promised compare` tells of two databases that `Scripts/promised harvest` made.
@Suite("The promised content")
struct PromisedContentTests {
  @Test("stands in the documents, every name and column of it")
  func documents() throws {
    let documented = try Document("docs/schema.md").columns

    for (table, columns) in try Promised().tables {
      #expect(Set(columns).subtracting(documented[table] ?? []) == [], "\(table)")
    }
  }

  @Test("is what it was, of the sample on both days")
  func sample() async throws {
    let mirror = try Mirror()

    for day in 1...2 {
      // A portal for each day, as with `harvest --sample --sample-day 2`.
      let run = try await SamplePortal.run(.sample(day: day)) { portal in
        try await mirror.harvest(portal) { job in
          job.settings.lists.url = portal.listsURL
          job.source = "sample"
          job.clock.now = { Date() }
        }
      }
      #expect(run.outcome == .complete)
      #expect(try Promised().differences(of: mirror, from: "sample-\(day)") == [])
    }
  }

  @Test(
    "is what it was, of the register on two days with the value lists of 2023",
    .enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func register() async throws {
    let mirror = try Mirror()
    var first = try Catalogue(contentsOf: SharedData.registerPath("2015-04-11"))
    try first.publishCapturedLists()
    var second = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    second.valueLists = first.valueLists

    let days = [("2015-04-11", first), ("2015-04-17", second)]
    try await SamplePortal.run(first) { portal in
      for (number, (day, catalogue)) in days.enumerated() {
        portal.publish(catalogue)
        let run = try await mirror.harvest(portal) { job in
          job.isFull = number > 0
          job.settings.lists.url = portal.listsURL
          job.clock.now = { Date() }
        }
        #expect(run.outcome == .complete)
        #expect(try Promised().differences(of: mirror, from: "register-\(day)") == [])
      }
    }
  }
}
