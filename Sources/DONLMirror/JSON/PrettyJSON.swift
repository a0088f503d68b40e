/// JSON in lines, for a person who compares two versions of it.
enum PrettyJSON {
  /// The text of a string; of anything else each member and element on a line of its own.
  ///
  /// - Parameter json: canonical; what is no JSON is shown as it stands.
  static func text(of json: String) -> String {
    var reader = JSONReader(bytesMax: .max)
    let shown = try? reader.read(Array(json.utf8)) { document in
      guard document.kind(document.root) != .string else { return document.text(document.root) }
      let out = ByteWriter()
      write(document.root, of: document, depth: 0, into: out)
      return out.view.string
    }
    return shown ?? json
  }

  /// Records are as deep as `JSONReader` lets them be.
  private static func write(
    _ node: Int, of document: JSONDocument, depth: Int, into out: ByteWriter
  ) {
    switch document.kind(node) {
    case .string:
      out.append(.quote)
      out.append(contentsOf: document.raw(node).buffer)
      out.append(.quote)
    case .null, .false, .true, .number:
      out.append(contentsOf: document.raw(node).buffer)
    case .object:
      out.append(.openBrace)
      for (index, key) in document.keys(of: node).enumerated() {
        newLine(after: index, depth: depth + 1, into: out)
        JSONText.write(document.key(key), into: out)
        out.append(": ")
        write(document.value(ofKey: key), of: document, depth: depth + 1, into: out)
      }
      close(.closeBrace, isEmpty: document.isEmpty(node), depth: depth, into: out)
    case .array:
      out.append(.openBracket)
      for (index, element) in document.elements(of: node).enumerated() {
        newLine(after: index, depth: depth + 1, into: out)
        write(element, of: document, depth: depth + 1, into: out)
      }
      close(.closeBracket, isEmpty: document.isEmpty(node), depth: depth, into: out)
    }
  }

  private static func newLine(after members: Int, depth: Int, into out: ByteWriter) {
    if members > 0 { out.append(.comma) }
    out.append(0x0A)
    for _ in 0..<depth { out.append("  ") }
  }

  private static func close(_ bracket: UInt8, isEmpty: Bool, depth: Int, into out: ByteWriter) {
    if !isEmpty { newLine(after: 0, depth: depth, into: out) }
    out.append(bracket)
  }
}
