import Logging

/// Holds a mirror against its portal by a census, and writes nothing.
public struct PortalCheck: Sendable {
  public var settings: Settings
  /// For `HTTPS_PROXY` and `NO_PROXY`.
  public var environment: [String: String] = [:]
  public var clock = PortalClock()
  public var logger: Logger

  public init(settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// - Parameters:
  ///   - mirror: is read after the census, so that what a run stores meanwhile is on both sides.
  ///   - portal: where the portal is; nil asks at the mirror's own `meta.source`.
  /// - Throws: `Failure`: 78 when the mirror is of another portal, 69, 75 or 76 as the portal
  ///   fails, 75 also when the portal's list proves nothing.
  public func run(_ mirror: MirrorReader, at portal: String?) async throws -> PortalComparison {
    let source = try mirror.source() ?? ""
    let session = try Session(
      ofMirror: mirror.path, of: source, at: portal,
      // The sample has no address of its own.
      named: source.hasPrefix("http") ? nil : source, remedy: "set portal.url", consequence: "",
      settings, environment: environment,
      clock: clock, logger: logger)
    let listing = try await session.asking { portal, _ in
      do {
        return try await list(portal, session.logger)
      } catch let error as PortalError where error.nature != .interrupted {
        throw Failure(error)
      } catch is PortalError {
        throw CancellationError()
      }
    }
    let (datasets, missing) = try mirror.inventory()
    return switch listing {
    case .rows(let rows):
      PortalComparison(datasets, missing: missing, with: rows, source: source)
    case .names(let names):
      PortalComparison(datasets, missing: missing, withNames: names, source: source)
    }
  }

  private enum Listing: Sendable {
    case rows([CensusRow])
    case names(Set<String>)
  }

  private func list(_ portal: Portal, _ logger: Logger) async throws -> Listing {
    let listing = IDListing(
      portal: portal,
      limits: DeletionLimits(settings.deletions),
      skipLimit: settings.portal.skipLimit, logger: logger)
    guard var (walk, rows) = try await list(listing, expecting: 0) else {
      return .names(try await names(listing))
    }
    // As in a census: what is not exact is listed again, and believed when it is whole.
    if !walk.isExact {
      guard let again = try await list(listing, expecting: walk.count) else {
        return .names(try await names(listing))
      }
      (walk, rows) = again
    }
    guard walk.count == 0 || walk.taken > 0 else {
      throw PortalError(
        reason: .shortListing, nature: .notCKAN,
        message: "The portal counts \(counted(walk.count, "dataset")) and lists none.")
    }
    guard walk.isWhole else {
      throw unproven("it counts \(walk.count) and listed \(walk.taken)")
    }
    return .rows(rows)
  }

  /// - Returns: nil when the portal does not list its ids in order.
  private func list(
    _ listing: IDListing, expecting count: Int
  ) async throws -> (walk: Walk, rows: [CensusRow])? {
    var rows: [CensusRow] = []
    var lesson: PageLesson?
    let walk = try await listing.read(
      expecting: count, lesson: &lesson, at: Timestamp.text(clock.now())
    ) { rows += $0 }
    guard let walk, walk.isOrdered else { return nil }
    return (walk, rows)
  }

  private func names(_ listing: IDListing) async throws -> Set<String> {
    guard let names = try await listing.names() else {
      throw unproven("it names fewer datasets than it counts")
    }
    return names.names
  }

  private func unproven(_ why: String) -> Failure {
    Failure(
      .temporary, reason: "unproven_census",
      "The portal's list proves nothing: \(why); try again.")
  }
}

/// The mirror beside the portal, by id and stamp.
public struct PortalComparison: Sendable, Equatable, Encodable {
  public enum Kind: String, Sendable, Encodable {
    case onlyHere = "only_here"
    case onlyThere = "only_there"
    case otherStamp = "other_stamp"
  }

  public struct Difference: Sendable, Equatable, Encodable {
    public var kind: Kind
    /// The id; where the portal tells names only, the name.
    public var id: String
    public var name: String?
    public var here: String?
    public var there: String?
    /// Why it is no wonder: held back, still active, in quarantine, not served. Nil when it is one.
    public var explanation: String?
  }

  public var source: String
  /// Live datasets in the mirror.
  public var here: Int
  /// Datasets that the portal lists.
  public var there: Int
  /// False when the portal gives its list of names only: then stamps were not compared.
  public var comparesStamps: Bool
  /// In the order of ids.
  public var differences: [Difference]

  /// Differences that nothing explains: what the next run should mend.
  public var unexplained: Int { differences.count { $0.explanation == nil } }
}

extension PortalComparison {
  /// Stamps are compared in milliseconds, as the portal's index keeps them.
  init(
    _ datasets: [StoredDataset], missing: MissingRecords, with listed: [CensusRow], source: String
  ) {
    var there = Dictionary(listed.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    self.init(
      source: source, here: datasets.count, there: there.count, comparesStamps: true,
      differences: [])
    for dataset in datasets {
      guard let row = there.removeValue(forKey: dataset.id) else {
        differences.append(Difference(onlyHere: dataset))
        continue
      }
      let stamps = [dataset.metadataModified, row.metadataModified]
      let compared = stamps.map { $0.map(Harvest.milliseconds) }
      guard compared[0] != compared[1] else { continue }
      differences.append(
        Difference(
          kind: .otherStamp, id: dataset.id, name: dataset.name, here: stamps[0], there: stamps[1],
          explanation: missing.explanation(of: dataset.id)))
    }
    differences += there.values.map { row in
      Difference(
        kind: .onlyThere, id: row.id, there: row.metadataModified,
        explanation: missing.explanation(of: row.id))
    }
    differences.sort { $0.id.precedes($1.id) }
  }

  /// By names, which prove the set and not the stamps. A rename shows as two differences.
  init(
    _ datasets: [StoredDataset], missing: MissingRecords, withNames names: Set<String>,
    source: String
  ) {
    let known = Set(datasets.compactMap(\.name))
    self.init(
      source: source, here: datasets.count, there: names.count, comparesStamps: false,
      differences: datasets.filter { $0.name.map { !names.contains($0) } ?? false }
        .map(Difference.init(onlyHere:))
        + names.subtracting(known).sorted().map { name in
          // Some portals name a dataset by its id.
          Difference(
            kind: .onlyThere, id: name, name: name, explanation: missing.explanation(of: name))
        })
  }
}

extension PortalComparison.Difference {
  fileprivate init(onlyHere dataset: StoredDataset) {
    self.init(
      kind: .onlyHere, id: dataset.id, name: dataset.name, here: dataset.metadataModified,
      explanation: dataset.absence)
  }
}
