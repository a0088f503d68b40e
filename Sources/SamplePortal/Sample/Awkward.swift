import CKANServer
import NIOCore

extension Sample {
  /// Records with one odd thing in each, named for it: `awkward-theme-as-string`.
  static let awkward: [[(key: String, value: JSON)]] = oddities.enumerated().map { index, oddity in
    var dataset = SampleDataset(
      SampleOwner.all[index], SampleSubject.municipal[3], number: index * 10)
    let name = "awkward-" + oddity.name
    dataset.id = uuid("dataset \(name) \(oddity.twin)")
    dataset.title = "Lastig: \(oddity.name.replacing("-", with: " "))"
    dataset.metadataModified = stamp(10 + index)
    return oddity.apply(dataset.members.setting([("name", .string(name))]))
  }

  private typealias Members = [(key: String, value: JSON)]

  private struct Oddity: Sendable {
    var name: String
    /// Tells records apart that share a name.
    var twin = 0
    var apply: @Sendable (Members) -> Members

    /// The usual record with these members in it.
    static func setting(
      _ name: String, twin: Int = 0, _ members: KeyValuePairs<String, JSON>
    ) -> Oddity {
      let members = members.map { (key: $0.key, value: $0.value) }
      return Oddity(name: name, twin: twin) { $0.setting(members) }
    }
  }

  private static let terms = SampleOwner.terms
  private static let lists = "http://standaarden.overheid.nl/owms/4.0/doc/waardelijsten/overheid."

  private static let oddities: [Oddity] = [
    .setting("theme-as-string", ["theme": .string(terms + "Bestuur")]),
    .setting(
      "list-in-braces",
      [
        "theme": .string("{\(terms)Bestuur,\"\(terms)Politie_brandweer_en_hulpdiensten\"}"),
        "language": "{http://publications.europa.eu/resource/authority/language/NLD}",
      ]),
    // CKAN removes quotes and splits at every comma, so this one municipality came as two values,
    // and the schemes no longer stand beside their values.
    .setting(
      "torn-municipality",
      [
        "spatial_scheme": .strings([lists + "gemeente", lists + "provincie"]),
        "spatial_value": .strings([
          terms + "Nuenen", "_Gerwen_en_Nederwetten", terms + "Noord-Brabant",
        ]),
      ]),
    .setting(
      "booleans-as-strings",
      [
        "high_value": "True", "basis_register": "False", "referentie_data": "TRUE",
        "national_coverage": "false", "private": "False",
      ]),
    .setting(
      "numbers-as-strings", ["num_resources": "3", "num_tags": "4", "dataset_quality": 2]),
    Oddity(name: "empty-null-absent") {
      $0.setting([
        ("version", ""), ("frequency", nil), ("spatial_scheme", []), ("spatial_value", [""]),
        ("contact_point_website", "  "), ("notes", nil),
      ]).removing("license_id", "license_title", "license_url", "issued", "groups")
    },
    Oddity(name: "extras") { members in
      let status = members["dataset_status"] ?? nil
      return members.removing("dataset_status").setting([
        (
          "extras",
          [
            ["key": "geheel_onbekend", "value": "iets wat niemand kent"],
            ["key": "dataset_status", "value": status],
            ["key": "donlsync_checksum", "value": "0f343b0931126a20f133d67c2b018a3b"],
          ]
        )
      ])
    },
    .setting("organization-null", ["organization": nil, "owner_org": nil]),
    .setting(
      "uri-with-space", ["authority": "http://data.overheid.nl/organisatie/Stichting IPSE Studies"]),
    .setting(
      "malformed-uri",
      [
        "theme": ["structure", .string(terms + "Bodem")], "publisher": "www.gemeente.example",
        "documentation": ["zie de website", "http:"],
      ]),
    Oddity(name: "duplicate-key") {
      $0 + [(key: "title", value: "Lastig: de tweede titel telt")]
    },
    .setting("nul-in-title", ["title": "Lastig: een nul\u{0}teken in de titel"]),
    .setting("lone-surrogate", ["title": raw(#""Lastig: een half \ud83d teken""#)]),
    .setting(
      "markup-in-title",
      [
        "title": "Lastig: 🚲🇳🇱 <b onclick=\"x()\">vet</b> '; DROP TABLE datasets; -- \u{1B}[31mrood",
        "notes": "=HYPERLINK(\"http://voorbeeld.example\") & <script>alert(1)</script> \u{202E}om",
      ]),
    .setting(
      "odd-dates",
      [
        "issued": "9999-99-99", "modified": "2026-02-31T00:00:00",
        "temporal_start": "0001-01-01T00:00:00", "temporal_end": "12 november 2026",
        "date_planned": "2026-11-12T10:00:00+01:00", "metadata_created": nil,
      ]),
    .setting("no-resources", ["resources": [], "num_resources": 0]),
    Oddity(name: "120-resources") { members in
      guard let id = members["id"], case .string(let text) = id else { return members }
      var dataset = SampleDataset(.all[0], SampleSubject.municipal[3], number: 0)
      dataset.id = text
      let resources = (0..<120).map {
        JSON.object(dataset.resourceMembers(position: $0, format: .csv))
      }
      return members.setting([("resources", .array(resources)), ("num_resources", 120)])
    },
    .setting("stale-license-title", ["license_title": "CC-0 (publiek domein, oude naam)"]),
    .setting("same-name", twin: 1, [:]),
    .setting("same-name", twin: 2, ["title": "Lastig: dezelfde naam, een andere dataset"]),
    .setting("unknown-field", ["toekomstig_veld": ["diep": [1, true, nil, "tekst"]]]),
    // JSON, although no machine number can hold it; some parsers refuse the whole page for it.
    .setting("huge-number", ["kosten": raw("1e999")]),
  ]

  private static func raw(_ text: String) -> JSON { .raw(ByteBuffer(string: text)) }
}
