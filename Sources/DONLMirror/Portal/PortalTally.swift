import Synchronization

/// Counts what a run asks of the portal. Transport and portal share it; it is read as a snapshot.
public final class PortalTally: Sendable {
  struct Counts: Sendable, Equatable {
    /// Requests sent, retries and followed redirects included.
    var requests = 0
    var retries = 0
    /// How many of the requests were answered, by the class of the status: `2xx`.
    var answers: [String: Int] = [:]
    /// Connections opened.
    var connections = 0
    /// Bytes received after the connection (and its TLS) stood, headers included.
    var wireBytes = 0
    /// Bytes of bodies after decompression.
    var decodedBytes = 0
  }

  private let state = Mutex(Counts())

  public init() {}

  var counts: Counts { state.withLock { $0 } }

  func add(_ amount: Int = 1, to counter: WritableKeyPath<Counts, Int>) {
    state.withLock { $0[keyPath: counter] += amount }
  }

  func addAnswer(_ status: Int) {
    state.withLock { $0.answers["\(status / 100)xx", default: 0] += 1 }
  }
}
