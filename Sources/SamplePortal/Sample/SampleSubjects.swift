import CKANServer

/// What a dataset is about.
struct SampleSubject: Sendable {
  var title: String
  var notes: String
  var tags: [String]
  /// Last parts of URIs in the list Overheid:TaxonomieBeleidsagenda.
  var themes: [String]
  var formats: [SampleFormat]
  /// Last part of a URI in the EU's frequency list.
  var frequency: String

  private init(
    _ title: String, _ notes: String, tags: [String], themes: [String], _ formats: [SampleFormat],
    _ frequency: String
  ) {
    self.title = title
    self.notes = notes
    self.tags = tags
    self.themes = themes
    self.formats = formats
    self.frequency = frequency
  }

  static func of(_ owner: SampleOwner) -> [SampleSubject] {
    switch owner.kind {
    case .municipality: municipal
    case .province: provincial
    case .waterBoard: water
    case .national: national[owner.term] ?? []
    }
  }

  static let municipal: [SampleSubject] = [
    .init(
      "Verkeersintensiteiten", "Tellingen van het verkeer per wegvak, per uur en per richting.",
      tags: ["verkeer", "intensiteiten", "wegen"], themes: ["Verkeer_(thema)", "Weg_(thema)"],
      [.csv, .geojson], "MONTHLY"),
    .init(
      "Riolering", "Leidingen, putten en gemalen van het gemeentelijk rioolstelsel.",
      tags: ["riolering", "afvalwater", "ondergrond"],
      themes: ["Waterkeringen_en_waterbeheer", "Ruimte_en_infrastructuur"], [.gml, .wfs, .shp],
      "QUARTERLY"),
    .init(
      "Luchtkwaliteit", "Metingen van stikstofdioxide en fijnstof op vaste meetpunten.",
      tags: ["luchtkwaliteit", "fijnstof", "milieu"], themes: ["Lucht", "Natuur_en_milieu"],
      [.csv, .json], "DAILY"),
    .init(
      "Bomen", "Alle bomen in beheer bij de gemeente, met soort, plantjaar en coördinaten.",
      tags: ["bomen", "groen", "coördinaten"], themes: ["Natuur-_en_landschapsbeheer"],
      [.geojson, .csv, .wms], "ANNUAL"),
    .init(
      "Afvalcontainers", "Ligging van ondergrondse containers en hun afvalsoort.",
      tags: ["afval", "containers", "coördinaten"], themes: ["Afval_(thema)"], [.geojson, .json],
      "WEEKLY"),
    .init(
      "Parkeerplaatsen", "Parkeervakken, parkeergarages en tarieven, ook voor gehandicapten.",
      tags: ["parkeren", "verkeer", "tarieven"], themes: ["Weg_(thema)"], [.csv, .json, .xlsx],
      "MONTHLY"),
    .init(
      "Speelplaatsen", "Speelplekken met hun toestellen en de datum van de laatste keuring.",
      tags: ["spelen", "jeugd", "recreatie"], themes: ["Recreatie_(thema)", "Jongeren_(thema)"],
      [.csv], "ANNUAL"),
    .init(
      "Verleende vergunningen", "Omgevingsvergunningen naar soort, adres en datum van besluit.",
      tags: ["vergunningen", "bouwen", "besluiten"],
      themes: ["Bouwen_en_verbouwen", "Gemeenten"], [.xml, .csv], "DAILY"),
    .init(
      "Wijk- en buurtindeling", "Grenzen van wijken en buurten, aansluitend op de CBS-indeling.",
      tags: ["grenzen", "wijken", "buurten"], themes: ["Ruimtelijke_ordening"],
      [.shp, .wfs, .geojson], "ANNUAL"),
    .init(
      "Gemeentebegroting", "Baten en lasten per programma en taakveld (Iv3).",
      tags: ["begroting", "financiën", "Iv3"], themes: ["Begroting", "Financien"], [.xlsx, .csv],
      "ANNUAL"),
  ]

