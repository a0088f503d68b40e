import NIOPosix
import Synchronization

/// What is found out about a state once, and kept until there is another.
final class Kept<Value: Sendable>: Sendable {
  private struct State {
    var kept: (tag: String, value: Value)?
    var making: (tag: String, task: Task<Void, any Error>)?
  }

  private let make: @Sendable (SiteState) throws -> Value
  private let state = Mutex(State())

  init(_ make: @escaping @Sendable (SiteState) throws -> Value) { self.make = make }

  func value(of current: SiteState) throws -> Value {
    if let kept = state.withLock({ $0.kept }), kept.tag == current.tag { return kept.value }
    let value = try make(current)
    state.withLock { $0.kept = (current.tag, value) }
    return value
  }

  /// Finds it out once for all who ask meanwhile, however long that takes, on threads that nobody else
  /// waits for.
  ///
  /// - Parameter tag: of the state that is there now.
  func prepare(_ tag: String, of site: MirrorSite, on threads: NIOThreadPool) async throws {
    let task: Task<Void, any Error>? = state.withLock { state in
      if state.kept?.tag == tag { return nil }
      if let making = state.making, making.tag == tag { return making.task }
      let task = Task {
        try await threads.runIfActive {
          try site.read(isPatient: true) { current in _ = try self.value(of: current) }
        }
      }
      state.making = (tag, task)
      return task
    }
    do {
      try await task?.value
    } catch {
      // The next who asks may try again.
      state.withLock { if $0.making?.tag == tag { $0.making = nil } }
      throw error
    }
  }
}
