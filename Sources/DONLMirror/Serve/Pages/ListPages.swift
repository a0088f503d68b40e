import Foundation

/// Value lists, and the themes as a tree.
extension SitePages {
  func themes() throws -> Context {
    let datasets = try responder.themes(state)
    var names: [String: String] = [:]
    var parents: [(uri: String, parent: String?)] = []
    try state.snapshot.eachRow(
      "SELECT uri, coalesce(\(labelColumn), label_nl, uri), parent FROM themes ORDER BY 2"
    ) { row in
      guard let uri = row.text(0) else { return }
      names[uri] = row.text(1)
      parents.append((uri, row.text(2)))
    }
    let below = Dictionary(grouping: parents) { $0.parent ?? "" }
    var placed: Set<String> = []
    func branch(_ uri: String) -> Context? {
      // A list may name a theme as its own ancestor.
      guard placed.insert(uri).inserted else { return nil }
      let branches = below[uri, default: []].compactMap { branch($0.uri) }
      return [
        "label": names[uri] ?? uri, "count": number(datasets[uri]?.count ?? 0),
        "href": href(search: "theme", uri), "below": branches, "has_below": !branches.isEmpty,
      ]
    }
    // Of what stands below nothing that is on the list, and then what is left: a ring.
    let tops = parents.filter { theme in theme.parent.map { names[$0] == nil } ?? true }
    let themes = (tops + parents).compactMap { branch($0.uri) }
    return ["themes": themes, "has_themes": !themes.isEmpty]
  }

  func lists() throws -> Context {
    let lists = try state.reader.lists().map { list -> Context in
      [
        "name": list.list, "href": "\(root)/list/\(list.list.percentEncoded)",
        "entries": number(list.entries), "removed": number(list.removed),
        "stale": number(list.staleDisplayNames), "failure": list.failure ?? "",
        "checked": list.checkedAt ?? "", "checked_text": Self.day(list.checkedAt, withTime: true),
      ]
    }
    return ["lists": lists]
  }

  private static let entriesShown = 2_000

  func list(_ name: String) throws -> Context {
    let list = try state.reader.list(name)
    let entries = list.entries.prefix(Self.entriesShown).map { entry -> Context in
      let label =
        (language == .dutch ? entry.labelNl : entry.labelEn ?? entry.labelNl) ?? entry.uri
      let past = entry.earlier.compactMap { earlier in
        (language == .dutch ? earlier.labelNl : earlier.labelEn ?? earlier.labelNl).map {
          "\(Self.day(earlier.observedAt)): \($0)"
        }
      }
      let removed = entry.removedAt.map { ["\(text("removed")) \(Self.day($0))"] } ?? []
      return [
        "label": label, "uri": entry.uri, "seen": Self.day(entry.firstSeen),
        "past": (past + removed).joined(separator: "; "), "gone": entry.removedAt != nil,
      ]
    }
    var context: Context = [
      "name": list.overview.list, "url": list.overview.url, "entries": entries,
      "has_stale": !list.staleDisplayNames.isEmpty,
      "stale": list.staleDisplayNames.prefix(200).map { stale -> Context in
        [
          "uri": stale.uri, "portal": stale.portalLabel, "list": stale.listLabel,
          "datasets": number(stale.datasets),
        ]
      },
    ]
    context["url_link"] = Self.link(list.overview.url)
    if list.entries.count > Self.entriesShown {
      context["more"] = "… \(number(list.entries.count - Self.entriesShown))"
    }
    return context
  }
}
