import Foundation
import Testing

@testable import DONLMirror

@Suite("The JSON reader") struct JSONReaderTests {
  @Test(
    "takes what RFC 8259 allows",
    arguments: [
      "{}", "[]", "0", "-0", "\"\"", "null", "true", " [1 , 2 ] ", "[1.5e-7]", "[1E+2]", "[0e1]",
      "[-0.0]", "[1e999]", "[123456789012345678901234567890]", "[\"\\u0000\"]", "[\"\\ud800\"]",
      "[\"\\udc00\\ud800\"]", "[\"\\ud83d\\ude00\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
      "[\"\u{7F}\"]", "[\"é€😀\u{FFFF}\"]", "{\"\":0}", "{\"a\":1,\"a\":2}", "[[[[]]],{}]",
      "\t\r\n {\"a\" : [ ] }\n", "[\"\u{2028}\"]", "[\"\u{FEFF}\"]",
    ])
  func valid(_ text: String) throws {
    var reader = JSONReader()
    _ = try reader.read(Array(text.utf8)) { $0.nodes.count }
  }

  @Test(
    "refuses what it does not",
    arguments: [
      "", " ", "[", "{", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1}", "{\"a\":1]", "]", "}",
      "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}",
      "{\"a\":1 \"b\":2}", "[]]", "{}{}", "1 2", "{} x", "[01]", "[-]", "[+1]", "[.5]", "[1.]",
      "[1.e1]", "[1e]", "[1e+]", "[0x1]", "[-01]", "[1e1.5]", "[nul]", "nul",
      "[True]", "[nulll]", "[truefalse]", "\"", "\"\\", "\"\\\"", "\"\\u12", "\"\\u12g4\"",
      "\"\\x41\"", "\"\\U0041\"", "\"\\a\"", "[\"a\nb\"]", "[\"a\tb\"]", "[\"\u{0}\"]",
      "[\"\u{1F}\"]", "\u{FEFF}{}", "[1]/**/", "[\u{0C}1]", "[\u{A0}1]", "[\"a\"b]", "[1,,2]",
      "{\"a\":1,,\"b\":2}", "{\"a\"::1}", "[\"\\uD800\\u12\"]", "-", "--1", "[1-2]",
    ])
  func invalid(_ text: String) {
    var reader = JSONReader()
    #expect(throws: JSONFault.self) { try reader.read(Array(text.utf8)) { _ in } }
  }

  @Test(
    "refuses bytes that are no UTF-8 and says where",
    arguments: [
      [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82],
      [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80],
      [0xFE], [0xFF], [0xC3, 0x28], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) {
    let record = Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)

    let fault = fault(of: record)

    #expect(fault?.reason == .badText)
    #expect(fault?.offset == 6)
  }

  @Test("names the reason and the byte")
  func reasons() {
    #expect(fault(of: Array("{\"a\":\"x\u{1}\"}".utf8))?.detail == "byte 7: lone \\x01 in a string")
    #expect(fault(of: Array("{\"a\":1,}".utf8))?.detail == "byte 7: unexpected }")
    #expect(fault(of: Array("{\"a\":1e}".utf8))?.detail == "byte 7: a number without a digit here")
    #expect(fault(of: Array("{\"a\":[1".utf8))?.detail == "byte 7: the record ends here")
    #expect(fault(of: Array("{}x".utf8))?.detail == "byte 2: bytes after the record")
  }

