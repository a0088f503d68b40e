import CKANServer

/// The value lists of the sample, made by us: they hold every URI that the sample catalogue takes
/// from a list, and some that it does not use.
///
/// What is awkward is so on purpose. A municipality is on two lists and has two labels; one URI holds
/// commas, one holds spaces; most English labels are the Dutch ones; the identifiers of
/// ADMS:Changetype are no web addresses. On day 2 one theme is called otherwise and one municipality
/// has gone from both of its lists.
enum SampleList {
  /// An entry as a table has it.
  struct Term {
    var uri: String
    var dutch: String
    var english: String
    var parent: String?
    /// More members: `type`, `slug`.
    var rest: [(key: String, value: JSON)] = []

    init(_ uri: String, _ dutch: String, _ english: String? = nil, parent: String? = nil) {
      self.uri = uri
      self.dutch = dutch
      self.english = english ?? dutch
      self.parent = parent
    }

    func with(_ key: String, _ value: JSON) -> Term {
      var term = self
      term.rest.append((key, value))
      return term
    }
  }

  /// All lists of a day, by path.
  static func published(day: Int) -> [String: PublishedList] {
    let isFirst = day == 1
    let changed = "Sat, 21 Nov 2026 22:00:07 GMT"
    let files: [(String, JSON)] =
      terms(isFirstDay: isFirst).map { ($0.key, standard($0.value)) }
      + [("overheid_license.json", Licence.register), ("ckan_license.json", Licence.register)]
    var lists: [String: PublishedList] = [
      Catalogue.communitiesPath: PublishedList(communities.text)
    ]
    for (file, json) in files {
      lists[Catalogue.listsPath + "/" + file] = PublishedList(
        json.text, lastModified: isFirst ? "Fri, 20 Nov 2026 22:00:07 GMT" : changed)
    }
    return lists
  }

  /// The shape of all lists but the licence registers: an object keyed by URI.
  private static func standard(_ terms: [Term]) -> JSON {
    let isHierarchy = terms.contains { $0.parent != nil }
    return .object(
      terms.map { term in
        var members: [(key: String, value: JSON)] = [
          ("labels", ["nl-NL": .string(term.dutch), "en-US": .string(term.english)])
        ]
        // Present and null for the top of a hierarchy.
        if isHierarchy { members.append(("parent", term.parent.map(JSON.string) ?? .null)) }
        return (term.uri, .object(members + term.rest))
      })
  }

  /// The shape of the site's own service: an array with children.
  private static let communities: JSON = [
    [
      "name": "Mobiliteit", "description": "Data over verkeer en vervoer.",
      "field_identifier": "https://data.overheid.nl/community/mobiliteit",
      "label_nl": "Mobiliteit", "label_en": "Mobility",
      "children": [
        [
          "name": "Fiets", "description": "",
          "field_identifier": "https://data.overheid.nl/community/mobiliteit/fiets",
          "label_nl": "Fiets", "label_en": "Cycling",
        ]
      ],
    ],
    [
      "name": "Rechtspraak", "description": "",
      "field_identifier": "https://data.overheid.nl/community/rechtspraak",
      "label_nl": "Rechtspraak", "label_en": "Judiciary", "children": [],
    ],
  ]

  private static func terms(isFirstDay: Bool) -> [String: [Term]] {
    var lists = unchanging
    let gone = Term(SampleOwner.terms + "Haaren", "Haaren")
    lists["overheid_taxonomiebeleidsagenda.json"] = themes(isFirstDay: isFirstDay)
    lists["overheid_spatial_gemeente.json"] = municipalities + (isFirstDay ? [gone] : [])
    lists["donl_organization.json"] =
      organizations
      + (isFirstDay ? [Term(gone.uri, "Gemeente Haaren").with("type", "Gemeente")] : [])
    return lists
  }

  // MARK: Lists that follow from the owners

  private static let municipalities: [Term] =
    places(.municipality) + [Term(torn, "Nuenen, Gerwen en Nederwetten")]

