/// What a portal holds and remembers.
struct PortalState: Sendable {
  private(set) var catalogue: Catalogue
  var settings: SamplePortal.Settings {
    didSet { found = [] }
  }
  var intercept: SamplePortal.Intercept?
  var script = RunningScript(SamplePortal.FaultScript())
  var requests: [SamplePortal.Request] = []
  /// The last answer to each action.
  var answers: [String: SamplePortal.Answer] = [:]

  /// The matches of the latest searches: the pages of one walk share them.
  private var found: [(key: String, matches: [Catalogue.Record])] = []
  private static let searchesKept = 4

  /// Counts the changes of the catalogue.
  private(set) var revision = 0

  init(catalogue: Catalogue, settings: SamplePortal.Settings) {
    self.catalogue = catalogue
    self.settings = settings
  }

  mutating func update<Failure: Error>(
    _ change: (inout Catalogue) throws(Failure) -> Void
  ) throws(Failure) {
    defer {
      revision += 1
      found = []
    }
    try change(&catalogue)
  }

  func matches(_ key: String) -> [Catalogue.Record]? { found.first { $0.key == key }?.matches }

  /// Keeps what a search found, unless the catalogue has changed since.
  mutating func keep(_ matches: [Catalogue.Record], for key: String, revision: Int) {
    guard revision == self.revision, self.matches(key) == nil else { return }
    found = [(key, matches)] + found.prefix(Self.searchesKept - 1)
  }
}
