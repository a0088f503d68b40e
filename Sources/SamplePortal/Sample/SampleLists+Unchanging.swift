import CKANServer

/// The small lists, which are the same on both days.
extension SampleList {
  static let unchanging: [String: [Term]] = [
    "adms_changetype.json": [
      Term(":created", "Aangemaakt", "Created"), Term(":updated", "Gewijzigd", "Updated"),
      Term(":deleted", "Verwijderd", "Deleted"),
    ],
    "adms_distributiestatus.json": below(
      "http://purl.org/adms/status/",
      [
        ("Completed", "Voltooid", "Completed"), ("Deprecated", "Verouderd", "Deprecated"),
        ("UnderDevelopment", "In ontwikkeling", "Under development"),
        ("Withdrawn", "Ingetrokken", "Withdrawn"),
      ]),
    "donl_catalogs.json": [
      Term("https://data.overheid.nl", "Dataportaal van de Nederlandse overheid")
        .with("slug", "data-overheid-nl"),
      Term("https://dataplatform.nl", "Dataplatform").with("slug", "dataplatform"),
      Term("https://nationaalgeoregister.nl", "Nationaal Georegister")
        .with("slug", "nationaal-georegister"),
    ],
    "donl_distributiontype.json": below(
      "https://data.overheid.nl/distributiontype/",
      [
        ("documentation", "Documentatie", "Documentation"),
        ("download", "Te downloaden bestand", "Download"),
        ("webservice", "Webservice", "Web service"),
      ]),
    "donl_language.json": below(
      authority + "language/",
      [
        ("DEU", "Duits", "German"), ("ENG", "Engels", "English"), ("FRY", "Fries", "Frisian"),
        ("NLD", "Nederlands", "Dutch"),
      ]),
    "donl_license.json": Licence.all.map { Term($0.uri, $0.title) },
    "donl_wobuitzondering.json": [
      Term(
        "https://data.overheid.nl/wobuitzondering/eerbiediging-van-de-persoonlijke-levenssfeer",
        "Eerbiediging van de persoonlijke levenssfeer", "Respect for privacy")
    ],
    "iana_mediatypes.json": [
      "application/geo+json", "application/gml+xml", "application/json",
      "application/octet-stream", "application/pdf",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/xml",
      "application/zip", "image/png", "text/csv",
    ].map { Term("https://www.iana.org/assignments/media-types/" + $0, $0) },
    "mdr_filetype_nal.json": below(
      authority + "file-type/",
      [
        "CSV", "GEOJSON", "GML", "JSON", "NETCDF", "PDF", "SHP", "WFS_SRVC", "WMS_SRVC", "XLSX",
        "XML", "ZIP",
      ].map { ($0, $0.replacing("_SRVC", with: ""), $0.replacing("_SRVC", with: "")) }),
    "overheid_dataset_status.json": below(
      "http://data.overheid.nl/status/",
      [
        ("beschikbaar", "Beschikbaar", "Available"), ("gepland", "Gepland", "Planned"),
        ("in_onderzoek", "In onderzoek", "Under investigation"),
        ("niet_beschikbaar", "Niet beschikbaar", "Not available"),
      ]),
    "overheid_frequency.json": below(
      authority + "frequency/",
      [
        ("ANNUAL", "Jaarlijks", "annual"), ("CONT", "Continu", "continuous"),
        ("DAILY", "Dagelijks", "daily"), ("IRREG", "Onregelmatig", "irregular"),
        ("MONTHLY", "Maandelijks", "monthly"), ("QUARTERLY", "Driemaandelijks", "quarterly"),
        ("UNKNOWN", "Onbekend", "unknown"), ("WEEKLY", "Wekelijks", "weekly"),
      ]),
    "overheid_openbaarheidsniveau.json": below(
      authority + "access-right/",
      [
        ("NON_PUBLIC", "Gesloten", "non-public"), ("PUBLIC", "Publiek", "public"),
        ("RESTRICTED", "Beperkt", "restricted"),
      ]),
    "overheid_spatial_scheme.json": below(
      "http://standaarden.overheid.nl/owms/4.0/doc/",
      [
        ("syntax-codeerschemas/overheid.epsg28992", "EPSG 28992", nil),
        ("syntax-codeerschemas/overheid.postcodehuisnummer", "Postcode en huisnummer", nil),
        ("waardelijsten/overheid.gemeente", "Gemeente", nil),
        ("waardelijsten/overheid.koninkrijksdeel", "Koninkrijksdeel", nil),
        ("waardelijsten/overheid.provincie", "Provincie", nil),
        ("waardelijsten/overheid.waterschap", "Waterschap", nil),
      ]),
    "overheid_spatial_koninkrijksdeel.json": below(
      SampleOwner.terms,
      [
        ("Aruba", "Aruba", nil), ("Curacao", "Curaçao", nil), ("Nederland", "Nederland", nil),
      ]),
    "overheid_spatial_provincie.json": places(.province),
    "overheid_spatial_waterschap.json": places(.waterBoard),
  ]

  private static let authority = "http://publications.europa.eu/resource/authority/"

  private static func below(_ base: String, _ terms: [(String, String, String?)]) -> [Term] {
    terms.map { Term(base + $0.0, $0.1, $0.2) }
  }
}
