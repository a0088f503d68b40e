import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// FIELD-FAULTS.md, section C: values that come out wrong.
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
}