  static let provincial: [SampleSubject] = [
    .init(
      "Fietsroutes", "Doorgaande fietsroutes en knooppunten.", tags: ["fietsen", "verkeer"],
      themes: ["Verkeer_(thema)", "Toerisme"], [.wfs, .geojson], "QUARTERLY"),
    .init(
      "Natuurbeheerplan", "Begrenzing van natuurtypen en ambities voor het natuurnetwerk.",
      tags: ["natuur", "beheer"], themes: ["Natuur-_en_landschapsbeheer"], [.wms, .wfs, .shp],
      "ANNUAL"),
    .init(
      "Grondwaterstanden", "Peilbuizen met stijghoogten ten opzichte van NAP.",
      tags: ["grondwater", "peilbuizen", "coördinaten"], themes: ["Bodem"], [.csv, .wms],
      "MONTHLY"),
    .init(
      "Stiltegebieden", "Gebieden waar het geluid van de natuur overheerst.",
      tags: ["geluid", "stilte"], themes: ["Geluid_(thema)"], [.wms, .gml], "IRREG"),
    .init(
      "Windturbines", "Plaats, ashoogte en vermogen van windturbines.",
      tags: ["energie", "windmolens", "coördinaten"], themes: ["Energie"], [.csv, .geojson],
      "QUARTERLY"),
    .init(
      "Bedrijventerreinen", "Omvang en uitgifte van bedrijventerreinen (IBIS).",
      tags: ["economie", "bedrijven"], themes: ["Ondernemen", "Economie"], [.xlsx, .wms],
      "ANNUAL"),
    .init(
      "Verkeersongevallen", "Geregistreerde ongevallen op provinciale wegen.",
      tags: ["verkeer", "ongevallen", "veiligheid"], themes: ["Weg_(thema)"], [.csv], "ANNUAL"),
    .init(
      "Archeologische verwachting", "Kans op archeologische waarden in de bodem.",
      tags: ["archeologie", "bodem", "erfgoed"], themes: ["Cultuur_(thema)", "Bodem"],
      [.wms, .pdf], "IRREG"),
  ]

  static let water: [SampleSubject] = [
    .init(
      "Waterstanden", "Waterstanden bij stuwen en gemalen, elke tien minuten gemeten.",
      tags: ["waterstanden", "peil"], themes: ["Waterkeringen_en_waterbeheer"], [.csv, .json],
      "CONT"),
    .init(
      "Waterkwaliteit", "Chemische en biologische metingen volgens de Kaderrichtlijn Water.",
      tags: ["waterkwaliteit", "KRW"], themes: ["Natuur_en_milieu"], [.csv, .xml], "MONTHLY"),
    .init(
      "Legger waterkeringen", "Ligging, vorm en afmetingen van dijken en kaden.",
      tags: ["dijken", "legger"], themes: ["Waterkeringen_en_waterbeheer"], [.gml, .wms, .wfs],
      "ANNUAL"),
    .init(
      "Rioolwaterzuivering", "Influent en effluent van de zuiveringsinstallaties.",
      tags: ["riolering", "zuivering"], themes: ["Waterschappen"], [.csv, .xlsx], "QUARTERLY"),
    .init(
      "Baggerplan", "Watergangen die dit jaar gebaggerd worden.", tags: ["bagger", "onderhoud"],
      themes: ["Waterkeringen_en_waterbeheer"], [.pdf, .shp], "ANNUAL"),
    .init(
      "Zwemwater", "Oordeel over de kwaliteit van zwemplekken.", tags: ["zwemwater", "recreatie"],
      themes: ["Recreatie_(thema)", "Gezondheidsrisico's"], [.json, .csv], "WEEKLY"),
    .init(
      "Vispassages", "Voorzieningen waarlangs vissen stuwen en gemalen passeren.",
      tags: ["vissen", "natuur", "coördinaten"], themes: ["Dieren_(thema)"], [.geojson], "ANNUAL"),
  ]

  /// Of the datasets that day 2 brings.
  static let arrivals: [SampleSubject] = [
    .init(
      "Laadpalen", "Openbare laadpunten voor elektrische auto's, met hun coördinaten.",
      tags: ["laadpalen", "verkeer", "coördinaten"], themes: ["Verkeer_(thema)", "Energie"],
      [.geojson, .csv], "DAILY"),
    .init(
      "Vaarwegen", "Bevaarbaarheid en doorvaarthoogten van vaarwegen.", tags: ["vaarwegen"],
      themes: ["Water_(verkeer-thema)"], [.wfs], "QUARTERLY"),
    .init(
      "Bruggen en sluizen", "Bedieningstijden en storingen van bruggen en sluizen.",
      tags: ["bruggen", "sluizen", "verkeer"], themes: ["Water_(verkeer-thema)"], [.json],
      "CONT"),
    .init(
      "Uitslag verkiezingen", "Stemmen per lijst, kandidaat en stembureau.",
      tags: ["verkiezingen", "stembureaus"], themes: ["Parlement"], [.csv, .xml], "IRREG"),
  ]

