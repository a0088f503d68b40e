import Testing

@testable import DONLMirror

@Suite("The content hash") struct ContentHashTests {
  @Test("is that of the canonical form, worked out by hand")
  func canonical() throws {
    let record = #"""
      {"z": 1.10, "id": "a", "metadata_modified": "x", "revision_id": "r", "title": "", "url": null,
       "k\u0065y": "A\u00e9\/\u001F\u0000\ud800\"\\\n", "empty": {}, "list": [null, "", {"n": null}],
       "resources": [{"id": "r", "url": "u", "size": null, "created": "c", "deep": {"id": 1}}, "id"],
       "tags": [{"name": "b", "id": "2"}, {"name": "a", "display_name": ""}],
       "organization": {"id": "o", "title": "T", "revision_id": "1"},
       "extras": [], "groups": [{"id": "g"}], "z": 1e2}
      """#

    #expect(
      try canonical(record) == #"{"empty":{},"extras":[],"groups":[{}],"id":"a","#
        + #""key":"Aé/\u001f\u0000\#u{FFFD}\"\\\n","list":[null,"",{}],"#
        + #""organization":{"title":"T"},"resources":[{"deep":{"id":1},"url":"u"},"id"],"#
        + #""tags":[{"name":"a"},{"name":"b"}],"z":1e2}"#)
  }

  @Test("is SHA-256 in lower-case hex")
  func digest() throws {
    #expect(
      try ContentHash.hash(of: Array("{ }".utf8))
        == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
  }

  @Test("does not see churn, spelling, or the order of tags, groups and extras")
  func same() throws {
    let one = #"""
      {"id":"a","metadata_modified":"1","tracking_summary":{"total":1},"title":"é","notes":"",
       "tags":[{"name":"x","id":"1"},{"name":"y"}],"extras":[{"key":"k","value":"v"},{"key":"j"}],
       "groups":["g","h"],"resources":[{"id":"1","url":"u","link_status_last_checked":"1"}]}
      """#
    let other = #"""
      {"metadata_modified":"2","title":"\u00e9","revision_timestamp":"3",
       "extras":[{"key":"j"},{"value":"v","key":"k","package_id":"9"}],"groups":["h","g"],
       "tags":[{"name":"y"},{"name":"x","id":"7"}],"resources":[{"url":"u","id":"2"}],"id":"a"}
      """#

    #expect(try hash(one) == hash(other))
  }

  @Test(
    "sees content",
    arguments: [
      (#"{"id":"a"}"#, #"{"id":"b"}"#), (#"{"n":1.0}"#, #"{"n":1.00}"#),
      (#"{"n":1}"#, #"{"n":"1"}"#), (#"{"l":["a","b"]}"#, #"{"l":["b","a"]}"#),
      (#"{"l":[null]}"#, #"{"l":[]}"#), (#"{"o":{}}"#, #"{}"#), (#"{"n":false}"#, #"{}"#),
      (#"{"resources":[{"url":"a"},{"url":"b"}]}"#, #"{"resources":[{"url":"b"},{"url":"a"}]}"#),
      (#"{"sub":{"metadata_modified":"1"}}"#, #"{"sub":{"metadata_modified":"2"}}"#),
      (#"{"tags":[{"vocabulary":{"id":"1"}}]}"#, #"{"tags":[{"vocabulary":{"id":"2"}}]}"#),
      (#"{"organization":{"created":"1"}}"#, #"{"organization":{"created":"2"}}"#),
      (#"{"extras":{"id":"1"}}"#, #"{"extras":{"id":"2"}}"#),
    ])
  func different(_ one: String, _ other: String) throws {
    #expect(try hash(one) != hash(other))
  }

  @Test("puts keys in the order of their bytes, not of UTF-16")
  func keyOrder() throws {
    #expect(
      try canonical("{\"\u{1F600}\":1,\"\u{FB33}\":2,\"a\":3,\"\":4,\"aa\":5,\"Z\":6}")
        == "{\"\":4,\"Z\":6,\"a\":3,\"aa\":5,\"\u{FB33}\":2,\"\u{1F600}\":1}")
  }

  private func canonical(_ record: String) throws -> String {
    var reader = JSONReader()
    return try reader.read(Array(record.utf8)) { document in
      var writer = CanonicalWriter(.content(.standard))
      writer.write(document)
      return String(decoding: writer.output, as: UTF8.self)
    }
  }

  private func hash(_ record: String) throws -> String {
    try ContentHash.hash(of: Array(record.utf8))
  }
}

@Suite("Two versions of a record") struct RecordComparisonTests {
  @Test("differ in the fields whose content differs")
  func changedFields() throws {
    let old = #"""
      {"id":"a","metadata_modified":"1","title":"t","url":"","version":"1","tags":["x","y"],
       "resources":[{"id":"1","url":"u"}],"organization":{"id":"1","title":"o"}}
      """#
    let new = #"""
      {"id":"a","metadata_modified":"2","title":"T","url":null,"tags":["y","x"],"b\u0065":{},
       "resources":[{"id":"2","url":"v"}],"organization":{"id":"2","title":"o"}}
      """#

    let change = try RecordComparison.change(from: Array(old.utf8), to: Array(new.utf8))

    #expect(change.fields == ["be", "resources", "title", "version"])
    // As sent, but for what churns: the next to last state follows from the last one and this.
    #expect(
      change.before == #"{"be":null,"resources":[{"url":"u"}],"title":"t","version":"1"}"#)

    // To Swift the two keys are equal.
    let composed = try RecordComparison.change(
      from: Array(#"{"id":"a","\u00e9":1}"#.utf8), to: Array(#"{"id":"a","e\u0301":1}"#.utf8))
    #expect(composed.fields.map { Array($0.utf8) } == [[0x65, 0xCC, 0x81], [0xC3, 0xA9]])
  }

  @Test("are the same value when only their spelling differs")
  func sameValue() throws {
    let record = #"{"id": "a", "metadata_modified": "1", "n": [1, {"é": ""}]}"#

    #expect(try isSame(record, #"{"n":[1,{"\u00e9":""}],"metadata_modified":"1","id":"\u0061"}"#))
    #expect(try !isSame(record, #"{"n":[1,{"é":""}],"metadata_modified":"2","id":"a"}"#))
    #expect(try !isSame(record, #"{"n":[1,{"é":null}],"metadata_modified":"1","id":"a"}"#))
    #expect(try !isSame(#"{"tags":["a","b"]}"#, #"{"tags":["b","a"]}"#))
  }

  private func isSame(_ one: String, _ other: String) throws -> Bool {
    try RecordComparison.isSameValue(Array(one.utf8), Array(other.utf8))
  }
}
