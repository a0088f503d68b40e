/// A list that arrives inside a string.
enum ListLiteral {
  /// The values of `{a,b,"c, d"}` (a PostgreSQL array) or `["a", "b"]` (JSON); nil when the text
  /// is neither.
  static func values(of text: String) -> [String]? {
    switch text.utf8.first {
    case .openBrace: postgreSQL(text)
    case .openBracket: json(text)
    default: nil
    }
  }

  private static func json(_ text: String) -> [String]? {
    var reader = JSONReader()
    // Text that only looks like a list is one value.
    guard
      let values = try? reader.read(
        Array(text.utf8),
        { document in
          document.kind(document.root) == .array ? document.values(inList: document.root) : nil
        })
    else { return nil }
    return values
  }

  /// PostgreSQL's text form of a one-dimensional array: NULL in any case and white space count as
  /// empty, quotes protect, a backslash takes the next character as it is.
  private static func postgreSQL(_ text: String) -> [String]? {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count >= 2, scalars.last == "}" else { return nil }
    let body = scalars[1..<(scalars.count - 1)]
    var values: [String] = []
    var value = String.UnicodeScalarView()
    var (isQuoted, wasQuoted) = (false, false)
    func finished() -> String {
      if wasQuoted { return String(value) }
      let plain = String(value).trimmingSpaces
      return plain.uppercased() == "NULL" ? "" : plain
    }

    var index = body.startIndex
    while index < body.endIndex {
      let scalar = body[index]
      switch scalar {
      case "\"":
        isQuoted.toggle()
        wasQuoted = true
      case "\\":
        index += 1
        guard index < body.endIndex else { return nil }
        value.append(body[index])
      case "," where !isQuoted:
        values.append(finished())
        (value, wasQuoted) = (String.UnicodeScalarView(), false)
      case "{" where !isQuoted, "}" where !isQuoted: return nil
      default: value.append(scalar)
      }
      index += 1
    }
    guard !isQuoted else { return nil }
    if values.isEmpty, value.isEmpty, !wasQuoted { return [] }
    values.append(finished())
    return values
  }
}

extension JSONDocument {
  /// The values of a JSON list, taken one by one without looking for lists inside them.
  fileprivate func values(inList list: Int) -> [String] {
    elements(of: list).map { isEmpty($0) ? "" : text($0) }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var trimmed = self[...]
    while trimmed.first == " " { trimmed.removeFirst() }
    while trimmed.last == " " { trimmed.removeLast() }
    return String(trimmed)
  }
}
