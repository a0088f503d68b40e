import NIOCore

/// Counts the bytes that arrive on a connection, as the run's ledger reports them.
final class WireCounter: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let tally: PortalTally

  init(_ tally: PortalTally) { self.tally = tally }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    tally.add(unwrapInboundIn(data).readableBytes, to: \.wireBytes)
    context.fireChannelRead(data)
  }
}
