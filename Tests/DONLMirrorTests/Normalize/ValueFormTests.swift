import Testing

@testable import DONLMirror

@Suite("The normalizer, given odd forms,") struct ValueFormTests {
  @Test(
    "finds a list in every form in which it comes",
    arguments: [
      (#"["http://a","http://b"]"#, ["0 http://a", "1 http://b"]),
      (#""http://a""#, ["0 http://a"]),
      (#""{http://a,http://b}""#, ["0 http://a", "1 http://b"]),
      (
        #""{\"http://a, b\", Null ,\"NULL\",\"x\\\"y\",x\\\\y}""#,
        ["0 http://a, b", "2 NULL", #"3 x"y"#, #"4 x\y"#]
      ),
      (#""[\"http://a\", null, \"http://b\"]""#, ["0 http://a", "2 http://b"]),
      (#"["http://a,_b","",null,"http://c"]"#, ["0 http://a,_b", "3 http://c"]),
      (#"["http://Nuenen","_Gerwen"]"#, ["0 http://Nuenen", "1 _Gerwen"]),
      (#""{}""#, []), (#"[]"#, []), (#""""#, []), ("null", []), (#""[]""#, []),
      (#""{\"a""#, [#"0 {"a"#]), (#""{a{b}""#, ["0 {a{b}"]), (#""[a]""#, ["0 [a]"]),
      (#""{a\\}""#, [#"0 {a\}"#]), (#""{""#, ["0 {"]),
      (#"[7,true,{"uri":"x"},["y"]]"#, ["0 7", "1 true", #"2 {"uri":"x"}"#, #"3 ["y"]"#]),
      (#"{"uri": "x"}"#, [#"0 {"uri": "x"}"#]),
    ])
  func lists(_ theme: String, _ expected: [String]) throws {
    let dataset = try normalize(#"{"id":"a","theme":\#(theme)}"#)

    #expect(dataset.uriValues.map { "\($0.position) \($0.value)" } == expected)
    #expect(dataset.extras == [])
  }

  @Test("puts display names beside the values they name, and keeps the others")
  func labels() throws {
    let list = try normalize(
      #"{"id":"a","theme":["http://a","","http://c"],"theme_displayname":["A","B","C"]}"#)
    #expect(list.uriValues.map(\.portalLabel) == ["A", "C"])
    #expect(list.extras == [])

    let literal = try normalize(
      #"{"id":"a","theme":"{http://a,http://b}","theme_display_name":"{A,\"B, b\"}"}"#)
    #expect(literal.uriValues.map(\.portalLabel) == ["A", "B, b"])

    let single = try normalize(
      #"{"id":"a","theme":["http://a","http://b"],"theme_displayname":"P | A"}"#)
    #expect(single.uriValues.map(\.portalLabel) == ["P | A", nil])

    let alone = try normalize(#"{"id":"a","theme":"","theme_displayname":"A"}"#)
    #expect(alone.extras.map(\.key) == ["theme_displayname"])

    let many = try normalize(
      #"{"id":"a","theme":"http://a","theme_displayname":["A","B"]}"#)
    #expect(many.uriValues.map(\.portalLabel) == ["A"])
    #expect(many.extras.map(\.value) == [#"["A","B"]"#])

    let resource = try normalize(
      #"{"id":"a","resources":[{"language":["x:1"],"language_display_name":"L"}]}"#)
    #expect(resource.uriValues.map(\.portalLabel) == ["L"])
  }

  @Test("pairs schemes and values only when there are as many of each")
  func schemes() throws {
    let paired = try normalize(
      #"{"id":"a","spatial_scheme":["s:1","s:2"],"spatial_value":["v:1","012345 678901"]}"#)
    let values = paired.uriValues.filter { $0.field == "spatial_value" }
    #expect(values.map(\.scheme) == ["s:1", "s:2"])
    #expect(values.map(\.isMalformed) == [false, true])

    let torn = try normalize(
      #"{"id":"a","spatial_scheme":["s:1"],"spatial_value":["v:Nuenen","_Gerwen"]}"#)
    #expect(torn.uriValues.filter { $0.field == "spatial_value" }.map(\.scheme) == [nil, nil])
  }

  @Test(
    "knows a malformed URI",
    arguments: [
      ("http://a", false), ("urn:x", false), ("HTTP+x.1-2:a b,c\"d", false), ("a:b", false),
      ("mailto:é", false), (":created", true), ("http:", true), ("", true), ("a", true),
      ("1a:b", true), ("//a", true), ("_Gerwen:x", true), ("http ://a", true),
      ("http://a\tb", true), ("http://a\u{7F}", true), ("http://a\u{85}", true),
      ("http://\u{FFFD}", true), ("http://a\u{A0}b", false), ("é:b", true), ("a", true),
    ])
  func malformed(_ value: String, _ isMalformed: Bool) {
    #expect(value.withView { URIForm.isMalformed($0) } == isMalformed)
  }

  @Test(
    "reads flags, numbers and dates from what stands for them",
    arguments: [
      ("private", "false", .integer(0)), ("private", #""True""#, .integer(1)),
      ("private", #""FALSE""#, .integer(0)), ("private", "1", .integer(1)),
      ("private", #""perhaps""#, .null), ("private", "null", .null),
      ("num_tags", "5", .integer(5)), ("num_tags", #""5""#, .integer(5)),
      ("num_tags", "5.0", .integer(5)), ("num_tags", "5.5", .null), ("num_tags", "-0", .integer(0)),
      ("num_tags", "1e999", .null), ("num_tags", #""+5""#, .null), ("num_tags", #"".5""#, .null),
      ("num_tags", "true", .null), ("num_tags", #"{"n":5}"#, .null),
      ("num_tags", "9223372036854775807", .integer(.max)),
      ("num_tags", "-9223372036854775808", .integer(.min)),
      ("num_tags", "9223372036854775808", .null),
      ("modified", #""2015-03-30""#, .text("2015-03-30")), ("modified", #""9999-99-99""#, .null),
      ("modified", "20150330", .null), ("issued", #"["2015-03-30"]"#, .text("2015-03-30")),
      ("modified", #""2015\u002d03-30""#, .text("2015-03-30")),
      ("metadata_modified", #""2024-01-01T00:00:00""#, .text("2024-01-01T00:00:00.000000Z")),
      ("identifier", #"["","a:1","a:2"]"#, .text("a:1")),
      ("identifier", #""{a:1,a:2}""#, .text("a:1")), ("frequency", "7", .text("7")),
      ("frequency", "true", .text("true")), ("name", #""{a,b}""#, .text("{a,b}")),
      ("title", #"{"en":"E","nl":"N"}"#, .text("N")),
      ("title", #"{"de":"D","en":"E"}"#, .text("E")),
      ("title", #"{"nl":"","en":null,"fr":"F"}"#, .text("F")), ("title", "{}", .null),
      ("frequency", #"{"nl":"N"}"#, .null), ("title", #""a\u0000b""#, .text("a\u{FFFD}b")),
    ] as [(String, String, Cell)])
  func cells(_ key: String, _ value: String, _ cell: Cell) throws {
    let dataset = try normalize(#"{"id":"a","\#(key)":\#(value)}"#)
    let column = try #require(DatasetColumn.allCases.first { $0.name == key })

    #expect(dataset[column] == cell)
  }

  @Test("keeps what no column can hold as an extra")
  func uncarried() throws {
    let dataset = try normalize(
      #"""
      {"id":"a","frequency":{"n":1},"private":"perhaps","modified":"9999-99-99","num_tags":1.5,
       "resources":[{"size":9223372036854775808}]}
      """#)

    #expect(
      dataset.extras.map { "\($0.key)=\($0.value) \($0.jsonType)" } == [
        #"frequency={"n":1} object"#, "num_tags=1.5 number", "private=perhaps string",
        "size=9223372036854775808 number",
      ])
  }

  @Test("keeps unknown keys with their type, and no empty ones")
  func extras() throws {
    let dataset = try normalize(
      #"""
      {"id":"a","s":"x","n":1.10,"b":true,"l":[1, "\u0000"],"o":{"k": null},"":"empty key",
       "e1":"","e2":null,"e3":[],"e4":{},"contact-point":"h","\u0000":"\u0000",
       "resources":[{"position":7,"package_id":"a","hash":"h","size":"12 kB"},null,"x",
        {"size":"12","media_type":"m","mimetype":""}]}
      """#)

    #expect(
      dataset.extras == [
        Extra(resourcePosition: nil, key: "", value: "empty key", jsonType: "string"),
        Extra(resourcePosition: nil, key: "\u{FFFD}", value: "\u{FFFD}", jsonType: "string"),
        Extra(resourcePosition: nil, key: "b", value: "true", jsonType: "boolean"),
        Extra(resourcePosition: nil, key: "contact-point", value: "h", jsonType: "string"),
        Extra(resourcePosition: nil, key: "l", value: #"[1, "\u0000"]"#, jsonType: "array"),
        Extra(resourcePosition: nil, key: "n", value: "1.10", jsonType: "number"),
        Extra(resourcePosition: nil, key: "o", value: #"{"k": null}"#, jsonType: "object"),
        Extra(resourcePosition: nil, key: "s", value: "x", jsonType: "string"),
        Extra(resourcePosition: 0, key: "size", value: "12 kB", jsonType: "string"),
        Extra(resourcePosition: 0, key: "hash", value: "h", jsonType: "string"),
      ])
    #expect(dataset.resources.count == 4)
    #expect(dataset.resources[0][.size] == .null)
    #expect(dataset.resources[2].columns == ResourceColumn.empty)
    #expect(dataset.resources[3][.size] == .integer(12))
    #expect(dataset.resources[3][.mimetype] == .text("m"))
  }

  @Test("keeps each key of the extras once when keys meet")
  func meetingKeys() throws {
    let dataset = try normalize(
      #"""
      {"id":"a","k\u0000":"1","k\ufffd":"2","extras":[{"key":"k\u0000","value":"3"},
       {"key":"l\u0000","value":"4"},{"key":"l\ufffd","value":"5"},
       {"key":"\u00e9","value":"6"},{"key":"e\u0301","value":"7"}]}
      """#)

    #expect(
      dataset.extras.map { "\($0.key)=\($0.value)".unicodeScalars.map(\.value) }
        == ["k\u{FFFD}=2", "l\u{FFFD}=5", "\u{E9}=6", "e\u{301}=7"].map {
          $0.unicodeScalars.map(\.value)
        })
  }

  @Test("tells tags apart by their bytes, and keeps each once in every shape")
  func tags() throws {
    #expect(try normalize(#"{"id":"a","tags":"{b,a,b}"}"#).tags == ["b", "a"])
    let tags = try normalize(#"{"id":"a","tags":["\u00e9","e\u0301","\u00e9"]}"#).tags
    #expect(tags.map { Array($0.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
  }

  @Test("lifts known keys out of the extras, but no one's identity")
  func lifted() throws {
    let dataset = try normalize(
      #"""
      {"id":"a","title":"","frequency":"f:1","extras":[
       {"key":"theme","value":"{http://a,http://b}"},{"key":"authority","value":"x:1"},
       {"key":"frequency","value":"f:2"},{"key":"title","value":"T"},{"key":"id","value":"b"},
       {"key":"contact_point_name","value":"N"},{"key":"k","value":{"n":1}},
       {"key":"theme_displayname","value":"A"},{"key":"metadata_language","value":"l:1"}]}
      """#)

    #expect(dataset.uriValues.map(\.value) == ["http://a", "http://b", "x:1"])
    #expect(dataset.uriValues.map(\.portalLabel) == ["A", nil, nil])
    #expect(dataset[.authority] == .text("x:1"))
    #expect(dataset[.frequency] == .text("f:1"))
    #expect(dataset[.metadataLanguage] == .text("l:1"))
    #expect(dataset[.title] == .null)
    #expect(
      dataset.extras.map { "\($0.key)=\($0.value)" } == [
        "contact_point_name=N", "frequency=f:2", "title=T", "id=b", #"k={"n":1}"#,
      ])
  }

  @Test(
    "reads extras in every shape",
    arguments: [
      (#"{"k":"v","l":["x"],"e":""}"#, ["k=v", #"l=["x"]"#]),
      (#"[{"key":"k"},{"value":"v"},{"value":"w"}]"#, ["k=v", "=w"]),
      (#"[{"key":"k","value":null},{"value":"v"}]"#, ["=v"]),
      (#"[{"value":"v"},{"key":"k","value":7}]"#, ["=v", "k=7"]),
      (#"["x",null,{},{"key":"k","value":"1"},{"key":"k","value":"2"}]"#, ["=x", "k=2"]),
      (#"[]"#, []), ("null", []), (#""text""#, ["extras=text"]),
    ])
  func extraShapes(_ extras: String, _ expected: [String]) throws {
    let dataset = try normalize(#"{"id":"a","extras":\#(extras)}"#)

    #expect(dataset.extras.map { "\($0.key)=\($0.value)" } == expected)
  }

  @Test("reads organizations, groups and tags in every shape")
  func parts() throws {
    let named = try normalize(
      #"{"id":"a","organization":"org","groups":["g","g",{"name":"h"},{"x":1}],"tags":"t"}"#)
    #expect(named.organization == CatalogGroup(id: "org", name: "org"))
    #expect(named[.organizationTitle] == .null)
    #expect(named.groups.map(\.id) == ["g", "h"])
    #expect(named.tags == ["t"])

    let owned = try normalize(#"{"id":"a","owner_org":"o1","organization":"org"}"#)
    #expect(owned.organization == CatalogGroup(id: "o1", name: "org"))

    let full = try normalize(
      #"""
      {"id":"a","organization":{"id":"o","title":{"en":"E","nl":"N"},"image_display_url":"i"},
       "tags":["x",{"name":"y"},{"display_name":"z"},{"name":"y"},7,null,{}]}
      """#)
    #expect(full.organization == CatalogGroup(id: "o", title: "N", imageURL: "i"))
    #expect(full[.organizationTitle] == .text("N"))
    #expect(full.tags == ["x", "y", "z", "7"])

    let none = try normalize(
      #"{"id":"a","organization":null,"groups":{"x":1},"tags":{"nl":["x"]},"resources":{"y":2}}"#)
    #expect(none.organization == nil)
    #expect(none.extras.map(\.key) == ["groups", "resources", "tags"])
  }

  private func normalize(_ record: String) throws -> Dataset {
    try Normalizer.register().normalize(Array(record.utf8)[...])
  }
}
