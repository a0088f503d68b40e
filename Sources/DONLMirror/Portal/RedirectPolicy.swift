import Foundation

/// Where an answer may send us: a mirror that holds a token, in a network that the portal does not
/// know, does not go wherever it is told.
struct RedirectPolicy: Sendable {
  static let redirectsMax = 5
  static let statuses: Set<Int> = [301, 302, 303, 307, 308]

  var allowedHosts: Set<String>

  /// The URL to ask next.
  ///
  /// - Parameters:
  ///   - location: the `Location` header, absolute or relative.
  ///   - trail: the URLs asked so far, the current one last.
  func next(_ location: String, after trail: [String]) throws(PortalError) -> String {
    guard let current = trail.last.flatMap(URL.init(string:)),
      let target = Self.resolve(location, current)
    else { throw refused("to what is not a URL", location) }
    guard let scheme = target.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = target.host?.lowercased(), !host.isEmpty
    else { throw refused("to what is not http", location) }

    let wasSecure = current.scheme?.lowercased() == "https"
    guard !wasSecure || scheme == "https" else {
      throw PortalError(
        reason: .downgrade, nature: .refused,
        message: "The portal redirects from https to http, which is refused: "
          + Excerpt.escape(location))
    }
    let isSameHost = host == current.host?.lowercased()
    let isUpgrade = !wasSecure && scheme == "https"
    let isSameOrigin = isSameHost && (isUpgrade || Self.port(of: target) == Self.port(of: current))
    let isAllowed = allowedHosts.contains {
      let allowed = $0.lowercased()
      return allowed == host || allowed == "\(host):\(Self.port(of: target))"
    }
    guard isSameOrigin || isAllowed else {
      throw refused("to another host (see portal.allow-redirect-hosts)", location)
    }
    let next = target.absoluteString
    guard !trail.contains(next), trail.count <= Self.redirectsMax else {
      throw PortalError(
        reason: .redirectLoop, nature: .refused,
        message: "The portal redirects in a circle or more than \(Self.redirectsMax) times: "
          + Excerpt.escape(location))
    }
    return next
  }

  private static func resolve(_ location: String, _ current: URL) -> URL? {
    URL(string: location.trimmingCharacters(in: .whitespaces), relativeTo: current)?.absoluteURL
  }

  private static func port(of url: URL) -> Int {
    url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80)
  }

  private func refused(_ what: String, _ location: String) -> PortalError {
    PortalError(
      reason: .redirectRefused, nature: .refused,
      message: "The portal redirects \(what), which is refused: \(Excerpt.escape(location))")
  }
}
