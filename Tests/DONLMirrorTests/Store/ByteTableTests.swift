import Testing

@testable import DONLMirror

@Suite("The table of texts") struct ByteTableTests {
  @Test("keeps the last number of each of many texts, of all lengths")
  func many() {
    var table = ByteTable()
    let texts =
      (0..<5_000).map { String(repeating: "é", count: $0 % 40) + "\($0)" } + ["", "\0", "a"]
    for (number, text) in texts.enumerated() {
      text.withView { table.set(Int64(number), of: $0) }
    }
    for (number, text) in texts.enumerated() {
      text.withView { table.set(Int64(-number), of: $0) }
    }

    #expect(table.count == texts.count)
    #expect(
      texts.enumerated().allSatisfy { number, text in
        text.withView { table.value(of: $0) } == Int64(-number)
      })
  }

  @Test(
    "tells texts apart by their bytes", arguments: [("é", "e\u{301}"), ("a", "a\0"), ("", "\0")])
  func spelling(_ one: String, _ other: String) {
    var table = ByteTable()
    one.withView { table.set(1, of: $0) }

    #expect(one.withView { table.value(of: $0) } == 1)
    #expect(other.withView { table.value(of: $0) } == nil)
  }

  @Test("forgets all")
  func forget() {
    var table = ByteTable()
    "x".withView { table.set(1, of: $0) }
    table.removeAll()

    #expect("x".withView { table.value(of: $0) } == nil)
    #expect(table.count == 0)
  }
}