  @Test("refuses every record that is cut")
  func cuts() {
    let record = Array(#"{"é":[1.5e3,"a\u00e9\n",true,null,{"b":{}}],"c":"😀"}"#.utf8)
    #expect(fault(of: record) == nil)

    for length in record.indices {
      #expect(fault(of: Array(record[..<length])) != nil)
    }
  }

  @Test("goes 512 levels deep and no deeper")
  func depth() {
    #expect(fault(of: nested(512)) == nil)
    #expect(fault(of: nested(513))?.reason == .tooDeep)
    #expect(fault(of: nested(100_000))?.reason == .tooDeep)
    #expect(fault(of: Array(repeating: UInt8(ascii: "["), count: 100_000))?.reason == .tooDeep)
  }

  @Test("refuses a record that is too large")
  func tooLarge() {
    var reader = JSONReader(bytesMax: 10)
    #expect(throws: Never.self) { try reader.read(Array("\"12345678\"".utf8)) { _ in } }
    #expect(throws: JSONFault(reason: .tooLarge, offset: 10, what: "11 bytes, at most 10")) {
      try reader.read(Array("\"123456789\"".utf8)) { _ in }
    }
  }

  @Test("says when text needs repair")
  func repair() throws {
    for text in [#""\u0000""#, #""\ud800""#, #""\udc00x""#, #""\ud800\ud800""#, #"{"\udfff":1}"#] {
      #expect(try needsRepair(text), "\(text)")
    }
    for text in [#""\ud83d\ude00""#, #""\\u0000""#, #""\u0001""#, #""\ufffd""#] {
      #expect(try !needsRepair(text), "\(text)")
    }
  }

  @Test("lets the last of equal keys win, however they are spelled")
  func repeatedKeys() throws {
    let record =
      #"{"b":1,"a":2,"\u0062":3,"a":4,"aaaaaaaaaaaa":5,"aaaaaaaaaaab":6,"aaaaaaaaaaaa":7}"#
    var reader = JSONReader()

    let members = try reader.read(Array(record.utf8)) { document in
      document.keys(of: document.root).map { key in
        document.key(key).text + "=" + document.text(document.value(ofKey: key))
      }
    }

    #expect(members == ["a=4", "aaaaaaaaaaaa=7", "aaaaaaaaaaab=6", "b=3"])
  }

  @Test("keeps the keys of a large object in the order of their bytes")
  func order() throws {
    let keys = (0..<300).map { "key \($0 * 7919 % 300)" } + ["", "k", "é", "zz"]
    let record = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    var reader = JSONReader()

    let read = try reader.read(Array(record.utf8)) { document in
      document.keys(of: document.root).map { document.key($0).text }
    }

    #expect(read == keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  @Test("decodes every escape")
  func escapes() throws {
    let record = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\ud800x\udc00\u0000""#
    var reader = JSONReader()

    let text = try reader.read(Array(record.utf8)) { $0.text($0.root) }

    #expect(text == "\"\\/\u{8}\u{C}\n\r\tAé€😀\u{FFFD}x\u{FFFD}\u{FFFD}")
  }

  @Test("survives any bytes, and agrees with Foundation about them")
  func mutations() throws {
    var random = SplitMix64(state: 2015)
    let seed = try fixture("donl-1.0-record.json")
    for _ in 0..<400 {
      var record = Array(seed.prefix(600 + Int(random.next() % 200)))
      record += Array("\"}]}".utf8.prefix(Int(random.next() % 5)))
      for _ in 0..<(random.next() % 4) {
        record[Int(random.next() % UInt64(record.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let fault = fault(of: record)
      if fault == nil { #expect(isValidForFoundation(record)) }
    }
  }

  private func fault(of record: [UInt8]) -> JSONFault? {
    var reader = JSONReader()
    do throws(JSONFault) {
      try reader.read(record) { _ in }
      return nil
    } catch {
      return error
    }
  }

  private func needsRepair(_ text: String) throws -> Bool {
    var reader = JSONReader()
    try reader.read(Array(text.utf8)) { _ in }
    return reader.needsRepair
  }

  private func nested(_ depth: Int) -> [UInt8] {
    Array(String(repeating: "[", count: depth).utf8)
      + Array(String(repeating: "]", count: depth).utf8)
  }

  private func isValidForFoundation(_ record: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(record), options: .fragmentsAllowed)) != nil
  }
}

/// A small generator of numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
