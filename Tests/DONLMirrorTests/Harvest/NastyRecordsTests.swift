import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// The tables are STRICT and have keys: one row that does not fit would cost a whole page.
@Suite("Harvest of nasty records")
struct NastyRecordsTests {
  @Test("stores every known key with every kind of value, and any other in its place later")
  func everyKeyWithEveryValue() async throws {
    let mirror = try Mirror()
    let keys = try FieldTable.standard()
    let count = Self.values.count
    func catalogue(turnedBy turn: Int) throws -> Catalogue {
      try Catalogue(
        records: (0..<count).map { index in
          let value = Self.values[(index + turn) % count]
          return Self.record(id: "\(100 + index)", stamp: turn, keys: keys, value: value)
        })
    }
    try await SamplePortal.run(try catalogue(turnedBy: 0)) { portal in
      let first = try await mirror.harvest(portal)

      #expect(first.outcome == .complete)
      #expect(first.tally == Tally(created: count))
      try expectSound(mirror)

      portal.publish(try catalogue(turnedBy: 1))
      let second = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(second.outcome == .complete)
      #expect(second.tally.received == count)
      #expect(second.tally.rejected == 0)
      try expectSound(mirror)
    }
  }

  @Test("stores what meets in one place, and sees what only looks equal")
  func meetings() async throws {
    let mirror = try Mirror()
    let before = try Catalogue(records: [
      #"{"id":"a","name":"a","title":"caf\u00e9","organization":"g","groups":["g","g",{"id":"g"}]}"#,
      #"{"id":"b","name":"b","tags":"{t,t}","extras":[{"key":"k"},{"value":1},{"key":"k","value":2}]}"#,
      #"{"id":"c","name":"c","k\u0000":1,"k\ufffd":2,"tags":["\u00e9","e\u0301","\ufffd","\u0000"]}"#,
      #"{"id":"d","name":"d","resources":[null,"x",7,[],{"size":"42 octets"},{"\u0000":"\u0000"}]}"#,
      #"{"id":"e","name":"e","resources":{"size":1},"tags":{"t":1},"groups":{"g":1},"extras":7}"#,
    ])
    try await SamplePortal.run(before) { portal in
      let first = try await mirror.harvest(portal)

      #expect(first.tally == Tally(created: 5))
      try expectSound(mirror)
      #expect(try mirror.strings("SELECT id FROM groups") == ["g"])
      #expect(try mirror.count("SELECT count(*) FROM tags WHERE dataset_id = 'c'") == 3)
      #expect(try mirror.count("SELECT count(*) FROM resources WHERE dataset_id = 'd'") == 6)
      let size = "SELECT value FROM extras WHERE resource_position = 4 AND key = 'size'"
      #expect(try mirror.strings(size) == ["42 octets"])

      var after = before
      try after.put(#"{"id":"a","name":"a","title":"cafe\u0301","groups":["g"]}"#)
      portal.publish(after)
      let second = try await mirror.harvest(portal) { $0.isFull = true }

      #expect(second.tally == Tally(updated: 1, unchanged: 4))
      #expect(
        try mirror.strings("SELECT hex(title) FROM datasets WHERE id = 'a'") == [
          "63616665CC81"
        ])
      try expectSound(mirror)
    }
  }

  private static let values = [
    "null", "true", "false", "0", "5", "-1", "1.5", "1e3", "1e999", "-0.0",
    "9223372036854775807", "9223372036854775808", "123456789012345678901234567890",
    #""""#, #"" ""#, #""x""#, #""7""#, #""7 kB""#, #""True""#, #""9999-99-99""#,
    #""0001-01-01T00:00:00+23:59""#, #""\u0000""#, #""\ud800""#, #""\u00e9e\u0301""#,
    #""{a,a,\"b, c\",NULL}""#, #""{""#, #""[\"\\u0000\",\"\\u0000\"]""#, #""[1""#,
    "[]", "[null]", "[5,6]", #"["a","a","",null,"\u0000"]"#, #"[["a"],["a"]]"#,
    #"[{"name":"b","id":"b"},{"name":"b","id":"b"},{"id":"\u0000"},{"x":1},5,null]"#,
    "{}", #"{"nl":"n","en":"e"}"#, #"{"nl":5}"#, #"{"\u0000":{"\u0000":"\u0000"},"\ufffd":1}"#,
    #"{"id":"o","title":{"nl":"\u0000"},"name":7,"created":[],"state":{"x":1}}"#,
    #"[{"key":"k\u0000","value":"\u0000"},{"key":"k\ufffd","value":1},{"key":"size"},{"value":{}}]"#,
  ]

  /// A record that says the same under every key that is known, and in its one resource too.
  private static func record(id: String, stamp: Int, keys: FieldTable, value: String) -> String {
    func members(of entity: FieldTable.Entity, without left: Set<String>) -> String {
      keys.fields(of: entity).filter { !left.contains($0.name) }
        .map { #""\#($0.name)":\#(value),"# }.joined()
    }
    // A portal does not serve what is private or not active.
    let hidden = value == "true" ? ["private"] : value.hasPrefix("\"") ? ["state"] : []
    let left = Set(["id", "name", "resources", "metadata_modified"] + hidden)
    return #"""
      {\#(members(of: .dataset, without: left))
      "resources":[{\#(members(of: .resource, without: []))"last":1},\#(value)],
      "metadata_modified":"2026-01-0\#(stamp + 1)T00:00:00.000000","name":"n\#(id)","id":"\#(id)"}
      """#
  }

  /// Every text is without U+0000, every cell of the type of its column, every reference kept.
  private func expectSound(_ mirror: Mirror) throws {
    #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
    #expect(try mirror.rows("PRAGMA foreign_key_check").isEmpty)
    let columns = try mirror.rows(
      """
      SELECT t.name, c.name, c.type FROM pragma_table_list t, pragma_table_info(t.name) c
      WHERE t.strict
      """)
    #expect(columns.count > 100)
    for column in columns {
      let (table, name) = (try text(column[0]), try text(column[1]))
      let odd = try mirror.count(
        """
        SELECT count(*) FROM \(table) WHERE instr(CAST("\(name)" AS BLOB), x'00') > 0
          AND typeof("\(name)") = 'text'
        """)
      #expect(odd == 0, "\(table).\(name)")
    }
  }

  private func text(_ value: DatabaseValue) throws -> String {
    try #require(String.fromDatabaseValue(value))
  }
}
