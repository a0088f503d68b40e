import Foundation

/// Which proxy, if any, stands between us and a host.
struct ProxyRules: Sendable, Equatable {
  struct Proxy: Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable { case http, socks }

    var kind: Kind
    var host: String
    var port: Int
    var user: String?
    var password: Secret?

    var description: String { "\(host):\(port)" }

    /// The password, and what the `Proxy-Authorization` header says with it. A user without a password
    /// is a key.
    var secrets: [Secret] {
      guard let password else { return user.map { [Secret($0), Secret("\($0):")] } ?? [] }
      return [password, Secret("\(user ?? ""):\(password.value)")]
    }

    /// Reads `http://user:password@host:port`, `host:port` or `socks5://host:port`; nil for
    /// anything else. The password stays out of every message.
    init?(_ text: String) {
      let text = text.trimmingCharacters(in: .whitespaces)
      let url = text.contains("://") ? text : "http://" + text
      guard let parts = URLComponents(string: url), let host = Target.host(of: parts),
        let scheme = parts.scheme?.lowercased()
      else { return nil }
      switch scheme {
      case "http": kind = .http
      case "socks5", "socks5h": kind = .socks
      default: return nil
      }
      self.host = host.trimmingCharacters(in: ["[", "]"])
      port = parts.port ?? (kind == .http ? 80 : 1080)
      user = parts.user
      password = parts.password.map(Secret.init)
    }
  }

  var http: Proxy?
  var https: Proxy?
  private var exceptions: [String] = []

  /// No proxy at all.
  init() {}

  /// This proxy for every host but loopback.
  init(_ proxy: Proxy) {
    http = proxy
    https = proxy
  }

  /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; the lower-case name wins, an empty
  /// value is none. What cannot be read is an error: to go past a proxy that someone set is worse.
  init(environment: [String: String]) throws(InvalidPortalSetting) {
    func value(_ name: String) -> (name: String, text: String)? {
      for name in [name.lowercased(), name] {
        if let text = environment[name] { return text.isEmpty ? nil : (name, text) }
      }
      return nil
    }
    func proxy(_ value: (name: String, text: String)?) throws(InvalidPortalSetting) -> Proxy? {
      guard let value else { return nil }
      guard let proxy = Proxy(value.text) else {
        throw InvalidPortalSetting(
          message: "\(value.name) is not the address of an http or socks5 proxy (http://host:port)")
      }
      return proxy
    }
    let all = value("ALL_PROXY")
    http = try proxy(value("HTTP_PROXY") ?? all)
    https = try proxy(value("HTTPS_PROXY") ?? all)
    exceptions = (value("NO_PROXY")?.text ?? "").lowercased()
      .split { $0 == "," || $0 == " " }.map { Self.ascii(String($0)) }
  }

  /// The proxy for a URL of this scheme, host and port. Loopback is never asked through a proxy:
  /// it would be the proxy's loopback.
  func proxy(scheme: String, host: String, port: Int) -> Proxy? {
    let host = host.lowercased().trimmingCharacters(in: ["[", "]"])
    guard !Self.isLoopback(host), !exceptions.contains(where: { Self.covers($0, host, port) })
    else { return nil }
    return scheme == "https" ? https : http
  }

  /// An exception as hosts are compared: in ASCII. A leading `*` or dot and a port stay.
  private static func ascii(_ exception: String) -> String {
    guard !exception.utf8.allSatisfy({ $0 < 0x80 }) else { return exception }
    let start = exception.prefix { $0 == "*" || $0 == "." }
    let name = exception.dropFirst(start.count).prefix { $0 != ":" }
    let rest = exception.dropFirst(start.count + name.count)
    return start + (Target.host(named: String(name)) ?? String(name)) + rest
  }

  /// `*`, a host with its subdomains (a leading dot or `*.` changes nothing), either with a port.
  private static func covers(_ exception: String, _ host: String, _ port: Int) -> Bool {
    if exception == "*" { return true }
    var name = exception[...]
    if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
      let rest = name[name.index(after: end)...]
      guard rest.isEmpty || rest == ":\(port)" else { return false }
      return name[name.index(after: name.startIndex)..<end] == host
    }
    // More than one colon is an IPv6 address, which has no port outside brackets.
    if let colon = name.firstIndex(of: ":"), name.lastIndex(of: ":") == colon {
      guard name[colon...] == ":\(port)" else { return false }
      name = name[..<colon]
    }
    if name.hasPrefix("*.") { name = name.dropFirst(2) }
    if name.hasPrefix(".") { name = name.dropFirst() }
    return !name.isEmpty && (host == name || host.hasSuffix("." + name))
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
      || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
  }
}

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
