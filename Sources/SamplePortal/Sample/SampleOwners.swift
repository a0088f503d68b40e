/// A data owner and the CKAN organization under which it publishes.
struct SampleOwner: Sendable {
  enum Kind: Sendable { case municipality, province, waterBoard, national }

  var kind: Kind
  /// The last part of its URI in the list DONL:Organization.
  var term: String
  var title: String
  /// What its titles call the area: Amsterdam, Drenthe, Nederland.
  var area: String

  static let terms = "http://standaarden.overheid.nl/owms/terms/"
  private static let lists = "http://standaarden.overheid.nl/owms/4.0/doc/waardelijsten/overheid."

  var uri: String { Self.terms + term }
  var slug: String { slugify(title) }

  var spatialScheme: String {
    switch kind {
    case .municipality: Self.lists + "gemeente"
    case .province: Self.lists + "provincie"
    case .waterBoard: Self.lists + "waterschap"
    case .national: Self.lists + "koninkrijksdeel"
    }
  }

  var spatialValue: String { kind == .national ? Self.terms + "Nederland" : uri }

  private static func municipality(_ term: String, _ area: String) -> SampleOwner {
    SampleOwner(kind: .municipality, term: term, title: "Gemeente \(area)", area: area)
  }

  private static func province(_ term: String, _ area: String) -> SampleOwner {
    SampleOwner(kind: .province, term: term, title: "Provincie \(area)", area: area)
  }

  private static func waterBoard(_ term: String, _ title: String) -> SampleOwner {
    SampleOwner(kind: .waterBoard, term: term, title: title, area: title)
  }

  private static func national(_ term: String, _ title: String) -> SampleOwner {
    SampleOwner(kind: .national, term: term, title: title, area: "Nederland")
  }

  /// Appears on day 2.
  static let electoralCouncil = national("Kiesraad", "Kiesraad")

  /// More than 25, so that whoever reads `organization_list` must turn the page.
  static let all: [SampleOwner] = [
    municipality("Amsterdam", "Amsterdam"), municipality("Rotterdam", "Rotterdam"),
    municipality("'s-Gravenhage", "'s-Gravenhage"), municipality("Utrecht_(gemeente)", "Utrecht"),
    municipality("Eindhoven_(gemeente)", "Eindhoven"),
    municipality("Groningen_(gemeente)", "Groningen"),
    municipality("Tilburg_(gemeente)", "Tilburg"), municipality("Almere_(gemeente)", "Almere"),
    municipality("Breda_(gemeente)", "Breda"), municipality("Nijmegen_(gemeente)", "Nijmegen"),
    municipality("Enschede_(gemeente)", "Enschede"), municipality("Haarlem", "Haarlem"),
    municipality("Arnhem_(gemeente)", "Arnhem"),
    municipality("Amersfoort_(gemeente)", "Amersfoort"),
    municipality("Zwolle_(gemeente)", "Zwolle"), municipality("Leiden_(gemeente)", "Leiden"),
    municipality("Delft_(gemeente)", "Delft"),
    municipality("Sudwest_Fryslan", "Súdwest-Fryslân"),
    province("Drenthe", "Drenthe"), province("Flevoland", "Flevoland"),
    province("Fryslan", "Fryslân"), province("Gelderland", "Gelderland"),
    province("Zuid-Holland", "Zuid-Holland"), province("Noord-Brabant", "Noord-Brabant"),
    waterBoard("Waterschap_Rivierenland", "Waterschap Rivierenland"),
    waterBoard("Waterschap_Aa_en_Maas", "Waterschap Aa en Maas"),
    waterBoard("Hoogheemraadschap_van_Delfland", "Hoogheemraadschap van Delfland"),
    waterBoard("Waterschap_Hunze_en_Aa's", "Waterschap Hunze en Aa's"),
    national("Centraal_Bureau_voor_de_Statistiek", "Centraal Bureau voor de Statistiek"),
    national("Dienst_voor_het_kadaster_en_de_openbare_registers", "Kadaster"),
    national("Rijkswaterstaat", "Rijkswaterstaat"),
    national(
      "Koninklijk_Nederlands_Meteorologisch_Instituut",
      "Koninklijk Nederlands Meteorologisch Instituut"),
    national(
      "Rijksinstituut_voor_Volksgezondheid_en_Milieu",
      "Rijksinstituut voor Volksgezondheid en Milieu"),
    national("RDW_(Dienst_Wegverkeer)", "RDW"),
    national("Dienst_Uitvoering_Onderwijs", "Dienst Uitvoering Onderwijs"),
    national("Rijksdienst_voor_het_Cultureel_Erfgoed", "Rijksdienst voor het Cultureel Erfgoed"),
  ]
}

/// Lower-case letters, digits and single hyphens, as CKAN names have it.
func slugify(_ title: String) -> String {
  let plain: [Unicode.Scalar: Unicode.Scalar] = [
    "ú": "u", "â": "a", "ë": "e", "é": "e", "ö": "o", "ï": "i",
  ]
  return title.lowercased().unicodeScalars.map { plain[$0] ?? $0 }
    .split { !($0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))) }
    .map { word in word.reduce(into: "") { $0.unicodeScalars.append($1) } }
    .joined(separator: "-")
}
