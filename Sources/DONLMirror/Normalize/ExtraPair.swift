/// One key and value of CKAN's `extras`.
struct ExtraPair {
  var key: TextRange
  /// The node of the value, which is not empty.
  var value: Int
}

extension JSONDocument {
  /// What `extras` holds: a list of `{key, value}`, or an object as API 2 sends it.
  ///
  /// A key and its value may stand in two elements that follow each other (ckan/ckan#5524). What
  /// is no such pair comes under the key it shows, or under `""`.
  /// - Returns: Nil when it is neither list nor object.
  func extraPairs(of extras: Int) -> [ExtraPair]? {
    switch kind(extras) {
    case .object:
      return keys(of: extras).lazy
        .map { ExtraPair(key: range(ofKey: $0), value: value(ofKey: $0)) }
        .filter { !isEmpty($0.value) }
    case .array: return pairs(ofList: extras)
    default: return nil
    }
  }

  private func pairs(ofList extras: Int) -> [ExtraPair] {
    var pairs: [ExtraPair] = []
    var waiting: TextRange?
    for element in elements(of: extras) where !isEmpty(element) {
      let key = member("key", of: element).map { range($0) }
      if let value = member("value", of: element) {
        pairs.append(ExtraPair(key: key ?? waiting ?? .empty, value: value))
        waiting = nil
      } else if let key {
        waiting = holds("value", element) ? nil : key
      } else if kind(element) != .object {
        pairs.append(ExtraPair(key: .empty, value: element))
      }
    }
    return pairs
  }

  private func holds(_ name: StaticString, _ object: Int) -> Bool {
    keys(of: object).contains { key($0).equals(name) }
  }
}
