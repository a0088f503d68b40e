import Foundation
import SamplePortal
import Testing

@Suite("The sample catalogue")
struct SampleTests {
  private let first = Catalogue.sample(day: 1)
  private let second = Catalogue.sample(day: 2)

  @Test("has some 300 datasets of more than 25 organizations, with ids of their own")
  func size() {
    #expect(first.count == 303)
    #expect(second.count == 304)
    #expect(first.records.allSatisfy { UUID(uuidString: $0.id) != nil })
  }

  @Test("holds one record that strict parsers refuse, and no other")
  func unreadable() {
    let bad = first.records.filter {
      (try? JSONSerialization.jsonObject(with: Data($0.json.utf8))) == nil
    }

    // Some parsers take a lone surrogate, some do not.
    #expect(bad.map(\.name).filter { $0 != "awkward-lone-surrogate" } == ["awkward-huge-number"])
  }

  @Test("has stamps with microseconds, a few without, and two in one millisecond")
  func stamps() {
    let stamps = first.records.map(\.metadataModified)

    #expect(Set(stamps).count == 303)
    #expect(Set(stamps.map { $0.prefix(23) }).count == 302)
    #expect(stamps.filter { $0.count == 19 }.count == 4)
    #expect(stamps.allSatisfy { $0 < "2026-11-20" })
  }

  @Test("has two datasets with one name")
  func sameName() {
    #expect(first.records.filter { $0.name == "awkward-same-name" }.count == 2)
  }

  @Test("tells of one day: 5 ids come, 4 go, 6 datasets are edited and 40 touched")
  func secondDay() {
    let before = Dictionary(uniqueKeysWithValues: first.records.map { ($0.id, $0) })
    let after = Dictionary(uniqueKeysWithValues: second.records.map { ($0.id, $0) })
    let gone = before.values.filter { after[$0.id] == nil }
    let come = after.values.filter { before[$0.id] == nil }
    #expect(come.count == 5)
    #expect(gone.count == 4)
    #expect(Set(come.map(\.name)).intersection(gone.map(\.name)).count == 1)

    let moved = after.values.filter { now in before[now.id].map { $0.json != now.json } ?? false }
    #expect(moved.count == 46)
    #expect((moved + come).allSatisfy { $0.metadataModified > "2026-11-21" })
    let edited = moved.filter { now in
      before[now.id].map { content($0) != content(now) } ?? false
    }
    #expect(edited.count == 6)
    let withdrawn = edited.filter {
      $0.strings("dataset_status") != before[$0.id]?.strings("dataset_status")
    }
    #expect(
      withdrawn.map { $0.strings("dataset_status") }
        == Array(repeating: ["http://data.overheid.nl/status/niet_beschikbaar"], count: 2))
    #expect(
      moved.allSatisfy { now in
        resourceIDs(now).isDisjoint(with: before[now.id].map(resourceIDs) ?? [])
      })
  }

  /// What a person would call the content: the dataset without stamps, and without resources, whose
  /// ids change nightly.
  private func content(_ record: Catalogue.Record) -> NSDictionary? {
    let object = try? JSONSerialization.jsonObject(with: Data(record.json.utf8))
    guard var members = object as? [String: Any] else { return nil }
    for key in ["metadata_modified", "revision_id", "resources"] { members[key] = nil }
    return members as NSDictionary
  }

  private func resourceIDs(_ record: Catalogue.Record) -> Set<String> {
    let object = try? JSONSerialization.jsonObject(with: Data(record.json.utf8))
    let resources = (object as? [String: Any])?["resources"] as? [[String: Any]]
    return Set(resources?.compactMap { $0["id"] as? String } ?? [])
  }

  @Test("has one dataset with every URI-valued field")
  func allFields() throws {
    let record = try #require(first.records.first { $0.name == "alle-velden" })
    let fields = [
      "identifier", "alternate_identifier", "theme", "url", "source_catalog", "authority",
      "publisher", "contact_point_website", "metadata_language", "language", "license_id",
      "license_url", "access_rights", "access_rights_reason", "spatial_scheme", "spatial_value",
      "legal_foundation_uri", "dataset_status", "frequency", "documentation", "sample",
      "provenance", "is_version_of", "has_version", "source", "related_resource", "conforms_to",
      "changetype", "communities", "linked_concepts", "hvd_category",
    ]

    #expect(fields.filter { record.strings($0).isEmpty } == [])
  }
}
