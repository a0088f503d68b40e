import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("Harvest with value lists")
struct ListHarvestTests {
  private static let terms = "http://standaarden.overheid.nl/owms/terms/"

  @Test("reads every list, and a label belongs to its list")
  func first() async throws {
    try await ListStory.tell { story in
      try await story.harvest()

      let wanted = try ValueListTable.standard().rows.map(\.name)
      #expect(
        try story.mirror.strings("SELECT name FROM value_lists WHERE entries > 0 ORDER BY name")
          == wanted)
      let hague = Self.terms + "'s-Gravenhage"
      #expect(
        try story.label(hague, of: "Overheid:Gemeente") == "'s-Gravenhage / 's-Gravenhage")
      #expect(
        try story.label(hague, of: "DONL:Organization")
          == "Gemeente 's-Gravenhage / Gemeente 's-Gravenhage")
      let torn = Self.terms + "Nuenen,_Gerwen_en_Nederwetten"
      #expect(try story.label(torn, of: "Overheid:Gemeente") != nil)
      #expect(
        try story.mirror.strings("SELECT slug FROM concepts WHERE list = 'DONL:Catalogs'").count
          == 3)
      #expect(
        try story.mirror.count(
          """
          SELECT count(*) FROM concepts c WHERE list = 'Overheid:TaxonomieBeleidsagenda'
            AND parent IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM concepts p WHERE p.list = c.list AND p.uri = c.parent)
          """) == 0)
      // The site's own service nests its entries.
      #expect(
        try story.mirror.strings(
          "SELECT parent FROM concepts WHERE list = 'DONL:Communities' AND label_nl = 'Fiets'")
          == ["https://data.overheid.nl/community/mobiliteit"])
      #expect(
        try story.mirror.count("SELECT count(*) FROM concept_labels")
          == story.mirror.count("SELECT count(*) FROM concepts"))
      #expect(try story.status().message == nil)
    }
  }

  @Test("labels what the sample takes from lists, all of it but what is awkward on purpose")
  func coverage() async throws {
    try await ListStory.tell { story in
      try await story.harvest()

      #expect(try story.mirror.strings("SELECT value FROM unlisted_uris") == [])
      let malformed = try story.mirror.strings(
        "SELECT DISTINCT value FROM malformed_uris WHERE value_list IS NOT NULL ORDER BY 1")
      #expect(malformed == ["structure", "www.gemeente.example"])
    }
  }

  @Test("asks for no list that is not due: three requests, as ever")
  func quiet() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      story.portal.resetRequests()
      story.mirror.advance(by: .seconds(3600))
      let run = try await story.harvest()

      #expect(run.requests == 3)
      #expect(story.portal.requests.count == 3)
    }
  }

  @Test("reads the lists every day, though a run of today is sooner there than that of yesterday")
  func daily() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      story.portal.resetRequests()
      story.mirror.advance(by: .seconds(24 * 3600 - 60))
      try await story.harvest()

      #expect(story.asked.count == 22)
    }
  }

  @Test("costs one conditional request a list that is unchanged, and writes nothing but checked_at")
  func unchanged() async throws {
    try await ListStory.tell(try .few()) { story in
      try await story.harvest()
      let before = try story.stored()
      let checked = "SELECT DISTINCT checked_at FROM value_lists"
      let first = try story.mirror.strings(checked)
      story.portal.resetRequests()
      story.mirror.advance(by: .seconds(24 * 3600))
      try await story.harvest()

      #expect(story.asked.count == 22)
      #expect(story.asked.allSatisfy { $0.header("If-None-Match") != nil })
      #expect(try story.stored() == before)
      #expect(try story.mirror.strings(checked) != first)
      #expect(try story.mirror.strings(checked) == [Timestamp.text(story.mirror.now)])
    }
  }

  @Test("takes a list that was only published anew for the same content")
  func republished() async throws {
    try await ListStory.tell(try .few()) { story in
      // A tag that does not help: the server then has nothing but dates.
      func publish(_ date: String) {
        story.portal.update {
          var list = PublishedList.standard(["een", "twee"], lastModified: date)
          list.hasETag = false
          $0[list: "overheid_frequency.json"] = list
        }
      }
      publish("Fri, 20 Nov 2026 22:00:07 GMT")
      try await story.harvest()
      let concepts = "SELECT json_array(uri, label_nl, last_seen) FROM concepts ORDER BY list, uri"
      let before = try story.mirror.strings(concepts)
      let fetched = try story.mirror.strings("SELECT fetched_at FROM value_lists")
      publish("Sat, 21 Nov 2026 22:00:07 GMT")
      story.mirror.advance(by: .seconds(24 * 3600))
      try await story.harvest()

      #expect(try story.mirror.strings(concepts) == before)
      #expect(try story.mirror.strings("SELECT fetched_at FROM value_lists") == fetched)
      story.portal.resetRequests()
      story.mirror.advance(by: .seconds(24 * 3600))
      try await story.harvest()
      let conditions = story.asked.filter { $0.path.hasSuffix("overheid_frequency.json") }
        .map { $0.header("If-Modified-Since") }
      #expect(conditions == ["Sat, 21 Nov 2026 22:00:07 GMT"])
    }
  }

  @Test("keeps what vanished and what it was called, with the times, and takes back what returns")
  func history() async throws {
    try await ListStory.tell { story in
      try await story.harvest()
      let first = Timestamp.text(story.mirror.now)
      story.mirror.advance(by: .seconds(24 * 3600))
      story.portal.publish(.sample(day: 2))
      try await story.harvest()
      let second = Timestamp.text(story.mirror.now)

      let vocational = Self.terms + "Beroepsonderwijs_(thema)"
      #expect(
        try story.mirror.strings(
          "SELECT label_nl || ' ' || observed_at FROM concept_labels WHERE uri = ? ORDER BY 1",
          [vocational])
          == ["Beroepsonderwijs \(first)", "Middelbaar beroepsonderwijs \(second)"])
      #expect(
        try story.mirror.strings("SELECT label_nl FROM concepts WHERE uri = ?", [vocational])
          == ["Middelbaar beroepsonderwijs"])
      let gone = "SELECT list || ' ' || removed_at FROM concepts WHERE removed_at IS NOT NULL"
      #expect(
        try story.mirror.strings(gone + " ORDER BY 1")
          == ["DONL:Organization \(second)", "Overheid:Gemeente \(second)"])
      #expect(try story.label(Self.terms + "Haaren", of: "Overheid:Gemeente") == "Haaren / Haaren")
      #expect(
        try story.mirror.count("SELECT entries FROM value_lists WHERE name = 'Overheid:Gemeente'")
          == 19)

      story.mirror.advance(by: .seconds(24 * 3600))
      story.portal.publish(.sample(day: 1))
      try await story.harvest()

      #expect(try story.mirror.strings(gone) == [])
      // It came back under its old name, so there is nothing to tell of names.
      #expect(
        try story.mirror.count("SELECT count(*) FROM concept_labels WHERE uri LIKE '%Haaren'") == 2)
      #expect(
        try story.mirror.count("SELECT count(*) FROM concept_labels WHERE uri = ?", [vocational])
          == 3)
    }
  }

  @Test("of another portal asks for no list, unless the settings say where there are any")
  func otherPortal() async throws {
    try await ListStory.tell { story in
      try await story.harvest { $0.settings.lists.url = nil }

      #expect(story.asked.isEmpty)
      #expect(try story.status().fetched == 0)
      #expect(
        try story.status().message == "no value list was ever fetched: labels are NULL")
      #expect(try story.mirror.count("SELECT count(*) FROM datasets") == 303)
      #expect(try story.mirror.count("SELECT count(label_nl) FROM uri_values") == 0)
    }
  }

  @Test("reads the lists as they were captured", .enabled(if: SharedData.isPresent))
  func captured() async throws {
    var catalogue = try Catalogue.few()
    try catalogue.publishCapturedLists()
    try await ListStory.tell(catalogue) { story in
      try await story.harvest()

      #expect(
        try story.mirror.strings(
          "SELECT name || ' ' || entries FROM value_lists WHERE entries > 0 ORDER BY name") == [
            "DONL:Language 4", "DONL:Organization 1649", "Overheid:Gemeente 595",
            "Overheid:Koninkrijksdeel 5", "Overheid:Provincie 12", "Overheid:SpatialScheme 6",
            "Overheid:TaxonomieBeleidsagenda 110", "Overheid:Waterschap 32",
          ])
      #expect(
        try story.status().failed.allSatisfy { $0.reason == "http_404" && $0.fetchedAt == nil })
      #expect(
        try story.label(Self.terms + "'s-Gravenhage", of: "DONL:Organization")
          == "Gemeente 's-Gravenhage / Gemeente 's-Gravenhage")
      // docs/portal.md, "Value lists": of 1,774 URIs 639 stand on more than one list, 73 of them with
      // different labels; 3 hold spaces, 17 commas.
      let twins = """
        SELECT count(*) FROM (SELECT uri FROM concepts GROUP BY uri HAVING count(*) > 1
          AND count(DISTINCT label_nl) > ?)
        """
      #expect(try story.mirror.count("SELECT count(DISTINCT uri) FROM concepts") == 1774)
      #expect(try story.mirror.count(twins, [0]) == 639)
      #expect(try story.mirror.count(twins, [1]) == 73)
      #expect(try story.mirror.count("SELECT count(*) FROM concepts WHERE uri LIKE '% %'") == 3)
      #expect(try story.mirror.count("SELECT count(*) FROM concepts WHERE uri LIKE '%,%'") == 17)
    }
  }

  @Test("of data.overheid.nl finds its lists, and the communities at the site itself")
  func standard() throws {
    let portal = try PortalAddress("https://data.overheid.nl/data/api/3/action")
    let lists = try ListSettings(Settings().lists, of: portal).lists

    #expect(lists.count == 22)
    #expect(
      lists.contains(
        ValueList(
          name: "Overheid:Frequency",
          url: "https://waardelijsten.dcat-ap-donl.nl/overheid_frequency.json")))
    #expect(
      lists.contains(
        ValueList(
          name: "DONL:Communities",
          url: "https://data.overheid.nl/service/waardelijsten/donl_communities")))
  }

  @Test("knows a list for every field that has one")
  func fields() throws {
    let known = Set(try ValueListTable.standard().rows.map(\.name))
    let wanted = try FieldTable.standard().fields.compactMap(\.valueList)

    #expect(Set(wanted.filter { !$0.hasPrefix("@") }).subtracting(known).isEmpty)
  }
}
