import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, section C of the field: values that come out wrong.
@Suite("Values in the field")
struct FieldValueTests {
  /// Harvests one dataset with these members.
  private static func harvested(
    _ rest: String, _ tell: (Mirror) throws -> Void
  ) async throws {
    try await story([Entry("0001", rest: rest)]) { mirror, portal in
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      try tell(mirror)
    }
  }

  @Test(
    "C1 text in braces or brackets that is no list is one value, as sent",
    arguments: [
      #"{"affiliation": "", "email": "a@example.org", "name": "Jansen"}"#, #"{"name":"Depot"}"#,
      #"[{"affiliation": "A", "name": "Jansen"}]"#, #"{'name': 'Depot', 'url': None}"#,
      #"{"type": "Point", "coordinates": [4.9, 52.4]}"#, "{Jansen, An}", "{{naam}}",
      #"{\rm x}"#, "[zie noot]", "[1] eerste, [2] tweede", "[2015]", #"{"a"b}"#, #"{a"b"}"#,
    ])
  func textInBraces(text: String) async throws {
    let json = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    try await Self.harvested(", \"maintainer\": \(json), \"publisher\": \(json)") { mirror in
      #expect(try mirror.strings("SELECT maintainer FROM datasets") == [text])
      #expect(try mirror.strings("SELECT publisher FROM datasets") == [text])
      let values = try mirror.strings("SELECT value FROM uri_values WHERE field = 'publisher'")
      #expect(values == [text])
    }
  }

  @Test(
    "C1 what PostgreSQL and JSON write as a list stays one",
    arguments: [
      (
        #"{"http://a.example/x","http://a.example/y, z"}"#,
        ["http://a.example/x", "http://a.example/y, z"]
      ),
      ("{http://a.example/x,http://a.example/y}", ["http://a.example/x", "http://a.example/y"]),
      (
        #"["http://a.example/x", "http://a.example/y"]"#,
        ["http://a.example/x", "http://a.example/y"]
      ),
    ])
  func lists(text: String, values: [String]) async throws {
    let json = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    try await Self.harvested(", \"theme\": \(json)") { mirror in
      let found = try mirror.strings(
        "SELECT value FROM uri_values WHERE field = 'theme' ORDER BY position")
      #expect(found == values)
    }
  }

