import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Serves a mirror over HTTP until it is cancelled.
public struct SiteServer: Sendable {
  private let options: SiteOptions
  private let logger: Logger

  public init(_ options: SiteOptions, logger: Logger) {
    self.options = options
    self.logger = logger
  }

  /// A client that says nothing, or reads nothing, for so long is let go.
  private static let idleTimeout = TimeAmount.seconds(30)
  private static let headerBytesMax = 32 << 10
  private static let readingThreads = 8
  private static let slowThreads = 2

  /// - Parameter listening: called once connections are accepted, with the port, if there is one.
  /// - Throws: `Failure` 73 where the address cannot be had, 66 and others where the mirror cannot be read.
  public func run(listening: @escaping @Sendable (_ port: Int?) -> Void = { _ in }) async throws {
    // What is wrong with the file is said before anybody connects.
    try MirrorReader(path: options.path).close()
    let pools = [Self.readingThreads, Self.slowThreads].map {
      NIOThreadPool(numberOfThreads: $0)
    }
    for pool in pools { pool.start() }
    let responder = SiteResponder(
      options, threads: pools[0], slowThreads: pools[1], logger: logger)
    let served: Result<Void, any Error>
    do {
      served = .success(try await serve(responder, listening))
    } catch {
      served = .failure(error)
    }
    for pool in pools { try? await pool.shutdownGracefully() }
    try served.get()
  }

  private func serve(
    _ responder: SiteResponder, _ listening: @escaping @Sendable (Int?) -> Void
  ) async throws {
    let child = HTTP1Channel(
      responder: { request, writer, channel in
        try await responder.respond(
          to: request, with: writer, on: ClientConnection(channel),
          isOnLoopback: channel.localAddress?.isLoopback ?? false)
      },
      configuration: .init(
        idleTimeout: Self.idleTimeout,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: Self.headerBytesMax, maxHeaderListSize: Self.headerBytesMax,
          maxHeaderFieldCount: 100)))
    let logger = logger
    let server = try await bind { channel in child.setup(channel: channel, logger: logger) }
    listening(server.channel.localAddress?.port)
    let warming = Task { [logger] in
      do {
        try await responder.warm()
      } catch {
        logger.warning(
          "the index could not be made yet", metadata: ["reason": "no_index", "error": "\(error)"])
      }
    }
    defer { warming.cancel() }
    let slots = Slots(options.connectionsMax)
    try await withThrowingDiscardingTaskGroup { group in
      try await server.executeThenClose { connections in
        for try await connection in connections {
          await slots.take()
          group.addTask {
            await child.handle(value: connection, logger: logger)
            slots.giveBack()
          }
        }
      }
    }
  }

  private func bind<Value: Sendable>(
    _ setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Value>
  ) async throws -> NIOAsyncChannel<Value, Never> {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      // Who has asked and says no more still gets an answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
    do {
      switch options.address {
      case .host(let host, let port):
        return
          try await bootstrap
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
          .bind(host: host, port: port, childChannelInitializer: setUp)
      case .unixSocket(let path):
        return try await bootstrap.bind(
          unixDomainSocketPath: path, cleanupExistingSocketFile: true,
          childChannelInitializer: setUp)
      case .inherited(let socket):
        return try await bootstrap.bind(socket, childChannelInitializer: setUp)
      }
    } catch let error as IOError {
      throw Failure(errno: error.errnoCode, "\(options.address) cannot be listened on")
    } catch is UnixDomainSocketPathWrongType {
      throw Failure(
        .cannotCreate, reason: "not_ours",
        "\(options.address) is no socket; it was left as it is. Choose another --listen.")
    } catch is SocketAddressError.UnknownHost {
      throw Failure(
        .cannotCreate, reason: "address",
        "\(options.address) cannot be listened on: nobody knows that name.")
    } catch let error as SocketAddressError {
      throw Failure(
        .cannotCreate, reason: "address", "\(options.address) cannot be listened on: \(error).")
    }
  }
}

extension SocketAddress {
  fileprivate var isLoopback: Bool {
    switch self {
    case .v4(let address): UInt32(bigEndian: address.address.sin_addr.s_addr) >> 24 == 127
    case .v6(let address):
      withUnsafeBytes(of: address.address.sin6_addr) { bytes in
        bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
          || bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            && bytes[12] == 127
      }
    case .unixDomainSocket: false
    }
  }
}

/// A client that must get on: what it sends, and every part of what it is sent, has so much time.
struct ClientConnection: Sendable {
  private let channel: any Channel

  init(_ channel: any Channel) { self.channel = channel }

  private static let patience = TimeAmount.seconds(60)

  /// Closes the connection when its time is over; to be cancelled before.
  func hurry() -> Scheduled<Void> {
    let channel = channel
    return channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
  }
}

/// Counts connections: who comes when there are enough waits until one has gone.
private struct Slots: Sendable {
  private let free: AsyncStream<Void>
  private let feed: AsyncStream<Void>.Continuation

  init(_ count: Int) {
    (free, feed) = AsyncStream.makeStream()
    for _ in 0..<count { feed.yield() }
  }

  func take() async {
    for await _ in free { return }
  }

  func giveBack() { feed.yield() }
}