  static let national: [String: [SampleSubject]] = [
    "Centraal_Bureau_voor_de_Statistiek": [
      .init(
        "Bevolking; kerncijfers", "Bevolking naar geslacht, leeftijd en burgerlijke staat.",
        tags: ["bevolking", "statistiek"], themes: ["Bestuur"], [.odata, .csv], "ANNUAL"),
      .init(
        "Consumentenprijzen", "Prijsindexcijfers van goederen en diensten, 2015=100.",
        tags: ["inflatie", "prijzen"], themes: ["Economie", "Handel"], [.odata, .csv], "MONTHLY"),
      .init(
        "Voortijdig schoolverlaters", "Leerlingen die zonder startkwalificatie stoppen.",
        tags: ["onderwijs", "schoolverlaters"], themes: ["Voortgezet_onderwijs_(thema)"],
        [.odata], "ANNUAL"),
    ],
    "Dienst_voor_het_kadaster_en_de_openbare_registers": [
      .init(
        "Basisregistratie Adressen en Gebouwen (BAG)",
        "Adressen en gebouwen met hun coördinaten.",
        tags: ["BAG", "adressen", "coördinaten"], themes: ["Ruimte_en_infrastructuur"],
        [.xml, .wfs, .zip], "DAILY"),
      .init(
        "Basisregistratie Topografie TOP10NL", "Topografie op de schaal 1:10.000.",
        tags: ["BRT", "topografie"], themes: ["Ruimte_en_infrastructuur"], [.gml, .wms],
        "QUARTERLY"),
      .init(
        "Koopsommen van woningen", "Gemiddelde koopsom per provincie en woningtype.",
        tags: ["woningen", "prijzen"], themes: ["Kopen_en_verkopen"], [.csv, .xlsx], "MONTHLY"),
    ],
    "Rijkswaterstaat": [
      .init(
        "Verkeersongevallen (BRON)", "Bestand geregistreerde ongevallen van het hele land.",
        tags: ["verkeer", "ongevallen"], themes: ["Weg_(thema)"], [.zip, .csv], "ANNUAL"),
      .init(
        "Nationaal Wegenbestand", "Alle wegen met een naam of nummer en hun beheerder.",
        tags: ["wegen", "verkeer"], themes: ["Weg_(thema)", "Netwerken"], [.wfs, .shp], "MONTHLY"),
      .init(
        "Waterinfo metingen", "Waterstand, golven en temperatuur op zee en op de rivieren.",
        tags: ["waterstanden", "golven"], themes: ["Water_(verkeer-thema)"], [.json], "CONT"),
    ],
    "Koninklijk_Nederlands_Meteorologisch_Instituut": [
      .init(
        "Daggegevens van het weer", "Etmaalwaarden van temperatuur, neerslag en wind.",
        tags: ["weer", "klimaat"], themes: ["Natuur_en_milieu"], [.csv, .netcdf], "DAILY"),
      .init(
        "Neerslagradar", "Radarbeelden van de neerslag, elke vijf minuten.",
        tags: ["neerslag", "radar"], themes: ["Natuur_en_milieu"], [.netcdf], "CONT"),
      .init(
        "Aardbevingscatalogus", "Natuurlijke en geïnduceerde bevingen sinds 1904.",
        tags: ["aardbevingen", "Groningen"], themes: ["Bodem", "Rampen"], [.csv, .xml], "IRREG"),
    ],
    "Rijksinstituut_voor_Volksgezondheid_en_Milieu": [
      .init(
        "Landelijk Meetnet Luchtkwaliteit", "Uurwaarden van alle stations van het meetnet.",
        tags: ["luchtkwaliteit", "stikstof"], themes: ["Lucht"], [.csv, .json], "DAILY"),
      .init(
        "Vaccinatiegraad", "Aandeel gevaccineerde kinderen per gemeente.",
        tags: ["vaccinatie", "gezondheid"], themes: ["Ziekten_en_behandelingen"], [.csv, .xlsx],
        "ANNUAL"),
      .init(
        "Geluid in Nederland", "Berekende geluidbelasting van weg, spoor en luchtvaart.",
        tags: ["geluid", "verkeer"], themes: ["Geluid_(thema)"], [.wms], "IRREG"),
    ],
    "RDW_(Dienst_Wegverkeer)": [
      .init(
        "Gekentekende voertuigen", "Alle voertuigen met een Nederlands kenteken.",
        tags: ["voertuigen", "kentekens"], themes: ["Verkeer_(thema)"], [.json, .csv], "DAILY"),
      .init(
        "Terugroepacties", "Voertuigen met een bekend gebrek.", tags: ["voertuigen", "veiligheid"],
        themes: ["Verkeer_(thema)"], [.json], "WEEKLY"),
      .init(
        "Open data parkeren", "Parkeerregelingen en gebieden van alle gemeenten.",
        tags: ["parkeren", "verkeer"], themes: ["Weg_(thema)"], [.json, .csv], "DAILY"),
    ],
    "Dienst_Uitvoering_Onderwijs": [
      .init(
        "Adressen van scholen", "Vestigingen in het basis- en voortgezet onderwijs.",
        tags: ["scholen", "onderwijs"], themes: ["Basisonderwijs_(thema)"], [.csv], "MONTHLY"),
      .init(
        "Leerlingen per opleiding", "Inschrijvingen in het mbo op 1 oktober.",
        tags: ["leerlingen", "mbo"], themes: ["Beroepsonderwijs_(thema)"], [.csv, .xlsx],
        "ANNUAL"),
      .init(
        "Diploma's hoger onderwijs", "Behaalde diploma's per instelling en opleiding.",
        tags: ["diploma's", "onderwijs"], themes: ["Hoger_onderwijs_(thema)"], [.csv], "ANNUAL"),
    ],
    "Rijksdienst_voor_het_Cultureel_Erfgoed": [
      .init(
        "Rijksmonumentenregister", "Beschermde monumenten met omschrijving en coördinaten.",
        tags: ["monumenten", "erfgoed", "coördinaten"], themes: ["Cultuur_(thema)"],
        [.json, .wfs], "DAILY"),
      .init(
        "Beschermde stads- en dorpsgezichten", "Grenzen van beschermde gezichten.",
        tags: ["erfgoed", "stadsgezichten"], themes: ["Cultuur_(thema)"], [.wms, .gml], "IRREG"),
      .init(
        "Scheepswrakken", "Bekende wrakken onder water.", tags: ["archeologie", "wrakken"],
        themes: ["Cultuur_(thema)", "Water_(verkeer-thema)"], [.csv], "IRREG"),
    ],
  ]
}

