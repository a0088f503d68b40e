import Foundation

/// Where a portal's action API is, from the way people write it.
struct PortalAddress: Sendable, Hashable, CustomStringConvertible {
  /// The base of the site, without trailing slash: `https://data.overheid.nl/data`. Two ways to
  /// write one portal give one `site`. Where the API is not below a site, its address stands here.
  let site: String
  /// What the name of an action is appended to.
  private let actions: String
  let target: Target

  var description: String { site }

  var host: String { target.host }

  /// Scheme, host and port.
  var origin: String { target.origin }

  /// - Parameter text: the base of the site (`https://data.overheid.nl/data`) or its full
  ///   `…/api/3/action`, or another address that ends in `/action`, with or without trailing slash.
  ///   The name of the host may be in any script.
  init(_ text: String) throws(InvalidPortalSetting) {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let parts = URLComponents(string: text) else {
      throw InvalidPortalSetting(message: "portal.url is not a URL: \(Excerpt.escape(text))")
    }
    guard ["http", "https"].contains(parts.scheme?.lowercased()) else {
      throw InvalidPortalSetting(
        message: "portal.url must begin with https:// or http://: \(Excerpt.escape(text))")
    }
    guard let target = Target(parts) else {
      throw InvalidPortalSetting(message: "portal.url names no host: \(Excerpt.escape(text))")
    }
    guard parts.user == nil, parts.password == nil else {
      throw InvalidPortalSetting(
        message: "portal.url must not hold a user or password; use portal.token-file")
    }
    guard parts.query == nil, parts.fragment == nil else {
      throw InvalidPortalSetting(
        message: "portal.url must end before '?' and '#': \(Excerpt.escape(text))")
    }
    var path = parts.percentEncodedPath.split(separator: "/")
    let api = [["api", "3", "action"], ["api", "action"], ["api", "3"], ["api"]].first {
      path.suffix($0.count).elementsEqual($0, by: ==)
    }
    path.removeLast(api?.count ?? 0)
    site = target.origin + path.map { "/" + $0 }.joined()
    // A gateway may put the actions anywhere (https://api.example.org/catalogue/v1/action).
    actions = api == nil && path.last == "action" ? site : site + "/api/3/action"
    self.target = target
  }

  /// The URL of an action; names and values may hold anything.
  func url(of action: String, query: [(name: String, value: String)]) -> String {
    let pairs = query.map { $0.name.percentEncoded + "=" + $0.value.percentEncoded }
    let url = actions + "/" + action.percentEncoded
    return pairs.isEmpty ? url : url + "?" + pairs.joined(separator: "&")
  }
}

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
