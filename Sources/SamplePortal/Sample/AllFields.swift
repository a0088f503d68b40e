import CKANServer

extension Sample {
  /// The dataset `alle-velden`, which bears every URI-valued field of DONL 1.1, on itself and on its
  /// resource. Where a list has no public capture (distribution status, exceptions, communities)
  /// the URI is of the right shape, not verified.
  static let allFields: [(key: String, value: JSON)] = {
    let owner = SampleOwner.all[0]
    var dataset = SampleDataset(owner, SampleSubject.municipal[0], number: 0)
    dataset.id = uuid("dataset alle-velden")
    dataset.title = "Alle velden met een URI"
    dataset.metadataModified = stamp(1)
    let home = "https://voorbeeld.example/"
    let lists: [(String, [String])] = [
      ("alternate_identifier", ["alt/1", "alt/2"]), ("documentation", ["handleiding"]),
      ("sample", ["proef.csv"]), ("provenance", ["herkomst"]), ("is_version_of", ["versie"]),
      ("has_version", ["versie/1", "versie/2"]), ("source", ["bron"]),
      ("related_resource", ["verwant"]), ("conforms_to", ["norm/1"]),
      ("linked_concepts", ["begrip/1", "begrip/2"]),
    ]
    let fields: [(key: String, value: JSON)] =
      lists.map { ($0.0, JSON.strings($0.1.map { home + $0 })) } + [
        (
          "access_rights_reason",
          "https://data.overheid.nl/wobuitzondering/eerbiediging-van-de-persoonlijke-levenssfeer"
        ),
        ("legal_foundation_label", "Wet hergebruik van overheidsinformatie"),
        ("legal_foundation_ref", "1.0:c:BWBR0036795"),
        ("legal_foundation_uri", "https://wetten.overheid.nl/BWBR0036795"),
        ("communities", ["https://data.overheid.nl/community/mobiliteit"]),
        ("hvd_category", ["http://data.europa.eu/bna/c_b79e35eb"]),
        (
          "spatial_scheme",
          [
            .string(owner.spatialScheme),
            "http://standaarden.overheid.nl/owms/4.0/doc/syntax-codeerschemas/overheid.postcodehuisnummer",
          ]
        ),
        ("spatial_value", [.string(owner.spatialValue), "1011PN1"]),
      ]
    let resource: [(key: String, value: JSON)] =
      dataset.resourceMembers(position: 0, format: .csv) + [
        ("media_type", "https://www.iana.org/assignments/media-types/text/csv"),
        ("linked_schemas", [.string(home + "schema/1")]),
        ("linked_schema", [.string(home + "schema/2")]),
        ("documentation", [.string(home + "resource/handleiding")]),
      ]
    return dataset.members.setting(
      fields + [
        ("name", "alle-velden"), ("num_resources", 1), ("resources", [.object(resource)]),
      ])
  }()

  /// Microseconds of the n-th minute of 2026-11-12, when all hand-made records were changed.
  static func stamp(_ minute: Int) -> Int {
    (SolrDate.days(year: 2026, month: 11, day: 12) * 1_440 + minute) * 60_000_000 + 123_456
  }
}

extension [(key: String, value: JSON)] {
  /// With these members in place of those of the same key, or added.
  func setting(_ members: [(key: String, value: JSON)]) -> Self {
    var result = self
    for member in members {
      if let index = result.firstIndex(where: { $0.key == member.key }) {
        result[index] = member
      } else {
        result.append(member)
      }
    }
    return result
  }

  func removing(_ keys: String...) -> Self { filter { !keys.contains($0.key) } }

  subscript(key: String) -> JSON? { first { $0.key == key }?.value }
}
