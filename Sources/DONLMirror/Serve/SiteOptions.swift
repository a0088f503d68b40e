import CKANServer
import Foundation

/// How a mirror is served.
public struct SiteOptions: Sendable {
  /// Where it is served.
  public enum Address: Sendable, Equatable, CustomStringConvertible {
    case host(String, port: Int)
    case unixSocket(String)
    /// A socket that is bound already and listens, by its number: what a service manager hands over.
    case inherited(Int32)

    public var description: String {
      switch self {
      case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unixSocket(let path): path
      case .inherited(let number): "the socket \(number) of the service manager"
      }
    }
  }

  /// The database, or the link of a published copy.
  public var path: String
  public var address: Address
  /// Names, besides those of the address, under which a server on loopback may be asked.
  public var allowedHosts: Set<String> = []
  /// What stands before the paths in the addresses that are told; nil: as the request named it.
  public var baseURL: String?
  /// Connections at one time; who comes later waits.
  public var connectionsMax = 256
  public var now: @Sendable () -> Date = { Date() }
  /// How the mirror is.
  public var health: @Sendable () -> Health

  public init(
    path: String, address: Address, health: @escaping @Sendable () -> Health
  ) {
    self.path = path
    self.address = address
    self.health = health
  }

  /// - Parameter host: the header `Host` of a request, with or without a port.
  func isKnown(host: String?) -> Bool {
    guard let host, let name = Self.name(ofHost: host) else { return false }
    if ["localhost", "127.0.0.1", "[::1]"].contains(name) || allowedHosts.contains(name) {
      return true
    }
    if case .host(let own, _) = address { return own.lowercased() == name }
    return false
  }

  private static func name(ofHost host: String) -> String? {
    let lower = host.lowercased()
    if lower.hasPrefix("[") {
      return lower.firstIndex(of: "]").map { String(lower[...$0]) }
    }
    return lower.split(separator: ":", omittingEmptySubsequences: false).first.map(String.init)
  }

  /// The address of the site for whoever asked, without a slash at the end.
  func base(for request: CKANRequest) -> String {
    if let baseURL { return baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL }
    let host = request.header("Host") ?? "localhost"
    // What comes from outside is told again only where it is a name.
    let isName = host.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || ".-:[]".utf8.contains(byte)
    }
    return "http://" + (isName && !host.isEmpty ? host : "localhost")
  }
}