/// How a resource comes.
struct SampleFormat: Sendable {
  /// Last part of a URI in the EU's file-type list.
  var code: String
  /// Last part of a URI in IANA's media types.
  var mediaType: String
  var isService = false

  static let csv = SampleFormat(code: "CSV", mediaType: "text/csv")
  static let json = SampleFormat(code: "JSON", mediaType: "application/json")
  static let geojson = SampleFormat(code: "GEOJSON", mediaType: "application/geo+json")
  static let xml = SampleFormat(code: "XML", mediaType: "application/xml")
  static let gml = SampleFormat(code: "GML", mediaType: "application/gml+xml")
  static let zip = SampleFormat(code: "ZIP", mediaType: "application/zip")
  static let shp = SampleFormat(code: "SHP", mediaType: "application/zip")
  static let pdf = SampleFormat(code: "PDF", mediaType: "application/pdf")
  static let netcdf = SampleFormat(code: "NETCDF", mediaType: "application/octet-stream")
  static let xlsx = SampleFormat(
    code: "XLSX",
    mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
  static let wms = SampleFormat(code: "WMS_SRVC", mediaType: "image/png", isService: true)
  static let wfs = SampleFormat(
    code: "WFS_SRVC", mediaType: "application/gml+xml", isService: true)
  static let odata = SampleFormat(code: "JSON", mediaType: "application/json", isService: true)
}
