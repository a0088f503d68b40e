import CKANServer
import NIOCore
import Testing

@Suite("The index")
struct IndexTests {
  /// A small generator, so that a failure can be told by its seed.
  private struct Chance {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  private static func record(_ key: Int, _ chance: inout Chance) -> String {
    let words = ["water", "weg", "lucht", "bodem", "Zee"]
    let title = (0..<1 + chance.next(3)).map { _ in words[chance.next(5)] }.joined(separator: " ")
    let tags = (0..<chance.next(3)).map { _ in #"{"name": "\#(words[chance.next(5)])"}"# }
    let extra = chance.next(6) == 0 ? #", "key\#(chance.next(3))": "v""# : ""
    return """
      {"id": "id-\(key)", "name": "name-\(chance.next(9))", "title": "\(title)", \
      "tags": [\(tags.joined(separator: ", "))], "metadata_modified": "2026-11-0\(1 + chance.next(9))T00:00:00"\
      \(extra)}
      """
  }

  private static func entry(_ key: Int, _ json: String) throws -> RecordIndex.Entry {
    let record = try PackageRecord(ByteBuffer(string: json))
    return RecordIndex.Entry(
      key: key, id: record.id, name: record.name, modified: record.modified,
      created: record.created)
  }

  private static let questions = [
    "*:*", "water", "title:zee", "tags:weg", "tags:*", "-tags:weg", "\"water weg\"", "b*",
    "key0:v OR key1:v", "+id:{\"id-2\" TO *]", "name:name-*",
    "metadata_modified:[* TO 2026-11-05T00:00:00Z]",
  ]

  /// What an index says, by the ids of its documents.
  private static func says(
    _ index: inout RecordIndex, _ records: [Int: String]
  ) throws -> [[String]] {
    let now = SolrDate(milliseconds: 0)
    let order = try SortOrder("title_string desc, metadata_modified asc")
    return try questions.map { question in
      let query = try SolrQueryParser.query(question, now: now)
      try index.prepare(query.fields.union(["title_string", "tags"])) { visit in
        for (key, record) in records { try visit(key, ByteBuffer(string: record)) }
      }
      let found = try index.matching(query) { records[$0].map { ByteBuffer(string: $0) } }
      let ids = index.ordered(by: order, named: "x").filter { found.contains(Int($0)) }
        .map { index.entries[Int($0)].id }
      let counts = index.counts(of: "tags", in: found).map { "\($0.value) \($0.count)" }.sorted()
      return ids + counts
    }
  }

  @Test("says after every change what one made anew says", arguments: 1...20)
  func changes(seed: Int) throws {
    var chance = Chance(state: UInt64(seed))
    var records: [Int: String] = [:]
    var index = RecordIndex([], breaksTiesByID: true)
    for step in 0..<120 {
      let key = chance.next(24)
      if chance.next(4) == 0 {
        records[key] = nil
        index.remove(key: key)
      } else {
        let json = Self.record(key, &chance)
        records[key] = json
        index.put(try Self.entry(key, json), ByteBuffer(string: json))
      }
      guard step.isMultiple(of: 7) else { continue }
      var anew = RecordIndex(
        try records.sorted { $0.key < $1.key }.map { try Self.entry($0.key, $0.value) },
        breaksTiesByID: true)
      #expect(try Self.says(&index, records) == Self.says(&anew, records))
      #expect(index.count == records.count)
    }
  }
}
