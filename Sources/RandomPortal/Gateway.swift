import SamplePortal
import Synchronization

/// A gateway before a portal that is sound: it lets answers go wrong as a portal's do that answers at random.
public final class Gateway: Sendable {
  private struct State: Sendable {
    var chance: Chance
    var before: SamplePortal.Answer?
    var isHonest = false
    var mishaps = 0
  }

  private let sound: @Sendable (SamplePortal.Request) -> SamplePortal.Answer
  private let state: Mutex<State>

  /// - Parameter sound: what the portal behind it answers.
  public init(
    seed: UInt64, sound: @escaping @Sendable (SamplePortal.Request) -> SamplePortal.Answer
  ) {
    self.sound = sound
    state = Mutex(State(chance: Chance(seed)))
  }

  /// From now on nothing goes wrong any more.
  public func becomeHonest() { state.withLock { $0.isHonest = true } }

  /// How often something went wrong.
  public var mishaps: Int { state.withLock { $0.mishaps } }

  /// For `SamplePortal.intercept`.
  public func intervene(_ request: SamplePortal.Request) -> SamplePortal.Intervention {
    let truth = sound(request)
    return state.withLock { state in
      defer { if request.action == "package_search" { state.before = truth } }
      guard !state.isHonest, state.chance.happens(0.2) else { return .respond(truth) }
      state.mishaps += 1
      let mishap = Mishap.random(&state.chance, for: request)
      let told = mishap.answer(to: request, truth, &state.chance, before: state.before) {
        request, _ in sound(request)
      }
      if case .wire(let fault) = mishap { return .damage(told, fault) }
      return .respond(told)
    }
  }
}
