import DONLMirror
import Synchronization
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs work until it ends or a signal asks it to: the first SIGINT or SIGTERM cancels it, which
/// closes its transaction and its row in `runs`; a second one ends the process at once.
enum Interruption {
  static func cancelling<Result: Sendable>(
    _ work:
      @escaping @Sendable (_ status: @escaping @Sendable () -> ExitStatus) async throws ->
      Result
  ) async throws -> Result {
    let received = FirstSignal()
    // Before the work begins, or a signal ends the process in the middle of it.
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask {
        do {
          return try await work { received.status }
        } catch is CancellationError {
          throw Failure(received.status, reason: "interrupted", "Stopped before the run began.")
        }
      }
      group.addTask {
        for await signal in signals {
          if received.note(signal) { return nil }
          _exit(received.status.rawValue)
        }
        return nil
      }
      while let result = try await group.next() {
        group.cancelAll()
        if let result { return result }
      }
      throw CancellationError()
    }
  }
}

/// The first signal that asked the process to end.
final class FirstSignal: Sendable {
  private let signal = Mutex<UnixSignal?>(nil)

  var hasCome: Bool { signal.withLock { $0 != nil } }

  /// How a process answers that was asked to end.
  var status: ExitStatus {
    signal.withLock { $0 == .sigterm ? .terminated : .interrupted }
  }

  /// - Returns: true for the first.
  func note(_ new: UnixSignal) -> Bool {
    signal.withLock { signal in
      defer { signal = signal ?? new }
      return signal == nil
    }
  }
}
