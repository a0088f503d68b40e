import Foundation

/// A port of the loopback interface that refuses connections for as long as this lives.
///
/// It is bound and does not listen: a port that is merely free may be another test's in a moment. A server that is
/// told its number may listen on it meanwhile (SO_REUSEADDR, socket(7)); when that has gone, it refuses again.
final class ClosedPort: Sendable {
  struct Taken: Error {
    var code: Int32
  }

  let number: Int
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let outcome = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
      }
    }
    guard outcome else {
      let code = errno
      close(descriptor)
      throw Taken(code: code)
    }
    self.number = Int(in_port_t(bigEndian: address.sin_port))
  }

  deinit {
    close(descriptor)
  }
}
