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
      let url = Self.resolve(location, current)
    else { throw refused("to what is not a URL", location) }
    guard let from = Self.target(of: current), let to = Self.target(of: url),
      ["http", "https"].contains(to.scheme)
    else { throw refused("to what is not http", location) }

    guard from.scheme == "http" || to.scheme == "https" else {
      throw PortalError(
        reason: .downgrade, nature: .refused,
        message: "The portal redirects from https to http, which is refused: "
          + Excerpt.escape(location))
    }
    let isUpgrade = from.scheme == "http" && to.scheme == "https"
    let isSameOrigin = to.host == from.host && (isUpgrade || to.port == from.port)
    let isAllowed = allowedHosts.contains {
      let allowed = $0.lowercased()
      return allowed == to.host || allowed == "\(to.host):\(to.port)"
    }
    guard isSameOrigin || isAllowed else {
      throw refused("to another host (see portal.allow-redirect-hosts)", location)
    }
    let next = url.absoluteString
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

  private static func target(of url: URL) -> Target? {
    URLComponents(string: url.absoluteString).flatMap(Target.init(_:))
  }

  private func refused(_ what: String, _ location: String) -> PortalError {
    PortalError(
      reason: .redirectRefused, nature: .refused,
      message: "The portal redirects \(what), which is refused: \(Excerpt.escape(location))")
  }
}
