import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that does to each request what its script says, byte by byte. It knows no HTTP but
/// where a request without body ends.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    case send([UInt8])
    /// One byte at a time.
    case drip([UInt8], every: TimeAmount)
    case close
    /// Closes with an RST.
    case reset
    /// From here on this connection is TLS: for proxies.
    case startTLS(NIOSSLContext)

    static func text(_ text: String) -> Step { .send(Array(text.utf8)) }
  }

  /// What to do to one request; an empty script never answers.
  typealias Script = [Step]

  private struct State {
    var scripts: [Script]
    var requests: [String] = []
    var connections = 0
  }

  private let state: Mutex<State>
  private let channel: Mutex<(any Channel)?> = Mutex(nil)
  private let arrivals = AsyncStream<Void>.makeStream()
  private let host: String
  fileprivate let greeting: String

  private init(_ scripts: [Script], host: String, greeting: String) {
    state = Mutex(State(scripts: scripts))
    self.host = host
    self.greeting = greeting
  }

  /// Serves the scripts in order, the last one for all further requests, while `body` runs.
  ///
  /// - Parameter greeting: sent as soon as a connection stands.
  static func using<Result>(
    _ scripts: [Script], tls: NIOSSLContext? = nil, host: String = "127.0.0.1",
    greeting: String = "",
    isolation: isolated (any Actor)? = #isolation,
    body: (ScriptedServer) async throws -> Result
  ) async throws -> Result {
    let server = ScriptedServer(scripts, host: host, greeting: greeting)
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
          }
          try channel.pipeline.syncOperations.addHandler(Player(server))
        }
      }
      .bind(host: host, port: 0).get()
    server.channel.withLock { $0 = channel }
    do {
      let result = try await body(server)
      try await channel.close()
      return result
    } catch {
      try await channel.close()
      throw error
    }
  }

  var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
  var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
  /// The heads of the requests so far.
  var requests: [String] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }

  /// Returns when a request has come (since the last call).
  func nextRequest() async {
    for await _ in arrivals.stream { return }
  }

  fileprivate func connected() { state.withLock { $0.connections += 1 } }

  fileprivate func received(_ head: String) -> Script {
    defer { arrivals.continuation.yield() }
    return state.withLock {
      $0.requests.append(head)
      return $0.scripts.count > 1 ? $0.scripts.removeFirst() : $0.scripts.first ?? []
    }
  }
}

private final class Player: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let server: ScriptedServer
  private var received: [UInt8] = []

  init(_ server: ScriptedServer) { self.server = server }

  func channelActive(context: ChannelHandlerContext) {
    server.connected()
    if !server.greeting.isEmpty {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: server.greeting)), promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView
    guard received.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
    let script = server.received(String(decoding: received, as: UTF8.self))
    received = []
    play(script[...], context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func play(_ script: ArraySlice<ScriptedServer.Step>, _ context: ChannelHandlerContext) {
    var rest = script
    while let step = rest.popFirst() {
      switch step {
      case .send(let bytes):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
      case .drip(let bytes, let interval):
        guard let first = bytes.first, context.channel.isActive else { continue }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [first])), promise: nil)
        let next = [.drip(Array(bytes.dropFirst()), every: interval)] + rest
        context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
          self.play(next[...], context)
        }
        return
      case .close:
        context.close(promise: nil)
      case .reset:
        let socket = context.channel as? any SocketOptionProvider
        socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
          .assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      case .startTLS(let tls):
        do {
          let handler = NIOSSLServerHandler(context: tls)
          try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch { context.close(promise: nil) }
      }
    }
  }
}
