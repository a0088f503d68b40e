/// The forms in which one field's values arrive (FIELDS.md, section 1).
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
