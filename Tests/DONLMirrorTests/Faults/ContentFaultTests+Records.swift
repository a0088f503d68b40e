import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// Faults of `Scripts/fault-table`, 46 to 58: records that are odd, and catalogues that move as one.
@Suite("Harvest of odd records and of catalogues that move as one")
struct RecordFaultTests {
  /// One dataset becomes odd, and the run is clean.
  private func accepts(
    _ record: String, full isFull: Bool = false, _ verify: (Mirror) throws -> Void
  ) async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update { try $0.put(record) }

      let summary = try await story.harvest(full: isFull)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .done)
      #expect(summary.tally.rejected == 0)
      #expect(try story.mirror.records() == story.portal.catalogue.recordsByID)
      try verify(story.mirror)
      try await story.expectRecovery()
    }
  }

  private static func odd(_ members: String) -> String {
    FaultStory.record(3, hour: 10).replacing(#""notes": "Elke tien minuten.","#, with: members)
  }

  @Test("46 a dataset with 3,000 resources")
  func row46() async throws {
    let resources = (0..<3_000).map { #"{"id": "q\#($0)", "url": "http://example.nl/\#($0)"}"# }
    let record = FaultStory.record(3, hour: 10).replacing(
      #""resources": ["#, with: #""resources": [\#(resources.joined(separator: ",")),"#)
    try await accepts(record) { (mirror) throws in
      let count = "SELECT count(*) FROM resources WHERE dataset_id = 'd03'"
      #expect(try mirror.count(count) == 3_001)
    }
  }

  @Test("46 a record over the cap on records: quarantined, and the others stored")
  func row46Record() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: String(repeating: "a", count: 50_000), hour: 10))
        try $0.put(FaultStory.record(4, title: "Golfhoogten", hour: 10))
      }

      let summary = try await story.harvest(from: story.portal.url, recordBytesMax: 40_000) { _ in }

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.tally == Tally(updated: 1, unchanged: 38, rejected: 1))
      #expect(try story.mirror.strings("SELECT reason FROM rejections") == ["too_large_record"])
      #expect(story.mirror.log.reasons.contains("too_large_record"))
      try await story.expectRecovery()
    }
  }

  @Test("46 a record over the cap on pages: stepped over, listed, and the others stored")
  func row46Page() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: String(repeating: "a", count: 50_000), hour: 10))
        try $0.put(FaultStory.record(4, title: "Golfhoogten", hour: 10))
      }

      let summary = try await story.harvest(full: true) { $0.portal.maxPageBytes = 40_000 }

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .heldBack)
      #expect(summary.reason == "unserved")
      #expect(summary.tally == Tally(updated: 1, unchanged: 38))
      #expect(try story.mirror.count("SELECT count(*) FROM datasets") == FaultStory.size)
      try await story.expectRecovery()
    }
  }

  @Test("47 duplicate keys, numbers beyond measure, minus zero: the last key counts, bytes stay")
  func row47() async throws {
    let members =
      #""notes": "een", "notes": "twee", "a": 1e999, "b": 123456789012345678901234567890, "c": -0,"#
    try await accepts(Self.odd(members)) { (mirror) throws in
      #expect(try mirror.strings("SELECT notes FROM datasets WHERE id = 'd03'") == ["twee"])
    }
  }

  @Test(
    "48 a field that changes its type",
    arguments: ["\"http://a.example\"", "[\"http://a.example\"]", "null", "{\"a\": 1}", "7"])
  func row48(value: String) async throws {
    let record = FaultStory.record(3, hour: 10).replacing(
      #"["http://standaarden.overheid.nl/owms/terms/Water"]"#, with: value)
    try await accepts(record) { _ in }
  }

  @Test("48 a column's value that became an object, an unknown field that became a list: told")
  func row48Drift() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      func drifts() -> [String?] {
        mirror.log.lines.filter { $0.reason == "type_drift" && $0.level == .warning }
          .map { $0.metadata["field"] }
      }
      try story.portal.update { try $0.put(Self.odd(#""owner_org": "o1", "eigen": "een","#)) }
      try await story.harvest()
      #expect(!mirror.log.reasons.contains("new_field"))
      try story.portal.update {
        try $0.put(Self.odd(#""owner_org": {"a": 1}, "eigen": ["een"],"#))
      }
      try await story.harvest(full: true)

      #expect(drifts() == ["owner_org", "eigen"])
      try await story.harvest(full: true)
      #expect(drifts().count == 2)
      try await story.expectRecovery()
    }
  }

  @Test("49 a field that nobody knows")
  func row49() async throws {
    try await accepts(Self.odd(#""nieuw_veld": "waarde","#)) { (mirror) throws in
      #expect(try mirror.strings("SELECT value FROM extras WHERE key = 'nieuw_veld'") == ["waarde"])
      let census = "SELECT datasets FROM field_census WHERE field = 'nieuw_veld'"
      #expect(try mirror.count(census) == 1)
      let told = mirror.log.lines.filter { $0.reason == "new_field" }
      #expect(told.map(\.level) == [.info])
      #expect(told.map { $0.metadata["field"] } == ["nieuw_veld"])
    }
  }

  @Test("50 absurd dates", arguments: ["9999-99-99", "31-02-2015", "", "gisteren"])
  func row50(date: String) async throws {
    let members = #""metadata_created": "\#(date)", "issued": "\#(date)","#
    try await accepts(Self.odd(members)) { (mirror) throws in
      let created = try mirror.strings("SELECT metadata_created FROM datasets WHERE id = 'd03'")
      #expect(created == [nil])
    }
  }

  // docs/contract.md wins: what is no date is NULL, and the year 1 is a date.
  @Test("50 the year 0001, and what leaves it in UTC")
  func row50FirstYear() async throws {
    let members =
      #""metadata_created": "0001-01-01T00:00:00+02:00", "issued": "0001-01-01", "#
      + #""modified": "0000-01-01","#
    try await accepts(Self.odd(members)) { (mirror) throws in
      let dates = try mirror.strings(
        "SELECT json_array(metadata_created, issued, modified) FROM datasets WHERE id = 'd03'")
      #expect(dates == [#"[null,"0001-01-01",null]"#])
    }
  }

  // docs/design.md wins over the table: a stamp that goes back is found by the census, at least daily.
  @Test("51 a stamp that goes back, and one from the future")
  func row51() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(FaultStory.record(3, title: "Golfhoogten", hour: 2))
        try $0.put(
          FaultStory.record(4, title: "Getijden").replacing("2026-05-01", with: "2099-05-01"))
      }
      story.mirror.advance(by: .seconds(86_401))

      let summary = try await story.harvest()

      #expect(summary.mode == .incremental)
      #expect(summary.exitStatus == .done)
      #expect(summary.tally.updated == 2)
      #expect(summary.checkpoint.map { $0 < "2099" } == true)
      let told = story.mirror.log.lines.filter { $0.reason == "clock_skew" }
      // One that lies ahead, one that went back.
      #expect(told.map(\.level) == [.notice, .notice])
      try await story.expectRecovery()
    }
  }

  @Test("52 our clock a year ahead, then a year back: told, and what was due then is due again")
  func row52() async throws {
    try await FaultStory.tell { story in
      func jumps() -> Int { story.mirror.log.reasons.count { $0 == "clock_jump" } }
      try await story.harvest()
      #expect(jumps() == 0)
      for (year, mode) in [(1, HarvestMode.full), (0, .full), (0, .incremental)] {
        let before = jumps()
        try story.portal.update {
          try $0.put(FaultStory.record(3, title: "Keer \(before)", hour: 10 + before))
        }
        let summary = try await story.harvest(ahead: .seconds(year * 365 * 86_400))

        #expect(summary.mode == mode)
        #expect(summary.exitStatus == .done)
        #expect(summary.tally.updated == 1)
        #expect(summary.tally.deleted == 0)
        #expect((jumps() > before) == (mode == .full))
      }
      try await story.expectRecovery()
    }
  }

  @Test("53 SQL, HTML, a formula, an escape and a bidi override in a title")
  func row53() async throws {
    let title = #"=1+1'); DROP TABLE datasets;--<script>\u001b[31m\u202e"#
    try await accepts(FaultStory.record(3, title: title, hour: 10)) { (mirror) throws in
      let stored = try mirror.strings("SELECT title FROM datasets WHERE id = 'd03'")
      #expect(stored == ["=1+1'); DROP TABLE datasets;--<script>\u{1b}[31m\u{202e}"])
    }
  }

  @Test("54 a dataset that becomes private, and comes back")
  func row54() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update {
        try $0.put(
          FaultStory.record(3, hour: 10).replacing(#""private": false"#, with: #""private": true"#))
      }
      let hidden = try await story.harvest()

      #expect(hidden.exitStatus == .done)
      #expect(hidden.tally.deleted == 1)
      #expect(
        try story.mirror.strings("SELECT reason FROM deleted_datasets") == ["not_authorized"])
      try story.portal.update { try $0.put(FaultStory.record(3, hour: 11)) }
      let back = try await story.harvest()
      #expect(back.tally.created == 1)
      try await story.expectRecovery()
    }
  }

  @Test("55 all touched: the rows follow, the feed stays quiet")
  func row55() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      let last = try story.mirror.lastChange()
      try story.portal.update { catalogue in
        for number in 0..<FaultStory.size {
          try catalogue.put(FaultStory.record(number, hour: 10))
        }
      }

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(touched: FaultStory.size))
      let told = story.mirror.log.lines.filter { $0.reason?.hasPrefix("mass_") == true }
      #expect(told.map(\.reason) == ["mass_touch"])
      #expect(told.map(\.level) == [.notice])
      #expect(try story.mirror.lastChange() == last)
      try await story.expectRecovery()
    }
  }

  @Test("56 all updated")
  func row56() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.portal.update { catalogue in
        for number in 0..<FaultStory.size {
          try catalogue.put(FaultStory.record(number, title: "Golfhoogten", hour: 10))
        }
      }

      let summary = try await story.harvest()

      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(updated: FaultStory.size))
      let told = story.mirror.log.lines.filter { $0.reason?.hasPrefix("mass_") == true }
      #expect(told.map(\.reason) == ["mass_update"])
      #expect(told.map(\.level) == [.notice])
      try await story.expectRecovery()
    }
  }

  @Test("57 pages are capped lower than they were, another version of CKAN")
  func row57() async throws {
    try await FaultStory.tell { story in
      try await story.harvest()
      try story.moveCatalogue()
      story.portal.settings.rowsCap = 4
      story.portal.settings.ckanVersion = "2.11.0"

      let summary = try await story.harvest(full: true)

      #expect(summary.exitStatus == .done)
      #expect(summary.tally == Tally(created: 1, updated: 1, unchanged: 38, deleted: 1))
      #expect(story.mirror.log.reasons.contains("rows_capped"))
      try await story.expectRecovery()
    }
  }

  @Test("58 a dataset that the index has lost and package_show has: it stays, explained")
  func row58() async throws {
    try await FaultStory.tell { story in
      let mirror = story.mirror
      try await story.harvest()
      story.portal.fail(.init(.indexHolds(datasets: FaultStory.size - 1)))

      let summary = try await story.harvest()

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .done)
      #expect(summary.tally.deleted == 0)
      #expect(try mirror.strings("SELECT state FROM absences") == ["active"])
      #expect(mirror.log.reasons.contains("index_lag"))
      story.portal.resetRequests()
      let quiet = try await story.harvest()
      #expect(quiet.exitStatus == .done)
      // The three of a quiet run, and the absent dataset by its id, the control, and its own word.
      #expect(story.portal.requests.count == 6)
      try await story.expectRecovery()
    }
  }
}
