import HummingbirdCore
import NIOCore

/// How an answer reaches the wire.
///
/// Everything below HTTP has its place here: bodies cut short, stalls, resets, false lengths. The
/// responder hands over the finished head and body together with the writer and the channel, so
/// that a fault needs nothing else.
protocol Delivery: Sendable {
  func deliver(
    _ response: Response, to writer: consuming ResponseWriter, on channel: any Channel
  ) async throws
}

/// Sends the answer whole.
struct FaithfulDelivery: Delivery {
  func deliver(
    _ response: Response, to writer: consuming ResponseWriter, on channel: any Channel
  ) async throws {
    try await writer.write(response: response.head, body: response.body)
  }
}
