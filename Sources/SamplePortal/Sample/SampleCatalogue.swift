import CKANServer
import NIOCore

extension Catalogue {
  /// The days of the shipped sample.
  public static let sampleDays = 1...2

  /// The sample catalogue that ships with the project: some 300 datasets, made by us, with the
  /// fields and encodings of DCAT-AP-DONL 1.1; some of them awkward on purpose and named for it.
  ///
  /// The bytes are the same on every run. Day 2 is what a day does to day 1: 4 datasets are new, 3
  /// are deleted, 1 is deleted and made again under the same name with another id, 6 are edited, and
  /// 40 only touched: a new `metadata_modified` and new resource ids.
  ///
  /// - Parameter day: 1; any other number is day 2.
  public static func sample(day: Int) -> Catalogue { day == 1 ? firstDay : secondDay }

  private static let firstDay: Catalogue = {
    var catalogue = Catalogue()
    for dataset in Sample.datasets { catalogue.put(dataset.members) }
    catalogue.put(Sample.allFields)
    for members in Sample.awkward { catalogue.put(members) }
    catalogue.valueLists = SampleList.published(day: 1)
    return catalogue
  }()

  private static let secondDay: Catalogue = {
    var catalogue = firstDay
    catalogue.letADayPass()
    return catalogue
  }()

  private mutating func put(_ members: [(key: String, value: JSON)]) {
    // The tables make objects with an id, so there is nothing to refuse.
    if let record = try? Record(JSON.object(members).bytes) { put(record) }
  }

  private mutating func letADayPass() {
    let datasets = Sample.datasets
    for number in Sample.deleted { delete(datasets[number].id) }
    var clock = SolrDate.days(year: 2026, month: 11, day: 21) * 86_400_000_000 + 3_600_123_456
    func stamped(_ dataset: SampleDataset, edition: Int = 2) -> SampleDataset {
      var dataset = dataset
      clock += 7_000_321
      dataset.metadataModified = clock
      dataset.edition = edition
      return dataset
    }
    for number in Sample.touched { put(stamped(datasets[number]).members) }
    for (number, edit) in Sample.edits {
      var dataset = stamped(datasets[number])
      edit(&dataset)
      put(dataset.members)
    }
    var again = stamped(datasets[Sample.recreated])
    delete(again.id)
    again.id = uuid("dataset again \(again.key)")
    put(again.members)
    for dataset in Sample.new { put(stamped(dataset, edition: 1).members) }
    valueLists = SampleList.published(day: 2)
  }
}

/// What the sample is made of.
enum Sample {
  static let datasets: [SampleDataset] = {
    let pairs = SampleOwner.all.flatMap { owner in
      SampleSubject.of(owner).map { (owner, $0) }
    }
    return pairs.enumerated().map { SampleDataset($1.0, $1.1, number: $0) }
  }()

  /// Positions in `datasets` of what day 2 does to them.
  static let deleted = [17, 101, 240]
  static let recreated = 60
  static let edits: [(Int, @Sendable (inout SampleDataset) -> Void)] = [
    (5, { $0.status = "niet_beschikbaar" }),
    (32, { $0.status = "niet_beschikbaar" }),
    (77, { $0.licence = .ccBySa }),
    (120, { $0.title += " (herzien)" }),
    (150, { $0.notes += "\r\n\r\nDe meetmethode is per 20 november 2026 gewijzigd." }),
    (199, { $0.tags.append("herzien") }),
  ]

  static let touched: [Int] = {
    let others = Set(deleted + [recreated] + edits.map(\.0))
    return Array(
      stride(from: 1, to: datasets.count, by: 6).filter { !others.contains($0) }.prefix(40))
  }()

  static let new: [SampleDataset] = ["Amsterdam", "Fryslan", "Rijkswaterstaat", "Kiesraad"]
    .enumerated()
    .compactMap { index, term in
      guard let owner = (SampleOwner.all + [.electoralCouncil]).first(where: { $0.term == term })
      else { return nil }
      return SampleDataset(owner, .arrivals[index], number: datasets.count + index)
    }
}
