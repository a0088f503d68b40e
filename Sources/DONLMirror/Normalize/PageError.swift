/// Why an answer is no page of records.
enum PageError: Error, Sendable, Equatable {
  /// The bytes end inside the answer (`bytes`: how many came). Asking again may help.
  case truncated(bytes: Int)
  /// Not JSON; the excerpt shows the first bytes, or those around the fault.
  case notJSON(offset: Int, excerpt: String)
  /// JSON, but not as CKAN answers; says what was expected.
  case wrongShape(String)
  /// CKAN's envelope says `success: false`; the excerpt shows its `error`.
  case unsuccessful(excerpt: String)
}

extension ByteView {
  /// Up to 200 bytes from `offset` on for a person, control characters escaped.
  func excerpt(from offset: Int = 0) -> String {
    let start = min(max(offset, 0), count)
    let text = String(decoding: self[start..<min(start + 200, count)].buffer, as: UTF8.self)
    var excerpt = ""
    for scalar in text.unicodeScalars {
      if let byte = UInt8(exactly: scalar.value), byte < 0x20 || byte == 0x7F {
        excerpt += byte.escaped
      } else {
        excerpt.unicodeScalars.append(scalar)
      }
    }
    return excerpt
  }
}
