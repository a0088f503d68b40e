import Foundation

/// Where a portal's action API is, from the way people write it.
public struct PortalAddress: Sendable, Hashable, CustomStringConvertible {
  /// The base of the site, without trailing slash: `https://data.overheid.nl/data`. Two ways to
  /// write one portal give one `site`. Where the API is not below a site, its address stands here.
  public let site: String
  /// What the name of an action is appended to.
  private let actions: String
  let target: Target

  public var description: String { site }

  var host: String { target.host }

  /// Scheme, host and port.
  var origin: String { target.origin }

  /// - Parameter text: the base of the site (`https://data.overheid.nl/data`) or its full
  ///   `…/api/3/action`, or another address that ends in `/action`, with or without trailing slash.
  ///   The name of the host may be in any script.
  public init(_ text: String) throws(InvalidPortalSetting) {
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
    let pairs = query.map { Self.encode($0.name) + "=" + Self.encode($0.value) }
    let url = actions + "/" + Self.encode(action)
    return pairs.isEmpty ? url : url + "?" + pairs.joined(separator: "&")
  }

  /// Everything but RFC 3986's unreserved characters, so that `+` and space can never be mixed up.
  private static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        encoded += byte < 16 ? "%0" + hex : "%" + hex
      }
    }
    return encoded
  }
}
