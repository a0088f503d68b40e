import Testing

@testable import DONLMirror

@Suite("The register of 2015", .enabled(if: SharedData.isPresent))
struct RegisterRecordsTests {
  @Test("has the changes that the contract's hash rule finds in it")
  func totals() throws {
    let normalizer = try Normalizer.register()
    var old: [String: (hash: String, record: ArraySlice<UInt8>)] = [:]
    for record in try SharedData.register("2015-04-11") {
      let dataset = try normalizer.normalize(record)
      old[dataset.id] = (dataset.contentHash, dataset.record)
    }

    var tally: [String: Int] = [:]
    for record in try SharedData.register("2015-04-17") {
      let dataset = try normalizer.normalize(record)
      let kind: String
      if let known = old.removeValue(forKey: dataset.id) {
        let isSameValue = try RecordComparison.isSameValue(known.record, dataset.record)
        kind = known.hash != dataset.contentHash ? "updated" : isSameValue ? "unchanged" : "touched"
        let changed = try RecordComparison.change(
          from: known.record, to: dataset.record
        ).fields
        #expect(changed.isEmpty == (kind != "updated"), "\(dataset.id)")
      } else {
        kind = "created"
      }
      tally[kind, default: 0] += 1
    }

    #expect(
      tally == ["created": 370, "updated": 949, "touched": 5088, "unchanged": 329])
    #expect(old.count == 162)
  }

  @Test("keeps every key of every record somewhere")
  func nothingLost() throws {
    let normalizer = try Normalizer.register()
    for bytes in try SharedData.register("2015-04-11") {
      let dataset = try normalizer.normalize(bytes)
      let known = Set(Self.structural + DatasetColumn.names + dataset.uriValues.map(\.field))
        .union(dataset.extras.map(\.key))
        .union(dataset.uriValues.filter { $0.portalLabel != nil }.map { $0.field + "_displayname" })
      var reader = JSONReader()

      let lost = try reader.read(Array(bytes)) { document in
        document.keys(of: document.root)
          .filter { !document.isEmpty(document.value(ofKey: $0)) }
          .map { document.key($0).text }.filter { !known.contains($0) }
      }

      #expect(lost == [], "\(dataset.id)")
      #expect(dataset.resources.count == dataset[.numResources].integer)
      #expect(dataset.tags.count == dataset[.numTags].integer)
      #expect(!dataset.isRepaired)
      #expect(Array(dataset.record) == Array(bytes))
    }
  }

  private static let structural = ["resources", "tags", "groups", "organization", "extras"]
}

extension Cell {
  var integer: Int? {
    guard case .integer(let value) = self else { return nil }
    return Int(value)
  }
}
