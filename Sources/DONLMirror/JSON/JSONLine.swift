import Foundation

/// An object of JSON that is written member by member, in the order given, without white space.
struct JSONLine {
  private let out: ByteWriter
  private var isFirst = true

  /// Opens the object.
  init(_ out: ByteWriter) {
    self.out = out
    out.append(.openBrace)
  }

  mutating func add(_ key: StaticString, _ text: String?) {
    begin(key)
    guard let text else { return out.append("null") }
    text.withView { JSONText.write($0, into: out) }
  }

  mutating func add(_ key: StaticString, _ number: Int) {
    begin(key)
    "\(number)".withView { out.append(contentsOf: $0.buffer) }
  }

  mutating func add(_ key: StaticString, _ flag: Bool) {
    begin(key)
    out.append(flag ? "true" : "false")
  }

  /// - Parameter json: a value of JSON as it stands; nil is null.
  mutating func add(_ key: StaticString, json: (some ByteHolder)?) {
    begin(key)
    guard let json else { return out.append("null") }
    json.withView { out.append(contentsOf: $0.buffer) }
  }

  mutating func add(_ key: StaticString, json: String?) {
    begin(key)
    guard let json else { return out.append("null") }
    json.withView { out.append(contentsOf: $0.buffer) }
  }

  /// A key that is made up.
  mutating func add(member key: String, _ text: String) {
    begin(member: key)
    text.withView { JSONText.write($0, into: out) }
  }

  mutating func add(member key: String, json: some ByteHolder) {
    begin(member: key)
    json.withView { out.append(contentsOf: $0.buffer) }
  }

  /// Writes an object inside this one.
  mutating func add(_ key: StaticString, _ body: (inout JSONLine) -> Void) {
    begin(key)
    var inner = JSONLine(out)
    body(&inner)
    inner.close()
  }

  func close() { out.append(.closeBrace) }

  private mutating func begin(member key: String) {
    if !isFirst { out.append(.comma) }
    isFirst = false
    key.withView { JSONText.write($0, into: out) }
    out.append(.colon)
  }

  private mutating func begin(_ key: StaticString) {
    if !isFirst { out.append(.comma) }
    isFirst = false
    out.append(.quote)
    out.append(key)
    out.append("\":")
  }
}

/// `["a","b"]`.
func jsonArray(_ strings: [String]) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  return String(decoding: try encoder.encode(strings), as: UTF8.self)
}
