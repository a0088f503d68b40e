import Foundation

/// Whom a URL is for.
struct Target: Sendable, Hashable {
  var scheme: String
  /// In lower case, in ASCII (`xn--…`); an IPv6 address in brackets.
  var host: String
  var port: Int

  /// `https://data.overheid.nl`; the port is named when it is not the scheme's own.
  var origin: String {
    scheme + "://" + host + (port == Self.standardPort(of: scheme) ? "" : ":\(port)")
  }

  /// - Returns: nil when the parts name no scheme or no host.
  init?(_ parts: URLComponents) {
    guard let scheme = parts.scheme?.lowercased(), let host = Self.host(of: parts) else {
      return nil
    }
    self.scheme = scheme
    self.host = host
    port = parts.port ?? Self.standardPort(of: scheme)
  }

  init(_ url: String) throws(PortalError) {
    guard let target = URLComponents(string: url).flatMap(Target.init(_:)) else {
      throw PortalError(
        reason: .badResponse, nature: .refused,
        message: "This is not a URL that can be asked: \(Excerpt.escape(url))")
    }
    self = target
  }

  /// The name by which DNS, TLS and the `Host` header know a host: an internationalized one in its
  /// ASCII form (RFC 5891), however it is written.
  ///
  /// - Returns: nil when there is none, or no host can have it.
  static func host(of parts: URLComponents) -> String? {
    // Of `b%C3%BCcher.example` Foundation makes a name in ASCII only when it is set as text.
    var ascii = URLComponents()
    ascii.host = parts.host
    guard let host = ascii.encodedHost?.lowercased(), !host.isEmpty, !host.contains("%") else {
      return nil
    }
    return host
  }

  /// - Parameter name: a host alone, in any script.
  static func host(named name: String) -> String? {
    URLComponents(string: "https://" + name).flatMap(host(of:))
  }

  /// The same URL with its host as DNS knows it.
  static func withASCIIHost(_ url: String) -> String {
    guard var parts = URLComponents(string: url), let host = host(of: parts),
      parts.encodedHost?.lowercased() != host
    else { return url }
    parts.encodedHost = host
    return parts.string ?? url
  }

  static func standardPort(of scheme: String) -> Int { scheme == "https" ? 443 : 80 }
}
