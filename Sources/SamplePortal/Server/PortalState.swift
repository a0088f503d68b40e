import CKANServer

/// What a portal holds and remembers.
struct PortalState: Sendable {
  private(set) var catalogue: Catalogue
  var settings: SamplePortal.Settings
  var intercept: SamplePortal.Intercept?
  var script = RunningScript(SamplePortal.FaultScript())
  var requests: [SamplePortal.Request] = []
  /// The last answer to each action.
  var answers: [String: SamplePortal.Answer] = [:]

  /// The catalogue with its index, made when it is first asked for.
  private var indexed: MemoryCatalogue.Documents?

  init(catalogue: Catalogue, settings: SamplePortal.Settings) {
    self.catalogue = catalogue
    self.settings = settings
  }

  mutating func update<Failure: Error>(
    _ change: (inout Catalogue) throws(Failure) -> Void
  ) throws(Failure) {
    defer { indexed = nil }
    try change(&catalogue)
  }

  /// The catalogue as it answers now.
  mutating func served() -> MemoryCatalogue {
    let documents = indexed ?? MemoryCatalogue.Documents(catalogue)
    indexed = documents
    return MemoryCatalogue(catalogue, documents, settings)
  }
}
