import SamplePortal
import Synchronization

/// What the portal has, and had at any moment of a run: a mirror must agree with one of these.
final class Truth: Sendable {
  private struct State {
    /// Listed and served at every moment so far.
    var throughout: Set<String> = []
    /// Listed at some moment.
    var ever: Set<String> = []
    /// Gone, or hidden from the public, at some moment.
    var everGone: Set<String> = []
    var ids: Set<String> = []
  }

  private let state = Mutex(State())

  /// A run begins.
  func begin(_ catalogue: Catalogue) {
    let ids = Self.listed(catalogue)
    state.withLock { state in
      let known = state.ids.union(state.everGone)
      state = State(throughout: ids, ever: ids, everGone: known.subtracting(ids), ids: ids)
    }
  }

  /// The catalogue has moved.
  func note(_ catalogue: Catalogue) {
    let ids = Self.listed(catalogue)
    state.withLock { state in
      state.throughout.formIntersection(ids)
      state.everGone.formUnion(state.ids.subtracting(ids))
      state.ever.formUnion(ids)
      state.ids = ids
    }
  }

  var throughout: Set<String> { state.withLock { $0.throughout } }
  var ever: Set<String> { state.withLock { $0.ever } }
  var everGone: Set<String> { state.withLock { $0.everGone } }

  static func listed(_ catalogue: Catalogue) -> Set<String> {
    Set(catalogue.records.filter(\.isListed).map(\.id)).subtracting(catalogue.hidden)
  }
}
