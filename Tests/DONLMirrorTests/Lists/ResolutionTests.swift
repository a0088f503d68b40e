import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("A value of a URI-valued field")
struct ResolutionTests {
  static let terms = "http://standaarden.overheid.nl/owms/terms/"
  static let schemes = "http://standaarden.overheid.nl/owms/4.0/doc/"
  static let municipality = schemes + "waardelijsten/overheid.gemeente"
  static let province = schemes + "waardelijsten/overheid.provincie"
  static let point = schemes + "syntax-codeerschemas/overheid.epsg28992"
  static let postcode = schemes + "syntax-codeerschemas/overheid.postcodehuisnummer"
  static let torn = terms + "Nuenen,_Gerwen_en_Nederwetten"

  /// Harvests these datasets, the lists of the sample and `lists` with them.
  private func mirrored(
    _ entries: [Entry], lists: [String: String] = [:],
    _ tell: nonisolated(nonsending) (Mirror, SamplePortal) async throws -> Void
  ) async throws {
    let mirror = try Mirror()
    var catalogue = Catalogue.sample(day: 1)
    for id in catalogue.records.map(\.id) { catalogue.purge(id) }
    for entry in entries { catalogue.put(entry) }
    for (file, json) in lists { catalogue[list: file] = PublishedList(json) }
    try await SamplePortal.run(catalogue) { portal in
      try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
      try await tell(mirror, portal)
    }
  }

  private func spatial(_ schemes: [String], _ values: [String]) throws -> String {
    try #", "spatial_scheme": \#(jsonArray(schemes)), "spatial_value": \#(jsonArray(values))"#
  }

  /// `position value label standing` of a field, in the order of the positions.
  private func values(_ field: String, of mirror: Mirror) throws -> [String?] {
    try mirror.strings(
      """
      SELECT position || ' ' || replace(value, '\(Self.terms)', '') || ' '
        || coalesce(label_nl, '-') || ' ' || standing
      FROM uri_values WHERE field = ? ORDER BY dataset_id, position
      """, [field])
  }

  @Test("is there for every field that holds URIs")
  func everyField() async throws {
    let record = String(decoding: try fixture("every-uri-field.json"), as: UTF8.self)
    let mirror = try Mirror()
    let catalogue = try Catalogue(records: [record.replacing("\n", with: " ")])
    _ = try await SamplePortal.run(catalogue) { try await mirror.harvest($0) }
    let missing = try mirror.strings(
      """
      SELECT entity || '.' || field FROM fields f
      WHERE kind LIKE 'uri%' AND NOT EXISTS (
        SELECT 1 FROM uri_values u
        WHERE u.field = f.field AND (u.resource_position IS NULL) = (f.entity = 'dataset'))
      """)

    #expect(missing == [])
    #expect(try mirror.count("SELECT count(*) FROM fields WHERE kind LIKE 'uri%'") > 50)
  }

