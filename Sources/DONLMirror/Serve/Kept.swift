import Synchronization

/// What is found out about a state once, and kept until there is another.
final class Kept<Value: Sendable>: Sendable {
  private let make: @Sendable (SiteState) throws -> Value
  private let kept = Mutex<(tag: String, value: Value)?>(nil)

  init(_ make: @escaping @Sendable (SiteState) throws -> Value) { self.make = make }

  func value(of state: SiteState) throws -> Value {
    try kept.withLock { kept in
      if let kept, kept.tag == state.tag { return kept.value }
      let value = try make(state)
      kept = (state.tag, value)
      return value
    }
  }
}
