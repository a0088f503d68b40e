import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// The real register of April 2015 beside the real value lists of 2023, reckoned twice: by the views,
/// and here from the files alone, with Foundation and by rules of our own.
@Suite(
  "The register and the value lists", .enabled(if: SharedData.isPresent, "needs ../shared/data"))
struct RegisterListTests {
  /// The file, as it is published, and the list.
  private static let lists: [(file: String, published: String, name: String)] = [
    ("donl_language", "donl_language", "DONL:Language"),
    ("donl_organization", "donl_organization", "DONL:Organization"),
    ("donl_spatial_scheme", "overheid_spatial_scheme", "Overheid:SpatialScheme"),
    ("donl_spatial_value_gemeente", "overheid_spatial_gemeente", "Overheid:Gemeente"),
    (
      "donl_spatial_value_koninkrijksdeel", "overheid_spatial_koninkrijksdeel",
      "Overheid:Koninkrijksdeel"
    ),
    ("donl_spatial_value_provincie", "overheid_spatial_provincie", "Overheid:Provincie"),
    ("donl_spatial_value_waterschap", "overheid_spatial_waterschap", "Overheid:Waterschap"),
    (
      "overheid_taxonomiebeleidsagenda", "overheid_taxonomiebeleidsagenda",
      "Overheid:TaxonomieBeleidsagenda"
    ),
  ]
  /// Of the fields that these records bear, those with one of these lists.
  private static let fields: [(entity: String, field: String, list: String)] = [
    ("dataset", "theme", "Overheid:TaxonomieBeleidsagenda"),
    ("dataset", "theme_facet", "Overheid:TaxonomieBeleidsagenda"),
    ("dataset", "subtheme_facet", "Overheid:TaxonomieBeleidsagenda"),
    ("dataset", "maintainer", "DONL:Organization"),
    ("dataset", "maintainer_facet", "DONL:Organization"),
    ("dataset", "author", "DONL:Organization"), ("dataset", "language", "DONL:Language"),
    ("resource", "language", "DONL:Language"),
  ]
  private typealias Object = [String: Any]

  private let labels: [String: [String: String]]
  private let records: [[String: Any]]

  init() throws {
    var labels: [String: [String: String]] = [:]
    for list in Self.lists {
      let bytes = try SharedData.bytes("valuelists/\(list.file).json")
      let entries = try #require(
        try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Object])
      labels[list.name] = entries.compactMapValues { entry in
        (entry["labels"] as? [String: String])?["nl-NL"]
      }
    }
    self.labels = labels
    records = try SharedData.register("2015-04-17").map { line in
      let record = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? Object)
      let pairs = (record["extras"] as? [Object] ?? []).compactMap { extra in
        (extra["key"] as? String).flatMap { key in extra["value"].map { (key, $0) } }
      }
      return record.merging(pairs) { top, _ in top }
    }
  }

  private func harvested() async throws -> Mirror {
    let mirror = try Mirror()
    var catalogue = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    for list in Self.lists {
      let bytes = try SharedData.bytes("valuelists/\(list.file).json")
      catalogue[list: list.published + ".json"] = PublishedList(
        String(decoding: bytes, as: UTF8.self))
    }
    try await SamplePortal.run(catalogue) { portal in
      _ = try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
    }
    return mirror
  }

  @Test("agree on what is resolved, unlisted, malformed and stale")
  func agreement() async throws {
    let mirror = try await harvested()

    let expected = counts()
    let found = try mirror.strings(
      """
      SELECT value_list || ' ' || resolved || ' ' || unlisted || ' ' || malformed
      FROM value_list_usage WHERE entries IS NOT NULL ORDER BY 1
      """)
    print("list, resolved, unlisted, malformed:")
    for line in found { print("  " + (line ?? "")) }
    #expect(found == expected)
    #expect(found.contains { $0?.hasPrefix("DONL:Organization ") == true })
    for (view, standing) in [("unlisted_uris", "unlisted"), ("malformed_uris", "malformed")] {
      let views = try mirror.count(
        "SELECT count(*) FROM \(view) WHERE value_list IN (SELECT name FROM value_lists)")
      let usage = try mirror.count(
        """
        SELECT sum(\(standing)) FROM value_list_usage
        WHERE value_list IN (SELECT name FROM value_lists)
        """)
      #expect(views == usage)
    }

    let stale = try mirror.strings(
      """
      SELECT json_array(dataset_id, name, field, uri, portal_label, list_label, value_list)
      FROM stale_display_names WHERE field <> 'organization_title' ORDER BY 1
      """
    ).compactMap(\.self)
    print("stale display names: \(stale.count)")
    #expect(try Set(stale) == staleNames())
    #expect(stale.count == Set(stale).count)
    #expect(
      stale.contains { line in
        line.contains("\"ZBO | Kadaster\"")
          && line.contains("\"Dienst voor het kadaster en de openbare registers\"")
      })
    // The sample portal's own list names each organization as the records do.
    #expect(
      try mirror.count(
        "SELECT count(*) FROM stale_display_names WHERE field = 'organization_title'") == 0)
    try takesNoLabelFromAnotherList(mirror)
    #expect(try mirror.strings("SELECT entity || ' ' || field FROM field_census") == [])
  }

  private func takesNoLabelFromAnotherList(_ mirror: Mirror) throws {
    let rows = try mirror.rows(
      "SELECT DISTINCT value_list, uri, label_nl FROM uri_values WHERE label_nl IS NOT NULL")
    let texts = rows.map { $0.map { String.fromDatabaseValue($0) ?? "" } }
    #expect(texts.count > 100)
    #expect(texts.allSatisfy { labels[$0[0]]?[$0[1]] == $0[2] })
    let theHague = texts.filter { $0[1].hasSuffix("/'s-Gravenhage") }
    #expect(theHague.map { $0[2] } == ["Gemeente 's-Gravenhage"])
  }

  // MARK: Reckoned here

  private func counts() -> [String] {
    var counts = Dictionary(uniqueKeysWithValues: Self.lists.map { ($0.name, [0, 0, 0]) })
    for record in records {
      let resources = record["resources"] as? [Object] ?? []
      for (entity, field, list) in Self.fields {
        for object in entity == "dataset" ? [record] : resources {
          guard let value = object[field] as? String, !value.isEmpty else { continue }
          let place = labels[list]?[value] != nil ? 0 : isURI(value) ? 1 : 2
          counts[list]?[place] += 1
        }
      }
    }
    return counts.map { name, numbers in
      ([name] + numbers.map(String.init)).joined(separator: " ")
    }.sorted()
  }

  private func isURI(_ value: String) -> Bool {
    let parts = value.split(separator: ":", maxSplits: 1)
    return parts.count == 2 && parts[0].wholeMatch(of: /[A-Za-z][A-Za-z0-9+.\-]*/) != nil
      && !value.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  private func staleNames() throws -> Set<String> {
    var stale: Set<String> = []
    for record in records {
      for (field, claim, list) in [
        ("theme", "theme_displayname", "Overheid:TaxonomieBeleidsagenda"),
        ("maintainer", "maintainer_displayname", "DONL:Organization"),
      ] {
        guard let uri = record[field] as? String, let claimed = record[claim] as? String,
          !claimed.isEmpty, let label = labels[list]?[uri],
          claimed != label, claimed.components(separatedBy: " | ").last != label
        else { continue }
        let line = try JSONSerialization.data(
          withJSONObject: [
            record["id"] ?? "", record["name"] ?? "", field, uri, claimed, label, list,
          ], options: .withoutEscapingSlashes)
        stale.insert(String(decoding: line, as: UTF8.self))
      }
    }
    return stale
  }
}
