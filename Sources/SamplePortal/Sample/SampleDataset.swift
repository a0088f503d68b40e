import CKANServer

/// A dataset of the sample before it is written down: what is edited from day to day is a variable,
/// all else follows from its key.
struct SampleDataset: Sendable {
  let key: String
  let owner: SampleOwner
  let subject: SampleSubject
  var id: String
  var title: String
  var notes: String
  var tags: [String]
  var licence: Licence
  var status: String
  /// Microseconds since 1970.
  var metadataModified: Int
  /// Changes the ids of the resources, as a nightly import does.
  var edition = 1

  init(_ owner: SampleOwner, _ subject: SampleSubject, number: Int) {
    self.owner = owner
    self.subject = subject
    title = "\(subject.title) \(owner.area)"
    key = slugify(title)
    id = uuid("dataset \(key)")
    notes =
      "\(subject.notes)\r\n\r\nBeheerd door \(owner.title). "
      + "Zie [de toelichting](https://\(owner.slug).example/toelichting) voor definities."
    tags = subject.tags + (owner.kind == .municipality ? [owner.area] : [])
    let licences = [
      Licence.cc0, .ccBy, .cc0, .publicDomain, .cc0, .ccBySa, .ccBy, .closed, .cc0, .unknown,
    ]
    licence = licences[number % licences.count]
    status =
      number % 31 == 7 ? "gepland" : number % 43 == 11 ? "in_onderzoek" : "beschikbaar"
    metadataModified = Self.stamp(key, number)
  }

  /// A moment in the 25 days before 2026-11-20. A few have no fraction of a second, and numbers 10
  /// and 11 share a millisecond.
  private static func stamp(_ key: String, _ number: Int) -> Int {
    var draw = Draw(number == 11 ? "shared" : number == 10 ? "shared" : "stamp \(key)")
    let second = firstSecond + draw.below(25 * 86_400)
    let fraction = draw.below(999_000) + 1
    if number % 70 == 3 { return second * 1_000_000 }
    return second * 1_000_000
      + (number == 10 || number == 11 ? 250_100 + number * 10 : fraction)
  }

  private static let firstSecond = SolrDate.days(year: 2026, month: 10, day: 26) * 86_400

  private static let eu = "http://publications.europa.eu/resource/authority/"

  /// The record as `package_search` sends it: DONL fields lifted out of the extras, lists as lists,
  /// booleans and qualities as strings.
  var members: [(key: String, value: JSON)] {
    var draw = Draw("fields \(key)")
    let page = "https://\(owner.slug).example/data/\(key)"
    let created = isoformat(
      microseconds: (Self.firstSecond - draw.below(6 * 365 * 86_400)) * 1_000_000
        + draw.below(1_000_000))
    let isPublic = licence.uri != Licence.closed.uri
    let isNational = owner.kind == .national
    var members: [(key: String, value: JSON)] = [
      ("id", .string(id)), ("name", .string(key)), ("title", .string(title)),
      ("notes", .string(notes)), ("state", "active"), ("type", "dataset"), ("private", false),
      ("isopen", false), ("url", .string(page)), ("version", draw.below(3) > 0 ? "1.0" : nil),
      ("author", nil), ("author_email", nil), ("maintainer", nil), ("maintainer_email", nil),
      ("creator_user_id", .string(uuid("user \(owner.slug)"))),
      ("revision_id", .string(uuid("revision \(key) \(metadataModified)"))),
      ("metadata_created", .string(created)),
      ("metadata_modified", .string(isoformat(microseconds: metadataModified))),
      ("identifier", .string("https://data.overheid.nl/dataset/\(id)")),
      ("theme", .strings(subject.themes.map { SampleOwner.terms + $0 })),
      ("authority", .string(owner.uri)), ("publisher", .string(owner.uri)),
      ("source_catalog", .string(isNational ? "https://data.overheid.nl" : Self.catalogs[number])),
      ("contact_point_name", .string(owner.title)),
      ("contact_point_email", .string("opendata@\(owner.slug).example")),
      ("contact_point_website", .string("https://\(owner.slug).example/contact")),
      ("metadata_language", .string(Self.eu + "language/NLD")),
      ("language", .strings(languages)), ("license_id", .string(licence.uri)),
      ("license_title", .string(licence.title)), ("license_url", .string(licence.uri)),
      (
        "access_rights",
        .string(Self.eu + "access-right/" + (isPublic ? "PUBLIC" : "RESTRICTED"))
      ),
      ("spatial_scheme", .strings(spatial.map(\.scheme))),
      ("spatial_value", .strings(spatial.map(\.value))),
      ("dataset_status", .string("http://data.overheid.nl/status/\(status)")),
      ("frequency", .string(Self.eu + "frequency/" + subject.frequency)),
      ("issued", .string("20\(10 + draw.below(14))-0\(draw.below(9) + 1)-01T00:00:00")),
      ("modified", .string("2026-\(padded(draw.below(9) + 1, 2))-1\(draw.below(9))T00:00:00")),
      ("high_value", isNational ? "true" : "false"), ("basis_register", "false"),
      ("referentie_data", "false"), ("national_coverage", isNational ? "true" : "false"),
      ("changetype", draw.below(4) > 0 ? ":updated" : ":created"),
      ("dataset_quality", .string(String(draw.below(3) + 1))),
    ]
    if number == 0 { members.append(("alternate_identifier", [.string(page + "#oud")])) }
    if number == 1 {
      members += [
        ("temporal_start", "2020-01-01T00:00:00"), ("temporal_end", "2025-12-31T23:59:59"),
      ]
    }
    if number == 2 { members.append(("documentation", [.string(page + "/handleiding.pdf")])) }
    if subject.formats.contains(where: \.isService) {
      members.append(("conforms_to", ["http://www.opengis.net/def/serviceType/ogc/wfs"]))
    }
    if status == "gepland" { members.append(("date_planned", "2027-01-01T00:00:00")) }
    return members + ckanMembers
  }

