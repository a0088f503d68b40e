import Testing

@testable import DONLMirror

@Suite("An envelope")
struct EnvelopeTests {
  @Test(
    "says whether it is a success",
    arguments: [
      (#"{"success": true}"#, true), (#"{"success":false}"#, false),
      (#"{"help": "\"success\": true", "success": false, "error": {}}"#, false),
      (#" {"result": {"success": true}, "success" : false }"#, false),
      (#"{"result": [[{"a": "]}"}]], "n": -1.5e3, "x": null,"success":true,"#, true),
      ("\u{FEFF}{\"success\": true}", true),
    ] as [(String, Bool)])
  func success(text: String, expected: Bool) {
    #expect(Envelope.success(in: Array(text.utf8)) == expected)
  }

  @Test(
    "says nothing when it does not say it",
    arguments: [
      "", "null", "[]", #""success""#, "{", "{}", #"{"success""#, #"{"success":"#,
      #"{"success":tr"#,
      #"{"success": "true"}"#, #"{"success": 1}"#, #"{"a": "\"#, #"{"a": [{"success": true}"#,
      "{,", "{:", #"{"a" "success": true}"#, "<html>{\"success\": true}",
    ])
  func silent(text: String) {
    #expect(Envelope.success(in: Array(text.utf8)) == nil)
  }

  @Test("is whole from brace to brace")
  func whole() {
    let text = #"{"success": true, "result": [{"a": "}", "b": [1, {"c": "\\\""}]}]}"#
    let bytes = Array(text.utf8)

    #expect(Envelope.isWhole(bytes))
    #expect(Envelope.isWhole(bytes + Array(" \n".utf8)))
    #expect(!Envelope.isWhole(bytes + Array("x".utf8)))
    for length in 0..<bytes.count { #expect(!Envelope.isWhole(Array(bytes.prefix(length)))) }
  }

  @Test("yields a member's bytes as sent")
  func value() {
    let bytes = Array(#"{"success":true,"result": {"a": "\u00e9", "b": [ ] } ,"x":1}"#.utf8)

    let value = Envelope.value(of: "result", in: bytes).map { bytes[$0] } ?? []

    #expect(String(decoding: value, as: UTF8.self) == #"{"a": "\u00e9", "b": [ ] }"#)
  }

  @Test("costs no stack, however deep")
  func depth() {
    let deep = Array(repeating: UInt8(ascii: "["), count: 200_000)

    #expect(Envelope.success(in: Array(#"{"a":"#.utf8) + deep) == nil)
  }
}
