/// Where the value lists of a portal are, and how often they are read.
struct ListSettings: Sendable {
  var lists: [ValueList]
  var every = Duration.seconds(24 * 3600)

  /// Where data.overheid.nl publishes its lists. They are made for the fields of DONL, so no other
  /// portal is given them unless `lists.url` says so.
  static let standardFolder = "https://waardelijsten.dcat-ap-donl.nl"

  /// No lists when the portal has none that we know of.
  init(_ settings: Settings.Lists, of portal: PortalAddress) throws {
    every = settings.every
    let standard = portal.host == "data.overheid.nl" ? Self.standardFolder : nil
    lists =
      try (settings.url ?? standard).map { folder in
        try ValueListTable.standard().lists(in: folder, origin: portal.origin)
      } ?? []
  }
}
