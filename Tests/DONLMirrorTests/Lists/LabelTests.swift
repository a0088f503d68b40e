import SamplePortal
import Testing

@testable import DONLMirror

@Suite("What the lists say of the catalogue")
struct LabelTests {
  private static let terms = "http://standaarden.overheid.nl/owms/terms/"
  private static let freq = "http://publications.europa.eu/resource/authority/frequency/"

  private func mirrored(
    _ entries: [Entry], old: [Entry] = [], _ tell: (Mirror) throws -> Void
  ) async throws {
    let mirror = try Mirror()
    var catalogue = Catalogue.sample(day: 1)
    for id in catalogue.records.map(\.id) { catalogue.purge(id) }
    for entry in entries { catalogue.put(entry) }
    for entry in old { try catalogue.put(entry.json.replacing("\"authority\"", with: "\"x\"")) }
    try await SamplePortal.run(catalogue) { portal in
      _ = try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
    }
    try tell(mirror)
  }

  private func lines(_ sql: String, of mirror: Mirror) throws -> [String] {
    try mirror.strings("SELECT json_array(\(sql)").compactMap(\.self)
  }

  @Test("is the same of a dataset of DONL 1.0 and of one of DONL 1.1")
  func eras() async throws {
    let new = """
      , "publisher": "\(Self.terms)Rotterdam", "url": "http://x/1", "frequency": "\(Self.freq)DAILY",
      "temporal_start": "2020-01-01T00:00:00", "temporal_end": "2021-01-01T00:00:00",
      "theme": ["\(Self.terms)Weg_(thema)"], "source_catalog": "https://data.overheid.nl",
      "source": ["http://x/bron"], "dataset_status": "http://data.overheid.nl/status/beschikbaar",
      "authority": "\(Self.terms)Amsterdam"
      """
    let old = """
      , "maintainer": "\(Self.terms)Amsterdam", "author": "\(Self.terms)Rotterdam",
      "landingpage": "http://x/1", "accrual_periodicity": "\(Self.freq)DAILY",
      "temporal_from": "2020-01-01T00:00:00", "temporal_to": "2021-01-01T00:00:00",
      "theme": "\(Self.terms)Weg_(thema)", "source": "cbs"
      """
    try await mirrored([Entry("new", rest: new)], old: [Entry("old", rest: old)]) { mirror throws in
      let columns = """
        owner, owner_nl, publisher, publisher_nl, landing_page, frequency, period_start, period_end,
        themes_nl) FROM labeled_datasets
        """
      let found = try lines(columns + " ORDER BY id", of: mirror)
      #expect(found.count == 2)
      #expect(Set(found).count == 1, "\(found)")
      #expect(found[0].contains("\"Gemeente Amsterdam\""))
      #expect(
        try lines(
          "id, source_catalog, status_nl IS NULL) FROM labeled_datasets ORDER BY id", of: mirror)
          == [#"["new","https://data.overheid.nl",0]"#, #"["old","cbs",1]"#])
      let values = """
        SELECT dataset_id || ' ' || sent_as FROM field_values
        WHERE field = ? ORDER BY dataset_id, sent_as
        """
      #expect(try mirror.strings(values, ["authority"]) == ["new authority", "old maintainer"])
      #expect(
        try mirror.strings(values, ["temporal_end"]) == ["new temporal_end", "old temporal_to"])
      #expect(
        try mirror.strings(values, ["source_catalog"]) == ["new source_catalog", "old source"])
      #expect(try mirror.strings(values, ["source"]) == ["new source"])
    }
  }

  @Test("is found by what a field of DONL 1.0 became, and not by what it means now")
  func meaning() async throws {
    let uri = "https://data.overheid.nl"
    let list = [
      Entry("new", rest: #", "source_catalog": "\#(uri)""#),
      Entry("derived", rest: #", "source": ["\#(uri)"]"#),
      Entry(
        "old", rest: #", "source": "cbs", "accessibility": "publiek", "temporal_from": "1999""#),
    ]
    try await mirrored(list) { mirror throws in
      let reader = try MirrorReader(path: mirror.path)
      func found(_ field: String, _ value: String) throws -> [String] {
        try reader.search([], fields: [(field, value)]).map(\.id)
      }

      #expect(try found("source_catalog", uri) == ["new"])
      #expect(try found("source_catalog", "cbs") == ["old"])
      #expect(try found("source", uri) == ["derived"])
      #expect(try found("access_rights", "publiek") == ["old"])
      #expect(try found("temporal_start", "1999") == ["old"])
      #expect(try found("temporal_from", "1999") == ["old"])
    }
  }

  @Test("labels resources in both languages")
  func resources() async throws {
    var entry = Entry("a", resources: [])
    let csv = "http://publications.europa.eu/resource/authority/file-type/CSV"
    entry.rest = #", "resources": [{"url": "http://x", "format": "\#(csv)"}, {"format": "CSV"}]"#
    try await mirrored([entry]) { mirror throws in
      let found = try lines(
        "position, format, format_nl IS NULL) FROM labeled_resources ORDER BY position",
        of: mirror)
      #expect(
        found
          == [#"[0,"\#(csv)",0]"#, #"[1,"CSV",1]"#])
    }
  }

  @Test("counts a dataset once for each theme that stands above its own")
  func themes() async throws {
    let below = Self.terms + "Weg_(thema)"
    let list = [
      Entry("a", rest: #", "theme": ["\#(below)"]"#),
      Entry("b", rest: #", "theme": ["\#(below)", "\#(Self.terms)Verkeer_(thema)"]"#),
      Entry("c", rest: #", "theme": ["http://x/onbekend", "Binnenwateren"]"#),
    ]
    try await mirrored(list) { mirror throws in
      let path = try mirror.strings("SELECT path_nl FROM themes WHERE uri = ?", [below]).first
      #expect(path == "Verkeer | Weg")
      let found = try mirror.strings(
        """
        SELECT coalesce(label_nl, theme) || ' ' || dataset_id || ' ' || is_direct
        FROM theme_datasets ORDER BY 1
        """)
      #expect(
        found == ["Verkeer a 0", "Verkeer b 1", "Weg a 1", "Weg b 1", "http://x/onbekend c 1"])
    }
  }

  @Test("has an end where parents go round in a ring")
  func ring() async throws {
    try await mirrored([Entry("a", rest: #", "theme": "\#(Self.terms)Weg_(thema)""#)]) {
      mirror throws in
      try mirror.tamper(
        """
        UPDATE terms SET parent = '\(Self.terms)Weg_(thema)' WHERE value LIKE '%/Verkeer_(thema)'
        """)

      #expect(try mirror.count("SELECT count(*) FROM theme_datasets") == 2)
      #expect(try mirror.count("SELECT count(*) FROM themes WHERE path_nl IS NULL") == 0)
    }
  }

  @Test("finds display names that are stale, and none that are not")
  func stale() async throws {
    let weg = Self.terms + "Weg_(thema)"
    func theme(_ label: String) -> String {
      #", "theme": ["\#(weg)"], "theme_displayname": "\#(label)", "owner_org": "org""#
    }
    let license = #", "license_title": "CC-BY (oud)", "owner_org": "org""#
    let list = [
      Entry("a", rest: theme("Weg")), Entry("b", rest: theme("Verkeer | Weg")),
      Entry("c", rest: theme("Wegen en | weg")), Entry("d", rest: theme("Weg | Verkeer")),
      Entry("e", rest: theme("X|Weg")), Entry("f", rest: license),
    ]
    try await mirrored(list) { mirror throws in
      let names = "SELECT dataset_id || ' ' || field FROM stale_display_names ORDER BY 1"
      #expect(
        try mirror.strings(names) == ["c theme", "d theme", "e theme", "f license_id"])

      // A list that has dropped an entry says nothing of its name.
      try mirror.tamper(
        "UPDATE terms SET removed_at = first_seen, standing = 'removed' WHERE value = '\(weg)'")
      #expect(try mirror.strings(names) == ["f license_id"])
      try mirror.tamper(
        "UPDATE terms SET removed_at = NULL, standing = 'listed' WHERE value = '\(weg)'")

      try mirror.tamper(
        """
        UPDATE terms SET label_nl = 'Weg | Verkeer' WHERE value = '\(weg)';
        UPDATE organizations SET title = 'Gemeente Utrecht', is_listed = id = 'org'
        """)
      #expect(
        try mirror.strings(names) == [
          "a organization_title", "a theme", "b organization_title", "b theme",
          "c organization_title", "c theme", "d organization_title", "e organization_title",
          "e theme", "f license_id", "f organization_title",
        ])
      #expect(
        try lines(
          """
          uri, portal_label, list_label) FROM stale_display_names
          WHERE dataset_id = 'a' AND field = 'organization_title'
          """, of: mirror) == [#"[null,"Utrecht","Gemeente Utrecht"]"#])
      try mirror.tamper("UPDATE organizations SET is_listed = 0")
      #expect(try !mirror.strings(names).contains("a organization_title"))
    }
  }

  @Test("shows a field that nobody knows, and a known one of another type, since it first came")
  func census() async throws {
    let list = [
      Entry("a", rest: #", "nieuw": {"a": 1}, "high_value": ["x"], "version": "1""#),
      Entry("b", rest: #", "nieuw": {"a": 2}, "high_value": "true""#),
    ]
    try await mirrored(list) { mirror throws in
      let found = try lines(
        """
        entity, field, json_type, datasets, example, first_seen IS NULL)
        FROM field_census ORDER BY field
        """, of: mirror)
      #expect(
        found
          == [
            #"["dataset","high_value","array",1,"[\"x\"]",0]"#,
            #"["dataset","nieuw","object",2,"{\"a\": 1}",0]"#,
          ])
    }
  }
}