  /// 0 to 3, to vary what a dataset bears.
  private var number: Int {
    var draw = Draw("kind \(key)")
    return draw.below(4)
  }

  private static let catalogs = [
    "https://data.overheid.nl", "https://dataplatform.nl", "https://nationaalgeoregister.nl",
    "https://data.overheid.nl",
  ]

  private var languages: [String] {
    let codes =
      owner.area == "Fryslân" || owner.term == "Sudwest_Fryslan" ? ["NLD", "FRY"] : ["NLD"]
    return codes.map { Self.eu + "language/" + $0 }
  }

  private var spatial: [(scheme: String, value: String)] {
    let area = (owner.spatialScheme, owner.spatialValue)
    let point =
      "http://standaarden.overheid.nl/owms/4.0/doc/syntax-codeerschemas/overheid.epsg28992"
    return number == 3
      ? [area, (point, "155000 463000"), (point, "156000.500 464000.250")] : [area]
  }

  /// What CKAN itself adds: the organization, tags, groups and resources.
  private var ckanMembers: [(key: String, value: JSON)] {
    let resources = subject.formats.enumerated().map(resource)
    return [
      ("owner_org", .string(uuid("organization \(owner.slug)"))),
      (
        "organization",
        [
          "id": .string(uuid("organization \(owner.slug)")), "name": .string(owner.slug),
          "title": .string(owner.title), "description": .string("Data van \(owner.title)."),
          "type": "organization", "image_url": "", "created": "2019-10-01T08:00:00.123456",
          "is_organization": true, "approval_status": "approved", "state": "active",
          "revision_id": .string(uuid("revision organization \(owner.slug)")),
        ]
      ),
      ("num_tags", .int(tags.count)),
      (
        "tags",
        .array(
          tags.map { tag in
            [
              "id": .string(uuid("tag \(tag)")), "name": .string(tag),
              "display_name": .string(tag), "state": "active", "vocabulary_id": nil,
            ]
          })
      ),
      ("groups", []), ("relationships_as_object", []), ("relationships_as_subject", []),
      ("num_resources", .int(resources.count)), ("resources", .array(resources)),
    ]
  }

  private func resource(position: Int, format: SampleFormat) -> JSON {
    .object(resourceMembers(position: position, format: format))
  }

  func resourceMembers(position: Int, format: SampleFormat) -> [(key: String, value: JSON)] {
    var draw = Draw("resource \(key) \(position)")
    let url =
      format.isService
      ? "https://geo.\(owner.slug).example/ows?service=\(format.code.prefix(3))"
      : "https://\(owner.slug).example/data/\(key).\(format.code.lowercased())"
    return [
      ("id", .string(uuid("resource \(id) \(position) \(edition)"))),
      ("package_id", .string(id)), ("position", .int(position)),
      ("revision_id", .string(uuid("revision resource \(id) \(position) \(edition)"))),
      ("name", .string("\(title) (\(format.code))")),
      ("description", .string("\(subject.title) als \(format.code).")), ("url", .string(url)),
      ("format", .string(Self.eu + "file-type/" + format.code)),
      ("mimetype", .string("https://www.iana.org/assignments/media-types/" + format.mediaType)),
      ("license_id", .string(licence.uri)),
      ("metadata_language", .string(Self.eu + "language/NLD")),
      ("language", .strings([Self.eu + "language/NLD"])),
      ("download_url", format.isService ? [] : [.string(url)]),
      (
        "distribution_type",
        .string(
          "https://data.overheid.nl/distributiontype/"
            + (format.isService ? "webservice" : "download"))
      ),
      ("status", "http://purl.org/adms/status/Completed"),
      ("size", format.isService ? nil : .int(draw.below(50_000) + 1)), ("hash", ""),
      ("link_status", "1"),
      ("link_status_last_checked", .string(isoformat(microseconds: metadataModified))),
      ("created", .string(isoformat(microseconds: metadataModified - 1_234_567))),
      ("last_modified", nil), ("cache_url", nil), ("cache_last_updated", nil),
      ("mimetype_inner", nil), ("resource_type", nil), ("url_type", nil), ("state", "active"),
    ]
  }
}
