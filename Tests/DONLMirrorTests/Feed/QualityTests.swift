import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The quality of records")
struct QualityTests {
  /// A record that lacks nothing, with one thing in it that is otherwise.
  private static func record(
    _ id: String, _ change: [String: Any?] = [:], resource: [String: Any?] = [:]
  ) throws
    -> String
  {
    let list = "http://publications.europa.eu/resource/authority/"
    let terms = "http://standaarden.overheid.nl/owms/terms/"
    var distribution: [String: Any] = [
      "id": "r", "name": "Bestand", "url": "https://example.org/x.csv", "size": 12,
      "download_url": ["https://example.org/x.csv"], "link_status": true,
      "format": list + "file-type/CSV",
      "mimetype": "https://www.iana.org/assignments/media-types/text/csv",
    ]
    for (key, value) in resource { distribution[key] = value }
    var record: [String: Any] = [
      "id": id, "name": id, "title": "Titel van \(id)", "notes": "Een beschrijving.",
      "state": "active",
      "authority": terms + "Utrecht_(gemeente)", "publisher": terms + "Utrecht_(gemeente)",
      "license_id": "http://creativecommons.org/publicdomain/zero/1.0/deed.nl",
      "access_rights": list + "access-right/PUBLIC", "frequency": list + "frequency/ANNUAL",
      "theme": [terms + "Bestuur"], "tags": [["name": "water"]],
      "spatial_scheme": [
        "http://standaarden.overheid.nl/owms/4.0/doc/waardelijsten/overheid.gemeente"
      ],
      "spatial_value": [terms + "Haarlem"], "temporal_start": "2026-01-01T00:00:00",
      "contact_point_email": "data@utrecht.example", "restrictions_statement": "Geen.",
      "high_value": "False",
      "issued": "2026-01-01T00:00:00", "modified": "2026-05-01T00:00:00",
      "metadata_created": "2026-01-01T00:00:00.000000",
      "metadata_modified": "2026-05-01T00:00:00.000000",
      "resources": [distribution],
    ]
    for (key, value) in change { record[key] = value }
    return String(
      decoding: try JSONSerialization.data(withJSONObject: record, options: .sortedKeys),
      as: UTF8.self)
  }

  private static var defects:
    [(check: String, field: String, change: [String: Any?], resource: [String: Any?])]
  {
    [
      ("no_description", "notes", ["notes": " \n"], [:]),
      ("no_keyword", "tags", ["tags": [Any]()], [:]),
      ("no_theme", "theme", ["theme": nil], [:]),
      ("no_area", "spatial_value", ["spatial_value": nil, "spatial_scheme": nil], [:]),
      ("no_period", "temporal_start", ["temporal_start": nil], [:]),
      ("dead_link", "link_status", [:], ["link_status": "False"]),
      ("dead_link", "link_status", [:], ["link_status": false]),
      ("no_download_url", "download_url", [:], ["download_url": nil]),
      ("no_format", "format", [:], ["format": ""]),
      ("no_media_type", "mimetype", [:], ["mimetype": nil]),
      ("unlisted_format", "format", [:], ["format": "csv"]),
      (
        "proprietary_format", "format", [:],
        ["format": "http://publications.europa.eu/resource/authority/file-type/SHP"]
      ),
      (
        "not_machine_readable", "format", [:],
        ["format": "http://publications.europa.eu/resource/authority/file-type/PDF"]
      ),
      ("no_license", "license_id", ["license_id": nil], [:]),
      ("unlisted_license", "license_id", ["license_id": "http://example.org/mine"], [:]),
      ("no_access_rights", "access_rights", ["access_rights": nil], [:]),
      (
        "unlisted_access_rights", "access_rights", ["access_rights": "http://example.org/mine"], [:]
      ),
      ("no_contact", "contact_point_email", ["contact_point_email": ""], [:]),
      ("no_publisher", "publisher", ["publisher": nil], [:]),
      ("no_rights", "restrictions_statement", ["restrictions_statement": nil], [:]),
      ("no_size", "size", [:], ["size": nil]),
      ("no_issued", "issued", ["issued": "later"], [:]),
      ("no_modified", "modified", ["modified": nil], [:]),
      ("overdue", "modified", ["modified": "2024-01-01T00:00:00"], [:]),
      ("no_api", "high_value", ["high_value": "True"], [:]),
      ("duplicate_title", "title", ["title": "Titel van good"], [:]),
      ("stale_display_name", "license_id", ["license_title": "Oude naam"], [:]),
      ("malformed_uri", "documentation", ["documentation": ["zie de website"]], [:]),
      ("unlisted_uri", "frequency", ["frequency": "http://example.org/mine"], [:]),
    ]
  }