  @Test("has the label of the list of its field, though another list has another")
  func twoLists() async throws {
    let rest =
      try #", "publisher": "\#(Self.terms)'s-Gravenhage""#
      + spatial([Self.municipality], [Self.terms + "'s-Gravenhage"])
    try await mirrored([Entry("a", rest: rest)]) { mirror, _ async throws in
      #expect(
        try values("publisher", of: mirror) == ["0 's-Gravenhage Gemeente 's-Gravenhage listed"])
      #expect(
        try values("spatial_value", of: mirror) == ["0 's-Gravenhage 's-Gravenhage listed"])
    }
  }

  @Test("of a resource has no label of a list that is not its field's")
  func otherList() async throws {
    let uri = "urn:x:een"
    func list(_ label: String) -> String {
      #"{"\#(uri)": {"labels": {"nl-NL": "\#(label)", "en-US": "\#(label)"}}}"#
    }
    var entry = Entry("a", resources: [])
    entry.rest = """
      , "resources": [{"url": "http://x", "language": ["\(uri)"], "format": "\(uri)",
      "status": "\(uri)"}]
      """.replacing("\n", with: " ")
    let lists = [
      "donl_language.json": list("taal"), "mdr_filetype_nal.json": list("bestand"),
    ]
    try await mirrored([entry], lists: lists) { mirror, _ async throws in
      #expect(try values("language", of: mirror) == ["0 urn:x:een taal listed"])
      #expect(try values("format", of: mirror) == ["0 urn:x:een bestand listed"])
      #expect(try values("status", of: mirror) == ["0 urn:x:een - unlisted"])
    }
  }

  @Test("that was torn is one again, and the schemes pair with what is joined")
  func torn() async throws {
    let pieces = [Self.terms + "Nuenen", "_Gerwen_en_Nederwetten"]
    let rest = try spatial(
      [Self.province, Self.municipality, Self.postcode, Self.municipality],
      [Self.terms + "Drenthe"] + pieces + ["1011PN1"] + pieces)
    try await mirrored([Entry("a", rest: rest)]) { mirror, _ async throws in
      #expect(
        try values("spatial_value", of: mirror) == [
          "0 Drenthe Drenthe listed",
          "1 Nuenen,_Gerwen_en_Nederwetten Nuenen, Gerwen en Nederwetten listed",
          "3 1011PN1 - code",
          "4 Nuenen,_Gerwen_en_Nederwetten Nuenen, Gerwen en Nederwetten listed",
        ])
      #expect(
        try mirror.strings(
          "SELECT uri FROM uri_values WHERE field = 'spatial_value' AND position = 1")
          == [Self.torn])
      #expect(try mirror.count("SELECT count(*) FROM malformed_uris") == 2, "the formats")
      #expect(try mirror.records()["a"]?.contains(#""_Gerwen_en_Nederwetten""#) == true)
    }
  }

  @Test("that was torn in three is joined, and the longest that the list has counts")
  func three() async throws {
    let list = """
      {"urn:x:een": {"labels": {"nl-NL": "een", "en-US": "one"}},
       "urn:x:een,twee": {"labels": {"nl-NL": "twee", "en-US": "two"}},
       "urn:x:een,twee,drie": {"labels": {"nl-NL": "drie", "en-US": "three"}}}
      """
    func themes(_ values: [String]) throws -> String { #", "theme": \#(try jsonArray(values))"# }
    try await mirrored(
      [
        Entry("a", rest: try themes(["urn:x:een", "twee", "drie", "urn:x:een"])),
        Entry("b", rest: try themes(["urn:x:een", "twee"])),
        Entry("c", rest: try themes(["urn:x:een", "drie"])),
        Entry("d", rest: #", "theme": "{\"urn:x:een,twee\",urn:x:een,twee}""#),
      ], lists: ["overheid_taxonomiebeleidsagenda.json": list]
    ) { mirror, _ async throws in
      #expect(
        try values("theme", of: mirror) == [
          "0 urn:x:een,twee,drie drie listed", "3 urn:x:een een listed",
          "0 urn:x:een,twee twee listed",
          "0 urn:x:een een listed", "1 drie - malformed",
          "0 urn:x:een,twee twee listed", "1 urn:x:een,twee twee listed",
        ])
    }
  }

  @Test("of a resource that was torn is joined as well")
  func tornOnResource() async throws {
    let list = #"{"urn:x:a,b": {"labels": {"nl-NL": "ab", "en-US": "ab"}}}"#
    var entry = Entry("a", resources: [])
    entry.rest = #", "resources": [{"url": "http://x", "language": ["urn:x:a", "b", "c"]}]"#
    try await mirrored([entry], lists: ["donl_language.json": list]) { mirror, _ async throws in
      #expect(
        try values("language", of: mirror) == ["0 urn:x:a,b ab listed", "2 c - malformed"])
    }
  }

  @Test(
    "is a code where its scheme has no list, and malformed where the form is not that of the scheme"
  )
  func codes() async throws {
    let good = [
      (Self.point, "123456 654321"), (Self.point, "123456.789 654321.123"),
      (Self.postcode, "1011"), (Self.postcode, "1011PN"), (Self.postcode, "1011PN12-a"),
    ]
    let bad = [
      (Self.point, "123456"), (Self.point, "123456  654321"), (Self.point, "1234567 654321"),
      (Self.point, "http://x"), (Self.postcode, "0011"), (Self.postcode, "1011pn"),
      (Self.postcode, "1011PNx"), (Self.postcode, "1011PN1 a"),
    ]
    let all = good + bad
    try await mirrored([Entry("a", rest: try spatial(all.map(\.0), all.map(\.1)))]) {
      mirror, _ async throws in
      let standings = try mirror.strings(
        "SELECT standing FROM uri_values WHERE field = 'spatial_value' ORDER BY position")
      #expect(
        standings
          == Array(repeating: "code", count: good.count)
          + Array(repeating: "malformed", count: bad.count))
      #expect(
        try mirror.count("SELECT count(*) FROM unlisted_uris WHERE field = 'spatial_value'") == 0)
    }
  }

  @Test("is never malformed when its list has it")
  func oddKeys() async throws {
    let odd = "http://data.overheid.nl/organisatie/Stichting IPSE Studies"
    let rest = #", "changetype": ":created", "publisher": "\#(odd)", "source_catalog": "geen""#
    try await mirrored([Entry("a", rest: rest)]) { mirror, _ async throws in
      #expect(
        try mirror.strings("SELECT field FROM malformed_uris ORDER BY 1")
          == ["format", "format", "source_catalog"])
      #expect(
        try mirror.count(
          "SELECT count(label_nl) FROM uri_values WHERE field IN ('changetype', 'publisher')") == 2)
    }
  }

  @Test("that has left its list is unlisted and keeps its label")
  func removed() async throws {
    let gone = Self.terms + "Haaren"
    let entry = Entry("a", rest: try spatial([Self.municipality], [gone]))
    try await mirrored([entry]) { mirror, portal in
      #expect(try mirror.count("SELECT count(*) FROM unlisted_uris WHERE value = ?", [gone]) == 0)
      let tomorrow = Catalogue.sample(day: 2)
      let file = "overheid_spatial_gemeente.json"
      portal.update { $0[list: file] = tomorrow[list: file] }
      mirror.advance(by: .seconds(90_000))
      try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }

      #expect(
        try mirror.strings("SELECT label_nl FROM unlisted_uris WHERE value = ?", [gone])
          == ["Haaren"])
      #expect(try values("spatial_value", of: mirror) == ["0 Haaren Haaren removed"])
    }
  }

  @Test("follows a corrected list and a corrected field table without another harvest")
  func corrections() async throws {
    let rest = #", "publisher": "\#(Self.terms)'s-Gravenhage""#
    try await mirrored([Entry("a", rest: rest)]) { mirror, _ async throws in
      let store = try Store(path: mirror.path)
      let list = ValueList(name: "DONL:Organization", url: "http://example.org/")
      let hague = Concept(uri: Self.terms + "'s-Gravenhage", labelNL: "Den Haag")
      _ = try store.replace(list, with: [hague], ListValidators(), at: Timestamp.text(Date()))
      #expect(try values("publisher", of: mirror) == ["0 's-Gravenhage Den Haag listed"])
      let fields = try FieldTable.standard().fields.map { field in
        var field = field
        if field.name == "publisher" { field.valueList = "Overheid:Provincie" }
        return field
      }
      let source = try #require(try mirror.meta("source"))
      try store.claim(source, rebinding: false, fields: FieldTable(fields: fields))
      try store.close()
      #expect(try values("publisher", of: mirror) == ["0 's-Gravenhage - unlisted"])
    }
  }

  @Test(
    "is there after the field table has learnt that its field holds URIs, without another harvest")
  func learnt() async throws {
    let mirror = try Mirror()
    let table = try String(
      contentsOfFile: ConfigFileTests.projectRoot + "/config/fields.csv", encoding: .utf8)
    let lines = table.split(separator: "\n").filter { !$0.contains("changetype") }
    let before = try FieldTable(csv: lines.joined(separator: "\n"))
    let rest = #", "changetype": ":created", "theme": "http://x""#
    try await SamplePortal.run(try Catalogue([Entry("a", rest: rest)])) { portal in
      try await mirror.harvest(portal)
      let changes = try mirror.lastChange()
      let store = try Store(path: mirror.path)
      try store.claim(portal.url, rebinding: true, fields: before)
      #expect(try mirror.count("SELECT count(*) FROM uri_values WHERE field = 'changetype'") == 0)
      #expect(try mirror.count("SELECT count(*) FROM extras WHERE key = 'changetype'") == 1)

      try store.claim(portal.url, rebinding: true, fields: .standard())
      try store.close()
      #expect(try mirror.count("SELECT count(*) FROM uri_values WHERE field = 'changetype'") == 1)
      #expect(try mirror.count("SELECT count(*) FROM extras WHERE key = 'changetype'") == 0)
      #expect(try mirror.lastChange() == changes)
      #expect(try MirrorReader(path: mirror.path).check().flatMap(\.examples) == [])
    }
  }

  @Test("has no label, and is on no list of missing ones, before its list was ever fetched")
  func offline() async throws {
    try await story([Entry("a")]) { mirror, portal in
      try await mirror.harvest(portal)

      #expect(
        try mirror.strings("SELECT DISTINCT standing FROM uri_values WHERE field = 'authority'")
          == ["unchecked"])
      #expect(try mirror.count("SELECT count(*) FROM uri_values WHERE label_nl IS NOT NULL") == 0)
      #expect(try mirror.count("SELECT count(*) FROM unlisted_uris") == 0)
      #expect(
        try mirror.strings(
          "SELECT entries FROM value_list_usage WHERE value_list = 'DONL:Organization'") == [nil])
    }
  }

  @Test("is found by indexes for one dataset")
  func plans() async throws {
    try await mirrored(Entry.row(300)) { mirror, _ async throws in
      for sql in [
        "SELECT * FROM uri_values WHERE dataset_id = '0007'",
        "SELECT themes_nl FROM labeled_datasets WHERE id = '0007'",
      ] {
        let plan = try mirror.query { db in
          try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
        }
        #expect(!plan.contains { $0.prefixMatch(of: /SCAN d( |$)/) != nil }, "\(sql)")
        #expect(
          plan.contains { $0.hasPrefix("SEARCH u USING PRIMARY KEY (dataset=?") }, "\(sql)")
      }
    }
  }
}
