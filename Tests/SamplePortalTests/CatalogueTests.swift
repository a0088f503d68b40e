import CKANServer
import Foundation
import NIOCore
import Testing

@testable import SamplePortal

func gunzip(_ bytes: ByteBuffer) throws -> ByteBuffer { try #require(Gzip.inflate(bytes)) }

@Suite("A catalogue")
struct CatalogueTests {
  private func withFile<Result>(_ bytes: ByteBuffer, _ body: (String) throws -> Result) throws
    -> Result
  {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes.readableBytesView).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
  }

  private let lines = ByteBuffer(string: #"{"id": "a"}"# + "\r\n\n" + #"{ "id":"b","x":"\\"}"#)

  @Test("is read from JSON Lines, plain or gzip, also of several members")
  func files() throws {
    let packed = try #require(Gzip.deflate(lines))
    var twice = try #require(Gzip.deflate(ByteBuffer(string: #"{"id": "c"}"# + "\n")))
    twice.writeImmutableBuffer(packed)

    for (bytes, ids) in [(lines, ["a", "b"]), (packed, ["a", "b"]), (twice, ["c", "a", "b"])] {
      let catalogue = try withFile(bytes) { try Catalogue(contentsOf: $0) }
      #expect(catalogue.records.map(\.id) == ids)
    }
    #expect(try Catalogue(jsonLines: lines).records.map(\.json).last == #"{ "id":"b","x":"\\"}"#)
  }

  @Test(
    "names the line that is no record",
    arguments: [
      "nonsense", "[]", #"{"id": 1}"#, #"{"name": "x"}"#, #"{"id": "a""#, #"{"id": "a"} x"#,
    ])
  func badLine(line: String) throws {
    #expect(throws: CatalogueError.badLine(3)) {
      try Catalogue(jsonLines: ByteBuffer(string: "{\"id\": \"z\"}\n\n\(line)\n"))
    }
  }

  @Test("tells a missing file from one cut short")
  func badFiles() throws {
    #expect(throws: CatalogueError.unreadable("/no/such")) { try Catalogue(contentsOf: "/no/such") }
    var packed = try #require(Gzip.deflate(lines))
    packed.moveWriterIndex(to: packed.writerIndex - 9)
    try withFile(packed) { path in
      _ = #expect(throws: CatalogueError.badGzip(path)) { try Catalogue(contentsOf: path) }
    }
  }

  @Test("keeps index order: what is written again moves to the end")
  func indexOrder() throws {
    var catalogue = try Catalogue(records: ["a", "b", "c"].map { record($0) })
    for round in 0..<200 { try catalogue.put(record("a", name: "n\(round)")) }
    catalogue.delete("b")
    try catalogue.put(record("b"))

    #expect(catalogue.records.map(\.id) == ["c", "a", "b"])
    #expect(catalogue["a"]?.name == "n199")
    #expect(catalogue.count == 3)
  }

  @Test("reads strings with escapes, and the last of two equal keys")
  func strings() throws {
    let catalogue = try Catalogue(records: [
      #"{"id": "a", "t": "x", "t": "q\"\\\u00e9\ud83d\ude00 \ud83d.\n", "l": ["1", 2, null, "\t"], "n": -1.5e3}"#
    ])
    let record = try #require(catalogue["a"])

    #expect(record.strings("t") == ["q\"\\é😀 \u{FFFD}.\n"])
    #expect(record.strings("l") == ["1", "\t"])
    #expect(record.strings("n") == ["-1.5e3"])
    #expect(record.strings("nosuch") == [])
  }

  @Test("gives ids in the shape of UUIDs and dates that turn over right")
  func shapes() {
    #expect(UUID(uuidString: uuid("x")) != nil)
    #expect(uuid("x") == uuid("x"))
    for text in ["1969-12-31T23:59:59", "2000-02-29T00:00:00", "2026-11-23T20:29:42"] {
      #expect(SolrDate(naive: text)?.naiveSeconds == text)
    }
    #expect(SolrDate(naive: "2026-11-23T20:29:42.0109")?.indexForm == "2026-11-23T20:29:42.010Z")
    #expect(SolrDate(naive: "2026-13-01T00:00:00") == nil)
  }
}