  @Test("has a record that fails each check, and one that passes them all")
  func checks() async throws {
    let mirror = try Mirror()
    var catalogue = Catalogue.sample(day: 1)
    for id in catalogue.recordsByID.keys { catalogue.delete(id) }
    try catalogue.put(Self.record("good"))
    for (number, defect) in Self.defects.enumerated() {
      try catalogue.put(Self.record("bad-\(number)", defect.change, resource: defect.resource))
    }
    try await SamplePortal.run(catalogue) { portal in
      _ = try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
    }
    let found = try mirror.rows(
      #"SELECT dataset_id, "check", field, resource_position FROM findings"#)
    let pairs = found.map {
      ($0[0].description.filter { $0 != "\"" }, $0[1].description.filter { $0 != "\"" }, $0)
    }
    for (number, defect) in Self.defects.enumerated() {
      let own = pairs.filter { $0.0 == "bad-\(number)" }
      let same = own.first { $0.1 == defect.check }
      #expect(same != nil, "\(defect.check): \(own.map(\.1))")
      #expect(String.fromDatabaseValue(same?.2[2] ?? .null) == defect.field, "\(defect.check)")
      // What else a defect brings along is another name for it.
      let others = Set(own.map(\.1)).subtracting([defect.check, "unlisted_uri", "malformed_uri"])
      #expect(others == [], "\(defect.check)")
    }
    #expect(pairs.filter { $0.0 == "good" }.map(\.1) == ["duplicate_title"])
    let names = try mirror.strings(#"SELECT "check" FROM checks ORDER BY 1"#).compactMap(\.self)
    #expect(Set(Self.defects.map(\.check)) == Set(names))
    #expect(try mirror.count("SELECT sum(points) FROM checks") == 405)

    let owners = try mirror.rows(
      "SELECT datasets, points, no_theme, dead_link FROM quality_by_owner")
    #expect(owners.count == 1)
    #expect(owners[0][0] == 30.databaseValue)
    #expect(owners[0][2] == 1.databaseValue)
    #expect(owners[0][3] == 2.databaseValue)
    // 405 points less those of each check by the share that fails it.
    let lost = try mirror.query { db in
      try Double.fetchOne(
        db,
        sql: #"""
          SELECT sum(c.points * n.datasets / 30.0) FROM checks c
          JOIN (SELECT "check", count(DISTINCT dataset_id) AS datasets FROM findings GROUP BY 1) n
            ON n."check" = c."check"
          """#) ?? 0
    }
    let points = Double.fromDatabaseValue(owners[0][1]) ?? 0
    #expect(abs(points - (405 - lost)) < 0.001)
  }

  @Test("is kept by owner, on days when it changed")
  func trend() async throws {
    let mirror = try Mirror()
    var settings = SamplePortal.Settings()
    settings.now = { mirror.now }
    try await SamplePortal.run(.sample(day: 1), settings: settings) { portal in
      func days() throws -> Int {
        try mirror.count("SELECT count(DISTINCT day) FROM quality_over_time")
      }
      try await mirror.harvest(portal)
      #expect(try days() == 0)
      mirror.advance(by: .seconds(60))
      try await mirror.harvest(portal)
      #expect(try days() == 0)
      mirror.advance(by: .seconds(86_400))
      try await mirror.harvest(portal)
      #expect(try days() == 1)
      let owners = try mirror.count("SELECT count(*) FROM quality_by_owner")
      #expect(try mirror.count("SELECT count(*) FROM quality_over_time") == owners)
      let rows = "SELECT count(*) FROM quality_over_time"
      mirror.advance(by: .seconds(60))
      try await mirror.harvest(portal)
      #expect(try mirror.count(rows) == owners)
      mirror.advance(by: .seconds(86_400))
      portal.update { catalogue in
        catalogue = .sample(day: 2)
      }
      try await mirror.harvest(portal)
      let now = try mirror.count(rows)
      #expect(try days() == 2)
      #expect(now > owners && now < 2 * owners)
      let last = """
        SELECT count(*) FROM quality_by_owner q JOIN quality_over_time t ON t.owner = coalesce(q.owner, '')
        WHERE t.day = (SELECT max(day) FROM quality_over_time l WHERE l.owner = t.owner)
          AND t.datasets = q.datasets AND abs(t.points - q.points) < 0.06
        """
      #expect(try mirror.count(last) == mirror.count("SELECT count(*) FROM quality_by_owner"))
    }
  }

  /// Counted anew from the records by rules of their own.
  @Test(
    "adds up on the real register as an independent count of its records does",
    .enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func register() async throws {
    let mirror = try Mirror()
    let catalogue = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    try await SamplePortal.run(catalogue) { portal in _ = try await mirror.harvest(portal) }
    func text(_ value: Any?) -> String {
      (value as? String ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var counts: [String: Int] = [:]
    var titles: [String: Int] = [:]
    var owners: [String] = []
    for json in catalogue.recordsByID.values {
      let record = try #require(
        JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      var extras: [String: String] = [:]
      for extra in record["extras"] as? [[String: Any]] ?? [] {
        extras[extra["key"] as? String ?? ""] = text(extra["value"])
      }
      func field(_ names: String...) -> String {
        names.map { text(record[$0]).isEmpty ? extras[$0] ?? "" : text(record[$0]) }.first {
          !$0.isEmpty
        } ?? ""
      }
      let resources = record["resources"] as? [[String: Any]] ?? []
      func count(_ check: String, _ isMissing: Bool) {
        counts[check, default: 0] += isMissing ? 1 : 0
      }
      count("no_description", text(record["notes"]).isEmpty)
      count("no_keyword", (record["tags"] as? [Any] ?? []).isEmpty)
      count("no_license", field("license_id").isEmpty)
      count(
        "no_period",
        field("temporal_start", "temporal_from").isEmpty
          && field("temporal_end", "temporal_to").isEmpty)
      count(
        "no_rights", field("restrictions_statement", "access_restrictions_reuse", "rights").isEmpty)
      count(
        "no_contact",
        field(
          "contact_point_email", "contact_point_phone", "contact_point_name", "contact_point",
          "maintainer_email",
          "author_email", "contact_point_website"
        ).isEmpty)
      counts["no_format", default: 0] += resources.count { text($0["format"]).isEmpty } > 0 ? 1 : 0
      let owner = field("authority", "maintainer")
      let key =
        (owner.isEmpty ? text(record["owner_org"]) : owner) + "\u{0}"
        + (record["title"] as? String ?? "")
      titles[key, default: 0] += 1
      owners.append(key)
    }
    counts["duplicate_title"] = owners.count { (titles[$0] ?? 0) > 1 }
    for (check, expected) in counts {
      let found = try mirror.count(
        #"SELECT count(DISTINCT dataset_id) FROM findings WHERE "check" = ?"#, [check])
      #expect(found == expected, "\(check)")
    }
    #expect(counts.values.reduce(0, +) > 1000)
  }
}

extension CommandLineTests {
  @Suite("report")
  struct ReportTests {
    @Test("tells the checks, the owners and their trend, and lists what is to be done")
    func report() async throws {
      let bench = try Workbench()
      for day in [1, 2] {
        #expect(
          try await bench.run("harvest", "--sample", "--sample-day", "\(day)", "--db", "m.db").code
            == 0)
      }
      let report = try await bench.run("report", "--db", "m.db", "--lang", "en")
      #expect(report.code == 0)
      #expect(report.output.contains("No description"))
      #expect(report.output.contains("and 13 more with more points"))
      let one = try await bench.run("report", "--db", "m.db", "--owner", "gemeente delft")
      #expect(one.output.contains("Gemeente Delft"))
      #expect(try await bench.run("report", "--db", "m.db", "--owner", "nobody").code == 66)
      let json = try await bench.run("report", "--db", "m.db", "--json")
      let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      #expect((object?["checks"] as? [Any])?.count == 28)
      let csv = try await bench.run("report", "--db", "m.db", "--csv", "--check", "no_description")
      let rows = try CSVReader.rows(of: csv.output)
      #expect(rows.count == 2)
      #expect(rows[1].cells[4] == "no_description")
      let wrong = try await bench.run("report", "--db", "m.db", "--csv", "--check", "no_descripton")
      #expect(wrong.code == 64)
      #expect(wrong.errors.contains("Did you mean no_description?"))
    }
  }
}
