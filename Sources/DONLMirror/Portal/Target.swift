import Foundation

/// Whom a URL is for.
struct Target: Sendable, Equatable {
  var scheme: String
  /// Lower-case; an IPv6 address in brackets.
  var host: String
  var port: Int

  init(_ url: String) throws(PortalError) {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
      let host = parts.percentEncodedHost?.lowercased(), !host.isEmpty
    else {
      throw PortalError(
        reason: .badResponse, nature: .refused,
        message: "This is not a URL that can be asked: \(Excerpt.escape(url))")
    }
    self.scheme = scheme
    self.host = host
    port = parts.port ?? (scheme == "https" ? 443 : 80)
  }
}
