import Testing

@testable import DONLMirror

@Suite("A page") struct PageTests {
  @Test("gives the records, the count and the order of a search")
  func search() throws {
    let page = try Page(
      body: Array(
        #"""
        {"help": "]}\"{", "success": true, "result": {"count": 12, "sort": "id asc", "facets": {},
        "results": [{"id": "a", "x": "]}\\"}, {"id": "b", "y": [[{}]]} ], "search_facets": {}}}
        """#.utf8))

    #expect(page.count == 12)
    #expect(page.sort == "id asc")
    #expect(records(of: page) == [#"{"id": "a", "x": "]}\\"}"#, #"{"id": "b", "y": [[{}]]}"#])
  }

  @Test("does not let a bad record disturb its neighbors")
  func badRecords() throws {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    let bad: [[UInt8]] = [
      Array(#"{"id":"1e","n":1e,"m":+5,"k":nul}"#.utf8), Array("{\"id\":\"c\u{1}\n\"}".utf8),
      [0x7B, 0x22, 0xFF, 0xC3, 0x22, 0x3A, 0x31, 0x7D], Array(#"{"s":"\ud800\q"}"#.utf8),
      Array(deep.utf8), Array("1e999".utf8),
    ]
    let good = Array(#"{"id":"good"}"#.utf8)
    var body = Array(#"{"success":true,"result":{"count":7,"results":["#.utf8)
    for record in bad { body += record + [0x2C] + good + [0x2C] }
    body += good + Array("]}}".utf8)

    let page = try Page(body: body)

    #expect(page.records.count == 2 * bad.count + 1)
    for (index, record) in bad.enumerated() {
      #expect(Array(page[2 * index]) == record)
      #expect(Array(page[2 * index + 1]) == good)
    }
  }

  @Test("is read without an envelope, from a list, from one record, and after a BOM")
  func shapes() throws {
    let legacy = try Page(body: Array(#"{"count": 8, "results": [{"id":"a"}]}"#.utf8))
    #expect(legacy.count == 8)
    #expect(records(of: legacy) == [#"{"id":"a"}"#])

    let dkan = try Page(body: Array(#"{"success":true,"result":[{"id":"a"},{"id":"b"}]}"#.utf8))
    #expect(dkan.count == nil)
    #expect(dkan.records.count == 2)

    let show = try Page(
      body: Array(#"{"result": {"count":1,"id":"a","resources":[]},"success": true}"#.utf8))
    #expect(records(of: show) == [#"{"count":1,"id":"a","resources":[]}"#])

    let marked = try Page(body: [0xEF, 0xBB, 0xBF] + Array(#" {"count":0,"results":[]} "#.utf8))
    #expect(marked.count == 0)
    #expect(marked.records.isEmpty)
  }

  @Test("that is cut anywhere is truncated, and nothing else")
  func truncated() throws {
    let body = Array(
      #"{"success": true, "result": {"count": 12, "results": [{"id": "a\"", "n": 1}], "s": {}}}"#
        .utf8)
    _ = try Page(body: body)

    for length in 0..<body.count {
      #expect(throws: PageError.truncated(bytes: length)) { try Page(body: Array(body[..<length])) }
    }
  }

  @Test("says what came instead of JSON")
  func notJSON() {
    #expect(throws: PageError.notJSON(offset: 2, excerpt: "<html>\\x0d\\x0anot found")) {
      try Page(body: Array("\r\n<html>\r\nnot found".utf8))
    }
    #expect(throws: PageError.notJSON(offset: 0, excerpt: "PHP Notice {}")) {
      try Page(body: Array("PHP Notice {}".utf8))
    }
    #expect(throws: PageError.notJSON(offset: 27, excerpt: "<b>Warning</b>")) {
      try Page(body: Array(#"{"result":{"results":[  ]}}<b>Warning</b>"#.utf8))
    }
    for text in ["{\0\"\0a\0", #"{"result" {}}"#, #"{"result":{"results":[{} {}]}}"#] {
      #expect(throws: PageError.self) { try Page(body: Array(text.utf8)) }
    }
  }

  @Test("tells CKAN's refusal from an answer of another shape")
  func refusals() {
    #expect(throws: PageError.unsuccessful(excerpt: #"{"__type": "Search Error"}"#)) {
      try Page(body: Array(#"{"error": {"__type": "Search Error"}, "success": false}"#.utf8))
    }
    #expect(throws: PageError.wrongShape("no result")) {
      try Page(body: Array(#"{"version": 3}"#.utf8))
    }
    #expect(throws: PageError.wrongShape("result holds no records")) {
      try Page(body: Array(#"{"success": true, "result": {"site_title": "CKAN"}}"#.utf8))
    }
    #expect(throws: PageError.wrongShape(#"expected an object, got "Bad request""#)) {
      try Page(body: Array(#""Bad request""#.utf8))
    }
  }

  @Test("counts no less than nothing")
  func negativeCount() throws {
    let page = try Page(
      body: Array(#"{"result":{"count":-9223372036854775808,"results":[]}}"#.utf8))

    #expect(page.count == nil)
  }

  @Test("of a census gives ids and stamps")
  func census() throws {
    let page = try Page(
      body: Array(
        #"""
        {"success":true,"result":{"count":6,"results":[
        {"id":"a","metadata_modified":"2015-04-11T03:06:17.034Z"},
        {"metadata_modified":"2015-04-11T03:06:17.034567","id":"\u0062"},
        {"id":"c","metadata_modified":"yesterday"},{"metadata_modified":"2015-04-11"},
        {"\u0069d":"d","metadata_modified":"2015\u002d04-11"},{"id":"e\u0001"}]}}
        """#.utf8))

    #expect(
      page.censusRows == [
        CensusRow(id: "a", metadataModified: "2015-04-11T03:06:17.034000Z"),
        CensusRow(id: "b", metadataModified: "2015-04-11T03:06:17.034567Z"),
        CensusRow(id: "c", metadataModified: nil), nil,
        CensusRow(id: "d", metadataModified: "2015-04-11T00:00:00.000000Z"), nil,
      ])
    #expect(page.ids[1] == "b")
  }

  @Test("survives any bytes")
  func mutations() throws {
    var random = SplitMix64(state: 52)
    let seed = Array(
      #"{"success": true, "result": {"count": 2, "results": [{"id": "a\\\""}, {"id": []}]}}"#.utf8)
    for _ in 0..<2000 {
      var body = seed
      for _ in 0..<(1 + random.next() % 5) {
        body[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let page = try? Page(body: body) else { continue }
      for index in page.records.indices {
        #expect(page.records[index].upperBound <= body.count)
        _ = page.ids[index]
      }
    }
  }

  private func records(of page: Page) -> [String] {
    page.records.indices.map { String(decoding: page[$0], as: UTF8.self) }
  }
}
