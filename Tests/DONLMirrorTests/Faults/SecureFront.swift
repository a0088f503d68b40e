import NIOCore
import NIOPosix
import NIOSSL

/// TLS in front of a portal on loopback, as a proxy of its operators would put it there.
enum SecureFront {
  private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  /// Listens on the port that it gives to `body`, for as long as that runs.
  nonisolated(nonsending) static func using<Result: Sendable>(
    _ context: NIOSSLContext, before portalPort: Int,
    body: nonisolated(nonsending) (Int) async throws -> Result
  ) async throws -> Result {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await server.executeThenClose { clients in
          await withDiscardingTaskGroup { group in
            do {
              for try await client in clients {
                // A handshake that fails is what the tests are after.
                group.addTask { try? await forward(client, to: portalPort) }
              }
            } catch {
              group.cancelAll()
            }
          }
        }
      }
      let port = server.channel.localAddress?.port ?? 0
      do {
        let result = try await body(port)
        group.cancelAll()
        return result
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  private static func forward(_ client: Connection, to port: Int) async throws {
    let portal = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try Connection(wrappingChannelSynchronously: channel)
        }
      }
    try await client.executeThenClose { fromClient, toClient in
      try await portal.executeThenClose { fromPortal, toPortal in
        await withTaskGroup(of: Void.self) { group in
          group.addTask { try? await copy(fromClient, toPortal) }
          group.addTask { try? await copy(fromPortal, toClient) }
          // Either side may hang up first.
          await group.next()
          group.cancelAll()
        }
      }
    }
  }

  private static func copy(
    _ source: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ target: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) async throws {
    for try await bytes in source { try await target.write(bytes) }
  }
}
