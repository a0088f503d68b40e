/// The words of the pages, in Dutch and in English.
enum PageTexts {
  static func texts(_ language: LabelLanguage) -> [String: String] {
    var texts = all.mapValues { language == .dutch ? $0.0 : $0.1 }
    texts["other_lang"] = language == .dutch ? "en" : "nl"
    texts["other_name"] = language == .dutch ? "English" : "Nederlands"
    return texts
  }

  private static let all: [String: (String, String)] = [
    "about": ("Over deze dataset", "About this dataset"),
    "after": ("Daarna", "After"),
    "all_runs": ("Alle runs", "All runs"),
    "area": ("Gebied", "Area"),
    "as_of": ("volledig op", "complete as of"),
    "at_portal": ("Op het portaal", "At the portal"),
    "before": ("Daarvoor", "Before"),
    "check": ("Controle", "Check"),
    "checked": ("Nagekeken", "Checked"),
    "checks": ("Controles", "Checks"),
    "chosen": ("Gekozen filters", "Chosen filters"),
    "copy_of": ("Een kopie van", "A copy of"),
    "create": ("nieuw", "new"),
    "created": ("Nieuw", "New"),
    "dataset": ("Dataset", "Dataset"),
    "datasets": ("Datasets", "Datasets"),
    "delete": ("verwijderd", "deleted"),
    "deleted": ("Verwijderd", "Deleted"),
    "deleted_at": ("Verwijderd op", "Deleted on"),
    "entries": ("Waarden", "Entries"),
    "fields": ("Velden", "Fields"),
    "figures": ("Stand van zaken", "How things stand"),
    "filters": ("Filters", "Filters"),
    "first_seen": ("Sinds", "Since"),
    "follow_changes": (
      "Volg de wijzigingen van deze eigenaar (Atom)", "Follow the changes of this owner (Atom)"
    ),
    "forgotten": (
      "Wat er veranderde, is niet bewaard.", "What changed was not kept."
    ),
    "format": ("Formaat", "Format"),
    "healthy": ("Alles is in orde.", "All is well."),
    "held": ("Aangehouden", "Held"),
    "history": ("Geschiedenis", "History"),
    "label": ("Naam", "Label"),
    "last_runs": ("Laatste runs", "Last runs"),
    "latest_changes": ("Laatste wijzigingen", "Latest changes"),
    "license": ("De gegevens zijn CC-0.", "The data are CC-0."),
    "license_facet": ("Licentie", "Licence"),
    "list": ("Waardelijst", "Value list"),
    "list_says": ("De lijst zegt", "The list says"),
    "lists": ("Waardelijsten", "Value lists"),
    "map": ("Bekijk op de kaart (OpenStreetMap)", "Look at the map (OpenStreetMap)"),
    "message": ("Melding", "Message"),
    "mode": ("Soort", "Mode"),
    "modified": ("gewijzigd", "modified"),
    "most_frequent": ("Meest voorkomend", "Most frequent"),
    "navigation": ("Hoofdmenu", "Main menu"),
    "next": ("Volgende", "Next"),
    "no_list": (
      "De lijst van thema's is nog niet opgehaald.", "The list of themes was not fetched yet."
    ),
    "not_found": ("Niet gevonden", "Not found"),
    "not_found_text": (
      "Deze pagina bestaat niet, of niet meer.", "There is no such page, or not any more."
    ),
    "nothing": ("Niets.", "Nothing."),
    "nothing_wrong": ("Niets gevonden.", "Nothing was found."),
    "outcome": ("Uitkomst", "Outcome"),
    "owner": ("Data-eigenaar", "Data owner"),
    "owners": ("Data-eigenaren en kwaliteit", "Data owners and quality"),
    "owners_only": ("Data-eigenaren", "Data owners"),
    "page": ("Bladzijde", "Page"),
    "pages": ("Bladzijden", "Pages"),
    "points": ("Punten", "Points"),
    "points_of": (
      "Punten volgens de methode van data.europa.eu (MQA), van 405.",
      "Points by the method of data.europa.eu (MQA), out of 405."
    ),
    "portal_says": ("Het portaal zegt", "The portal says"),
    "previous": ("Vorige", "Previous"),
    "rejected": ("Afgekeurd", "Rejected"),
    "remove": ("verwijder", "remove"),
    "removed": ("Vervallen", "Removed"),
    "resource": ("bron", "resource"),
    "resources": ("Bronnen", "Resources"),
    "runs": ("Runs", "Runs"),
    "search": ("Zoek", "Search"),
    "search_datasets": ("Zoek datasets", "Search datasets"),
    "skip": ("Naar de inhoud", "To the content"),
    "stale": ("Verouderde namen", "Stale names"),
    "stale_why": (
      "Het portaal noemt deze waarden anders dan de lijst nu.",
      "The portal calls these values otherwise than the list does now."
    ),
    "status_facet": ("Status", "Status"),
    "successor": (
      "De dataset die nu zo heet", "The dataset that bears the name now"
    ),
    "tags": ("Trefwoorden", "Tags"),
    "theme": ("Thema", "Theme"),
    "themes": ("Thema's", "Themes"),
    "to_work_off": ("Af te werken", "To work off"),
    "touched": ("Aangeraakt", "Touched"),
    "trend": ("Verloop", "Trend"),
    "update": ("gewijzigd", "changed"),
    "updated": ("Gewijzigd", "Changed"),
    "value": ("Waarde", "Value"),
    "what": ("Wat", "What"),
    "when": ("Wanneer", "When"),
    "where": ("Waar", "Where"),
    "why": ("Waarom", "Why"),
    "words": ("Woorden", "Words"),
    "wrong": ("Wat er aan schort", "What is wrong with it"),
  ]
}
