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
    // Text that only looks like a list is one value, and so is a list of anything but texts.
    guard
      let values = try? reader.read(
        Array(text.utf8),
        { document in
          document.isListOfTexts(document.root) ? document.values(inList: document.root) : nil
        })
    else { return nil }
    return values
  }

  /// PostgreSQL's text form of a one-dimensional array: NULL in any case counts as empty, quotes
  /// protect, within them a backslash takes the next character as it is.
  ///
  /// PostgreSQL quotes an element as a whole, and always one with white space in it (`array_out`).
  /// What does otherwise is no array but text in braces: an object of JSON or Python (`{"k": "v"}`,
  /// `{'k': 1}`), a name (`{Jansen, An}`), a template, TeX.
  private static func postgreSQL(_ text: String) -> [String]? {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count >= 2, scalars.last == "}" else { return nil }
    let body = scalars[1..<(scalars.count - 1)]
    var values: [String] = []
    var value = String.UnicodeScalarView()
    var (isQuoted, wasQuoted) = (false, false)
    /// Nil when it is no element of an array.
    func finished() -> String? {
      if wasQuoted { return String(value) }
      let plain = String(value)
      if plain.trimmingSpaces.uppercased() == "NULL" { return "" }
      let isBare = !plain.unicodeScalars.contains(where: \.properties.isWhitespace)
      return isBare && plain.first != "'" ? plain : nil
    }

    var index = body.startIndex
    while index < body.endIndex {
      let scalar = body[index]
      switch scalar {
      case "\"" where isQuoted: isQuoted = false
      case "\"":
        // A quote begins an element.
        guard !wasQuoted, value.allSatisfy({ $0 == " " }) else { return nil }
        value = String.UnicodeScalarView()
        (isQuoted, wasQuoted) = (true, true)
      case "\\":
        index += 1
        guard index < body.endIndex, isQuoted || body[index] == "\\" else { return nil }
        value.append(body[index])
      case "," where !isQuoted:
        guard let element = finished() else { return nil }
        values.append(element)
        (value, wasQuoted) = (String.UnicodeScalarView(), false)
      case "{" where !isQuoted, "}" where !isQuoted: return nil
      // Behind a quoted element nothing but space can stand.
      case let scalar where wasQuoted && !isQuoted:
        guard scalar == " " else { return nil }
      default: value.append(scalar)
      }
      index += 1
    }
    guard !isQuoted else { return nil }
    if values.isEmpty, value.isEmpty, !wasQuoted { return [] }
    guard let last = finished() else { return nil }
    values.append(last)
    return values
  }
}

extension JSONDocument {
  fileprivate func isListOfTexts(_ node: Int) -> Bool {
    kind(node) == .array
      && elements(of: node).allSatisfy { kind($0) == .string || kind($0) == .null }
  }

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
