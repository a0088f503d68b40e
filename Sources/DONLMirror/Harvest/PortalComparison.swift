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