  @Test("C2 the portal's own list of organizations is read as the copies in records are")
  func organizationList() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      portal.intercept { request, _ in
        guard request.action == "organization_list" else { return nil }
        guard request["offset"] == "0" else {
          return .respond(status: 200, body: #"{"success": true, "result": []}"#)
        }
        return .respond(
          status: 200,
          body: #"""
            {"success": true, "result": [
              {"id": "org", "name": "utrecht", "title": null, "created": "2019-10-01T08:00:00.123456"},
              {"id": "nul", "name": "nul", "title": "Or\u0000g", "created": "2019-10-01T08:00:00"},
              {"id": "map", "title": {"nl": "Kaart", "en": "Map"}, "created": "gisteren"},
              {"id": "nan", "title": "Getal", "package_count": NaN},
              {"id": "broken", "title": "Half\ud800"}, {"name": "no id"}, 7,
              {"id": "shown", "display_name": "Getoond"}]}
            """#)
      }
      try await mirror.harvest(portal)

      let rows = try mirror.rows("SELECT id, title, created FROM organizations ORDER BY id")
      #expect(
        rows.map { $0.map { String.fromDatabaseValue($0) } } == [
          ["broken", "Half\u{FFFD}", nil], ["map", "Kaart", nil], ["nan", "Getal", nil],
          ["nul", "Or\u{FFFD}g", "2019-10-01T08:00:00.000000Z"],
          ["org", "Utrecht", "2019-10-01T08:00:00.123456Z"], ["shown", "Getoond", nil],
        ])
      #expect(
        try mirror.count("SELECT count(*) FROM organizations WHERE instr(title, char(0))") == 0)
    }
  }

  @Test(
    "C2 a list that cannot be served at once is asked in smaller pieces", arguments: [413, 500])
  func organizationListInPieces(status: Int) async throws {
    let entries = (0..<40).map { number in
      Entry(
        Entry.id(number), hour: number,
        rest: #", "owner_org": "o\#(number)", "organization": {"id": "o\#(number)", "#
          + #""name": "org-\#(number)", "title": "Organisatie \#(number)"}"#)
    }
    try await story(entries) { mirror, portal in
      portal.intercept { request, _ in
        guard request.action == "organization_list" else { return nil }
        return Int(request["limit"] ?? "") ?? 25 > 6
          ? .respond(status: status, body: "<html>Te groot</html>") : nil
      }
      try await mirror.harvest(portal)

      let listed = try mirror.count("SELECT count(*) FROM organizations WHERE is_listed = 1")
      #expect(listed >= 40)
    }
  }

  @Test("C2 the schema refuses a stamp that is none")
  func stamps() async throws {
    try await story(Entry.row(1)) { mirror, portal in
      try await mirror.harvest(portal)

      for sql in [
        "UPDATE organizations SET created = '2019-10-01T08:00:00.123456'",
        "UPDATE all_datasets SET metadata_modified = '2019-10-01'",
        "UPDATE resource_rows SET created = 'gisteren'",
      ] {
        #expect(throws: DatabaseError.self) { try mirror.tamper(sql) }
      }
    }
  }

  @Test(
    "C3 NaN and Infinity cost their value and not the record",
    arguments: [
      #", "score": NaN"#, #", "score": -Infinity"#,
      #", "extras": [{"key": "q", "value": Infinity}]"#,
      #", "list": [1, NaN, {"x": Infinity}]"#,
    ])
  func notANumber(rest: String) async throws {
    try await Self.harvested(rest) { mirror in
      #expect(try mirror.strings("SELECT title FROM datasets") == ["Title of 0001"])
      #expect(try mirror.count("SELECT is_repaired FROM datasets") == 1)
      #expect(try mirror.count("SELECT count(*) FROM rejections") == 0)
      let record = try mirror.strings("SELECT json FROM records").first
      #expect(record == Entry("0001", rest: rest).json)
      #expect(mirror.log.lines.first { $0.reason == "not_a_number" }?.metadata["dataset"] == "0001")
    }
  }

  @Test("C3 a number that is none is as good as null to the hash")
  func hashOfNotANumber() throws {
    let hashes = try ["NaN", "null", "Infinity"].map { value in
      try ContentHash.hash(of: Array(#"{"id": "a", "score": \#(value)}"#.utf8))
    }
    #expect(Set(hashes).count == 1)
    #expect(throws: JSONFault.self) {
      try ContentHash.hash(of: Array(#"{"id": "a", "score": nan}"#.utf8))
    }
  }

  // MARK: - C4

  /// Twenty datasets with a counter in the record, in a resource and in an extra.
  private static func counted(day: Int, titled: Int = 0) -> [Entry] {
    (0..<20).map { number in
      var entry = Entry(
        Entry.id(number), title: number < titled ? "Other" : nil,
        rest: """
          , "total_res_downloads": \(1000 + number * day), "pageviews_last_14_days": \(day), \
          "extras": [{"key": "views", "value": "\(day)"}, {"key": "kept", "value": "1"}]
          """)
      entry.resourceIDs = ["r-\(day)"]
      return entry
    }
  }

  private static let counters = ["extras.views", "pageviews_last_14_days", "total_res_downloads"]

  @Test("C4 counters that a setting names are stored and are no update; the rest is")
  func counters() async throws {
    try await story(Self.counted(day: 1)) { mirror, portal in
      let change: @Sendable (inout HarvestJob) -> Void = {
        $0.settings.portal.churnKeys = Self.counters
        $0.isFull = true
      }
      try await mirror.harvest(portal, change)
      let last = try mirror.lastChange()
      portal.update { catalogue in
        for entry in Self.counted(day: 2) { catalogue.put(entry) }
      }
      let quiet = try await mirror.harvest(portal, change)
      #expect(quiet.tally == Tally(touched: 20))
      #expect(try mirror.lastChange() == last)
      #expect(!mirror.log.reasons.contains("churning_key"))
      // The rows follow the portal.
      #expect(
        try mirror.count(
          "SELECT count(*) FROM records WHERE json_extract(json, '$.pageviews_last_14_days') = 2")
          == 20)

      portal.update { catalogue in
        for entry in Self.counted(day: 3, titled: 4) { catalogue.put(entry) }
      }
      #expect(try await mirror.harvest(portal, change).tally == Tally(updated: 4, touched: 16))
      #expect(
        Set(try mirror.strings("SELECT changed_fields FROM changes WHERE kind = 'update'"))
          == [#"["title"]"#])
      #expect(try Self.problems(of: mirror) == [])
    }
  }

  @Test("C4 naming and forgetting a key hashes the records again, without a change in the feed")
  func hashedAgain() async throws {
    try await story(Self.counted(day: 1)) { mirror, portal in
      try await mirror.harvest(portal)
      let last = try mirror.lastChange()
      let epoch = try mirror.meta("epoch")
      #expect(try mirror.meta("hash_version") == "1")
      portal.update { $0.delete(Entry.id(7)) }
      try await mirror.harvest(portal) { $0.isFull = true }
      let kinds = ["delete 0007"]
      for (day, keys) in [
        (2, Self.counters), (3, Self.counters), (3, Array(Self.counters.dropLast())),
      ] {
        portal.update { catalogue in
          for entry in Self.counted(day: day) where entry.id != Entry.id(7) { catalogue.put(entry) }
        }
        try await mirror.harvest(portal) {
          $0.settings.portal.churnKeys = keys.reversed()
          $0.isFull = true
        }
        #expect(try mirror.feed(after: last) == kinds, "\(day) \(keys)")
        #expect(try mirror.meta("hash_version") == "1+" + keys.joined(separator: ","))
        #expect(try Self.problems(of: mirror) == [], "\(day) \(keys)")
      }
      // Another field table reads the records again, and leaves their hashes as they are.
      try mirror.tamper(
        "DELETE FROM fields WHERE field = 'title'; DELETE FROM meta WHERE key = 'field_table'")
      portal.update { catalogue in
        for entry in Self.counted(day: 4) where entry.id != Entry.id(7) { catalogue.put(entry) }
      }
      try await mirror.harvest(portal) {
        $0.settings.portal.churnKeys = Self.counters
        $0.isFull = true
      }
      #expect(try mirror.feed(after: last) == kinds)
      #expect(try Self.problems(of: mirror) == [])
      // Without the setting it is as it was: what was stored since is what counts.
      try await mirror.harvest(portal) { $0.isFull = true }
      #expect(try mirror.feed(after: last) == kinds)
      #expect(try mirror.meta("hash_version") == "1")
      #expect(try mirror.meta("epoch") == epoch)
      #expect(try Self.problems(of: mirror) == [])
      let hashes = try mirror.rows(
        "SELECT d.content_hash, r.json FROM datasets d JOIN records r ON r.dataset_id = d.id")
      for row in hashes {
        let record = String.fromDatabaseValue(row[1]) ?? ""
        #expect(
          String.fromDatabaseValue(row[0]) == (try ContentHash.hash(of: Array(record.utf8))))
      }
    }
  }

  @Test("C4 the log names the keys in which most datasets differ, and only those")
  func churningKeys() async throws {
    try await story(Self.counted(day: 1)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { catalogue in
        for entry in Self.counted(day: 2, titled: 3) { catalogue.put(entry) }
      }
      try await mirror.harvest(portal) { $0.isFull = true }
      let told = mirror.log.lines.filter { $0.reason == "churning_key" }
      // The first of the twenty has a counter less.
      #expect(
        told.map { $0.metadata["keys"] } == ["extras,pageviews_last_14_days,total_res_downloads"])
      #expect(told.first?.message.contains("17 of 20 datasets") == true, "\(told)")
      #expect(told.first?.message.contains("extras.KEY") == true, "\(told)")

      // A change of much else is no churn.
      portal.update { catalogue in
        for number in 0..<20 {
          catalogue.put(
            Entry(
              Entry.id(number), title: "New", resources: [], tags: ["x"], rest: ", \"notes\": \"n\""
            ))
        }
      }
      try await mirror.harvest(portal) { $0.isFull = true }
      #expect(mirror.log.lines.count { $0.reason == "churning_key" } == 1)
    }
  }

  @Test(
    "C4 real counters, of HDX",
    .enabled(if: SharedData.isPresent, "../shared/data is not there"))
  func realCounters() async throws {
    let days = try ["1", "2"].map { day in
      try SharedData.bytes("field/counters-day-\(day).jsonl").split(separator: 0x0A)
        .map { String(decoding: $0, as: UTF8.self) }
    }
    let mirror = try Mirror()
    try await SamplePortal.run(try Catalogue(records: days[0])) { portal in
      let change: @Sendable (inout HarvestJob) -> Void = {
        $0.settings.portal.churnKeys = ["pageviews_last_14_days", "total_res_downloads"]
        $0.isFull = true
      }
      try await mirror.harvest(portal, change)
      let second = try Catalogue(records: days[1])
      portal.update { $0 = second }
      let run = try await mirror.harvest(portal, change)
      #expect(run.tally == Tally(touched: days[0].count))
    }
  }

  @Test(
    "C4 what names no key is refused",
    arguments: ["id", "name", "a b", "a+b", "resources", "resources.", "extras.", "tags", "\u{9B}"])
  func badKeys(text: String) {
    #expect(throws: SettingsError.self) {
      try Settings.load(
        file: nil, environment: [:], overrides: ["portal.churn-keys": text],
        systemFile: "/nowhere")
    }
  }

  private static func problems(of mirror: Mirror) throws -> [String] {
    try MirrorReader(path: mirror.path).check().flatMap(\.examples)
  }
}
