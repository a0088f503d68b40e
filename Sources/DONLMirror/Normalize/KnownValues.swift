/// What one object holds under its known keys, as nodes of the record.
struct KnownValues {
  /// By role: the value, or -1.
  private var values: [Int]
  /// By role: what stands under the key has found its place.
  private var isCarried: [Bool]
  /// The roles that have a value, in the order in which they came.
  private(set) var present: [Int] = []

  init(_ roles: KeyRoles) {
    values = Array(repeating: -1, count: roles.roles.count)
    isCarried = Array(repeating: false, count: roles.roles.count)
  }

  subscript(role: Int) -> Int? {
    get { values[role] < 0 ? nil : values[role] }
    set {
      guard let newValue else { return }
      if values[role] < 0 { present.append(role) }
      values[role] = newValue
    }
  }

  mutating func carry(_ role: Int) { isCarried[role] = values[role] >= 0 }

  func carries(_ role: Int) -> Bool { isCarried[role] }

  mutating func removeAll() {
    for role in present { (values[role], isCarried[role]) = (-1, false) }
    present.removeAll(keepingCapacity: true)
  }
}
