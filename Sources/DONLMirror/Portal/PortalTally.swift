import Synchronization

/// Counts what a run asks of the portal. Shared by the transport and the portal; read as a snapshot.
public final class PortalTally: Sendable {
  public struct Counts: Sendable, Equatable {
    /// Requests sent, retries and followed redirects included.
    public var requests = 0
    public var retries = 0
    /// Connections opened.
    public var connections = 0
    /// Bytes received after the connection (and its TLS) stood, headers included.
    public var wireBytes = 0
    /// Bytes of bodies after decompression.
    public var decodedBytes = 0
  }

  private let state = Mutex(Counts())

  public init() {}

  public var counts: Counts { state.withLock { $0 } }

  func add(_ amount: Int = 1, to counter: WritableKeyPath<Counts, Int>) {
    state.withLock { $0[keyPath: counter] += amount }
  }
}
