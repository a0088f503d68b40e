import Foundation
import Testing

/// The service manager's end of `$NOTIFY_SOCKET`.
final class NotifyListener: Sendable {
  /// As the variable names it.
  let name: String
  /// Each datagram, in the order of arrival.
  let messages: AsyncStream<String>
  private let descriptor: Int32

  /// - Parameter name: a path, or `@` and an abstract name.
  init(_ name: String) throws {
    self.name = name
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    self.descriptor = descriptor
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(name.utf8)
    try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: bytes)
      if name.hasPrefix("@") { path[0] = 0 }
    }
    let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(header + bytes.count))
      }
    }
    try #require(bound == 0)
    let (messages, arrived) = AsyncStream.makeStream(of: String.self)
    self.messages = messages
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
        arrived.yield(String(decoding: buffer.prefix(count), as: UTF8.self))
      }
      arrived.finish()
      close(descriptor)
    }
  }

  /// Wakes the thread, which closes the socket.
  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    if !name.hasPrefix("@") { unlink(name) }
  }

  /// What arrives up to the first message that holds the text, that one included.
  @discardableResult
  func wait(for text: String) async -> [String] {
    var seen: [String] = []
    for await message in messages {
      seen.append(message)
      if message.contains(text) { break }
    }
    return seen
  }
}
