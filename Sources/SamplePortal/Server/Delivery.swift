import Foundation
import HummingbirdCore
import NIOCore

/// How an answer reaches the wire.
enum Delivery: Sendable {
  /// Whole, as HTTP wants it.
  case faithful
  /// These bytes, whatever HTTP says of them.
  case scripted([WireStep])

  func deliver(
    _ response: Response, to writer: consuming ResponseWriter, on channel: any Channel
  ) async throws {
    switch self {
    case .faithful:
      try await writer.write(response: response.head, body: response.body)
    case .scripted(let steps):
      try await channel.eventLoop.submit {
        try channel.pipeline.syncOperations.addHandler(WirePlayer(steps), position: .first)
      }.get()
    }
  }
}

/// What happens on a connection, below HTTP.
enum WireStep: Sendable, Equatable {
  case send(ByteBuffer)
  /// One byte at a time.
  case drip(ByteBuffer, every: TimeAmount)
  /// Again and again, as fast as it is taken.
  case endless(ByteBuffer)
  case close
  /// Closes with an RST.
  case reset
}

/// Plays steps on the connection that it is added to. It stands next to the socket, so that what
/// it writes passes no encoder; a script that does not end with a close leaves the peer waiting.
final class WirePlayer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let steps: [WireStep]

  init(_ steps: [WireStep]) { self.steps = steps }

  func handlerAdded(context: ChannelHandlerContext) { play(steps[...], context) }

  private func play(_ steps: ArraySlice<WireStep>, _ context: ChannelHandlerContext) {
    var rest = steps
    while let step = rest.popFirst() {
      guard context.channel.isActive else { return }
      switch step {
      case .send(let bytes):
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
      case .drip(var bytes, let interval):
        guard let byte = bytes.readSlice(length: 1) else { continue }
        context.writeAndFlush(wrapOutboundOut(byte), promise: nil)
        let next = [.drip(bytes, every: interval)] + rest
        context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
          self.play(next[...], context)
        }
        return
      case .endless(let bytes):
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenSuccess {
          self.play([step], context)
        }
        return
      case .close:
        context.close(promise: nil)
      case .reset:
        let socket = context.channel as? any SocketOptionProvider
        socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
          context.close(promise: nil)
        }
      }
    }
  }
}
