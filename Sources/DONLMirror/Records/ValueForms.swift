/// The forms in which one field's values arrive (docs/portal.md, "How values arrive").
extension JSONDocument {
  /// The values of a field: of a JSON list, of a list inside a string, or the one value itself.
  ///
  /// Values that are empty stay in their places as `""`. Torn values are left torn.
  func values(of node: Int) -> [TextRange] {
    var values: [TextRange] = []
    let count = eachValue(of: node) { position, text in
      while values.count < position { values.append(.empty) }
      values.append(text)
    }
    while values.count < count { values.append(.empty) }
    return values
  }

  /// Calls `body` with each value of a field that is not empty, and its position.
  ///
  /// - Returns: How many values there are, the empty ones counted.
  func eachValue(of node: Int, _ body: (Int, TextRange) -> Void) -> Int {
    var count = 0
    if kind(node) == .array {
      for element in elements(of: node) {
        if !isEmpty(element) { body(count, range(element)) }
        count += 1
      }
      return count
    }
    if holdsList(node), let list = ListLiteral.values(of: text(node)) {
      for value in list {
        if !value.isEmpty { body(count, keep(value)) }
        count += 1
      }
      return count
    }
    if !isEmpty(node) { body(0, range(node)) }
    return 1
  }

  /// True for a JSON list, and for a string that may hold one.
  func holdsList(_ node: Int) -> Bool {
    switch kind(node) {
    case .array: return true
    case .string:
      let raw = raw(node)
      return raw.count > 1 && (raw[0] == .openBrace || raw[0] == .openBracket)
    default: return false
    }
  }

  /// The value for a column that takes one: of a list the first that is not empty.
  ///
  /// - Returns: Nil when there is none, or when it is an object or a list.
  func scalar(of node: Int) -> Int? {
    var node = node
    if kind(node) == .array {
      guard let first = elements(of: node).first(where: { !isEmpty($0) }) else { return nil }
      node = first
    }
    let kind = kind(node)
    return kind == .object || kind == .array || isEmpty(node) ? nil : node
  }

  /// The text of a field that may be an object with a text for each language: Dutch, then English,
  /// then the first there is.
  func translated(_ node: Int) -> Int? {
    guard kind(node) == .object else { return scalar(of: node) }
    if let dutch = member("nl", of: node), kind(dutch) == .string { return dutch }
    if let english = member("en", of: node), kind(english) == .string { return english }
    let values = keys(of: node).lazy.map { value(ofKey: $0) }
    return values.first { kind($0) == .string && !isEmpty($0) }
  }

  /// True for `true`, `"True"`, `1` and their like, false for their opposites, nil for anything
  /// else.
  func flag(_ node: Int) -> Bool? {
    switch kind(node) {
    case .true: return true
    case .false: return false
    case .string, .number:
      switch text(node).lowercased() {
      case "true", "1": return true
      case "false", "0": return false
      default: return nil
      }
    case .null, .array, .object: return nil
    }
  }

  /// The number as an integer, also from a string, when it is one.
  func integer(_ node: Int) -> Int64? {
    guard kind(node) == .number || kind(node) == .string else { return nil }
    let raw = raw(node)
    var end = raw.count
    if let point = (0..<end).first(where: { raw[$0] == 0x2E }) {
      guard point + 1 < end, (point + 1..<end).allSatisfy({ raw[$0] == 0x30 }) else { return nil }
      end = point
    }
    guard end > 0, end <= 20, raw[0] != 0x2B else { return nil }
    return Int64(raw[0..<end].text)
  }

  /// What a column holds of this value; `.null` when it cannot hold it.
  func cell(_ node: Int, _ reading: ColumnReading) -> RecordCell {
    let sent =
      switch reading {
      case .translated: translated(node)
      // A census reads stamps without the records around them, and knows no lists.
      case .stamp: node
      case .text, .flag, .number, .date: scalar(of: node)
      }
    guard let value = sent else { return .null }
    switch reading {
    case .text, .translated: return .text(range(value))
    case .flag: return RecordCell(flag(value).map { $0 ? 1 : 0 })
    case .number: return RecordCell(integer(value))
    case .stamp: return RecordCell(date(value)?.stamp.map(keep))
    case .date: return RecordCell((date(value)?.local).map(keep))
    }
  }

  private func date(_ node: Int) -> PortalDate? {
    guard kind(node) == .string else { return nil }
    return self[node].hasEscapes ? PortalDate(text(node)) : PortalDate(raw(node))
  }
}

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

/// The form of a URI, as far as a mirror asks for it.
enum URIForm {
  /// True when the text has no scheme followed by `:` and something, or holds a control character
  /// (docs/contract.md, "Malformed").
  ///
  /// U+FFFD counts as one: it stands where U+0000 or half a surrogate pair was sent.
  static func isMalformed(_ text: ByteView) -> Bool { !hasScheme(text) || holdsControl(text) }

  private static func hasScheme(_ text: ByteView) -> Bool {
    for index in 0..<text.count {
      switch text[index] {
      case 0x41...0x5A, 0x61...0x7A: continue
      case 0x30...0x39, 0x2B, 0x2D, 0x2E:
        if index == 0 { return false }
      case .colon: return index > 0 && index + 1 < text.count
      default: return false
      }
    }
    return false
  }

  private static func holdsControl(_ text: ByteView) -> Bool {
    for index in text.endOfPrintable(from: 0)..<text.count {
      switch text[index] {
      case ..<0x20, 0x7F: return true
      case 0xC2 where index + 1 < text.count && text[index + 1] < 0xA0: return true
      case 0xEF where index + 2 < text.count && text[index + 1] == 0xBF && text[index + 2] == 0xBD:
        return true
      default: continue
      }
    }
    return false
  }
}