  /// Holds commas, at which the portal tears it apart.
  private static let torn = SampleOwner.terms + "Nuenen,_Gerwen_en_Nederwetten"

  private static let organizations: [Term] =
    (SampleOwner.all + [.electoralCouncil]).map { owner in
      let isRegister = owner.term == "Dienst_voor_het_kadaster_en_de_openbare_registers"
      let label =
        isRegister ? "Dienst voor het kadaster en de openbare registers" : owner.title
      return Term(owner.uri, label).with("type", .string(owner.kind.dutch))
    } + [
      Term(torn, "Gemeente Nuenen, Gerwen en Nederwetten").with("type", "Gemeente"),
      Term("http://data.overheid.nl/organisatie/Stichting IPSE Studies", "Stichting IPSE Studies")
        .with("type", nil),
    ]

  static func places(_ kind: SampleOwner.Kind) -> [Term] {
    SampleOwner.all.filter { $0.kind == kind }.map { Term($0.uri, $0.area) }
  }

  // MARK: Themes

  private static func themes(isFirstDay: Bool) -> [Term] {
    themeTree.flatMap { top in
      [theme(top.term, english: top.english)]
        + top.below.map { term in
          var theme = theme(term, parent: SampleOwner.terms + top.term)
          if term == "Beroepsonderwijs_(thema)", !isFirstDay {
            theme.dutch = "Middelbaar beroepsonderwijs"
            theme.english = theme.dutch
          }
          return theme
        }
    }
  }

  private static func theme(
    _ term: String, english: String? = nil, parent: String? = nil
  ) -> Term {
    let label = term.replacing("_(thema)", with: "").replacing("_(verkeer-thema)", with: "")
      .replacing("_", with: " ").replacing("Financien", with: "Financiën")
    return Term(SampleOwner.terms + term, label, english, parent: parent)
  }

  private static let themeTree: [(term: String, english: String, below: [String])] = [
    ("Bestuur", "Government", ["Gemeenten", "Parlement", "Waterschappen"]),
    ("Cultuur_en_recreatie", "Culture and recreation", ["Cultuur_(thema)", "Recreatie_(thema)"]),
    ("Economie", "Economy", ["Handel", "Ondernemen", "Toerisme"]),
    ("Financien", "Finance", ["Begroting"]),
    ("Huisvesting_(thema)", "Housing", ["Bouwen_en_verbouwen", "Kopen_en_verkopen"]),
    ("Landbouw_(thema)", "Agriculture", ["Dieren_(thema)"]),
    (
      "Natuur_en_milieu", "Nature and environment",
      [
        "Afval_(thema)", "Bodem", "Energie", "Geluid_(thema)", "Lucht",
        "Natuur-_en_landschapsbeheer",
      ]
    ),
    (
      "Onderwijs_en_wetenschap", "Education and science",
      [
        "Basisonderwijs_(thema)", "Beroepsonderwijs_(thema)", "Hoger_onderwijs_(thema)",
        "Voortgezet_onderwijs_(thema)",
      ]
    ),
    (
      "Openbare_orde_en_veiligheid", "Public order and safety",
      ["Politie_brandweer_en_hulpdiensten", "Rampen"]
    ),
    (
      "Ruimte_en_infrastructuur", "Space and infrastructure",
      ["Netwerken", "Ruimtelijke_ordening", "Waterkeringen_en_waterbeheer"]
    ),
    ("Verkeer_(thema)", "Traffic", ["Weg_(thema)", "Water_(verkeer-thema)"]),
    (
      "Zorg_en_gezondheid", "Health and care",
      ["Gezondheidsrisico's", "Jongeren_(thema)", "Ziekten_en_behandelingen"]
    ),
  ]
}

extension SampleOwner.Kind {
  fileprivate var dutch: String {
    switch self {
    case .municipality: "Gemeente"
    case .province: "Provincie"
    case .waterBoard: "Waterschap"
    case .national: "Rijk"
    }
  }
}

extension JSON {
  var text: String { String(buffer: bytes) }
}
