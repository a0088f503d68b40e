import CKANServer
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A CKAN stand-in over real HTTP on the loopback interface.
///
/// It behaves as CKAN 2.8 to 2.11 were observed to behave, oddities included, so that what works
/// against it works against a portal. It lives as long as the closure that uses it:
///
///     try await SamplePortal.run(.sample(day: 1)) { portal in
///       try await harvest(portal.url)
///       portal.publish(.sample(day: 2))
///       try await harvest(portal.url)
///     }
public final class SamplePortal: Sendable {
  /// The base of the site, `http://127.0.0.1:PORT/data`; the API is below it at `/api/3/action`.
  public let url: String
  /// The port it listens on.
  public let port: Int

  public typealias Request = CKANRequest
  public typealias Answer = CKANAnswer

  private let state: Mutex<PortalState>

  private init(port: Int, state: PortalState) {
    self.port = port
    self.url = "http://127.0.0.1:\(port)/data"
    self.state = Mutex(state)
  }

  /// Starts a portal, lets `body` use it, and stops it.
  ///
  /// Connections that are still open when `body` returns are closed at once.
  ///
  /// - Parameter port: 0 takes any free port.
  /// - Throws: what `body` throws; an I/O error if the port is taken.
  public nonisolated(nonsending) static func run<Result>(
    _ catalogue: Catalogue, port: Int = 0, settings: Settings = Settings(),
    logger: Logger = Logger(label: "sample-portal", factory: { _ in SwiftLogNoOpLogHandler() }),
    body: nonisolated(nonsending) (SamplePortal) async throws -> Result
  ) async throws -> Result {
    let started = Mutex<SamplePortal?>(nil)
    let (running, isRunning) = AsyncStream.makeStream(of: SamplePortal.self)
    let server = try HTTPServerBuilder.http1().buildServer(
      configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger
    ) { request, writer, channel in
      guard let portal = started.withLock({ $0 }) else { return }
      try await portal.respond(to: request, with: writer, on: channel)
    } onServerRunning: { channel in
      let portal = SamplePortal(
        port: channel.localAddress?.port ?? port,
        state: PortalState(catalogue: catalogue, settings: settings))
      started.withLock { $0 = portal }
      isRunning.yield(portal)
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { isRunning.finish() }
        try await server.run()
      }
      guard let portal = await running.first(where: { _ in true }) else {
        // The server ended before it listened, so its task has the reason.
        try await group.waitForAll()
        throw CancellationError()
      }
      do {
        let result = try await body(portal)
        group.cancelAll()
        return result
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  /// Puts another catalogue in place of the present one.
  public func publish(_ catalogue: Catalogue) { update { $0 = catalogue } }

  /// Changes the catalogue; no request sees it half changed.
  public func update<Failure: Error>(
    _ change: (inout Catalogue) throws(Failure) -> Void
  ) throws(Failure) {
    try state.withLock { (state) throws(Failure) in try state.update(change) }
  }

  /// The catalogue as it is now.
  public var catalogue: Catalogue { state.withLock { $0.catalogue } }

  /// What was asked since the start or the last `resetRequests`, in the order of arrival.
  public var requests: [Request] { state.withLock { $0.requests } }

  /// Forgets the requests and counts from 1 again.
  public func resetRequests() { state.withLock { $0.requests = [] } }

  /// Hands every request from now on to `intercept` first; nil ends that.
  public func intercept(_ intercept: Intercept?) { state.withLock { $0.intercept = intercept } }

  /// Lets things go wrong from the next request on, in place of an earlier script. An interceptor
  /// is asked first.
  public func fail(_ script: FaultScript) {
    state.withLock { $0.script = RunningScript(script) }
  }

  /// How the portal behaves; takes effect with the next request.
  public var settings: Settings {
    get { state.withLock { $0.settings } }
    set { state.withLock { $0.settings = newValue } }
  }

  /// The catalogue and settings at one moment.
  func snapshot() -> (MemoryCatalogue, Settings) {
    state.withLock { ($0.served(), $0.settings) }
  }

  /// Notes a request, and asks the interceptor and the script about it.
  func note(_ request: Request) -> Intervention? {
    let (intercept, fault, ordinal) = state.withLock { state in
      state.requests.append(request)
      return (state.intercept, state.script.fault(for: request), state.requests.count)
    }
    return intercept?(request, ordinal) ?? fault.map(Intervention.fail)
  }

  /// The last answer to this action.
  func lastAnswer(to action: String) -> Answer? { state.withLock { $0.answers[action] } }

  func remember(_ answer: Answer, to action: String) {
    state.withLock { $0.answers[action] = answer }
  }
}
