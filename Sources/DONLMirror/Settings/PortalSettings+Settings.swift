import Foundation

extension PortalSettings {
  /// A portal as settings ask it, without what depends on this machine: the proxy, the token, certificates.
  init(address: PortalAddress, _ portal: Settings.Portal = Settings.Portal()) {
    self.init(
      address: address, pause: portal.pause, retries: portal.retries,
      connectTimeout: portal.connectTimeout, idleTimeout: portal.timeout,
      maxPageBytes: portal.maxPageBytes, allowRedirectHosts: Set(portal.allowRedirectHosts),
      tokenHeader: portal.tokenHeader, contact: portal.contact)
  }

  /// The settings as the portal is asked by them, held against this machine.
  ///
  /// - Parameter environment: for the proxy and `SSL_CERT_FILE`.
  /// - Throws: `Failure` 78 for what cannot be used.
  init(_ settings: Settings, environment: [String: String]) throws(Failure) {
    let portal = settings.portal
    do throws(InvalidPortalSetting) {
      self.init(address: try PortalAddress(portal.url), portal)
      proxy = try ProxyRules(portal, environment: environment)
      authorities = try Authorities(environment: environment)
      if let path = portal.tokenFile { token = try TokenFile(path: path).token() }
      otherSecrets = settings.ping.url.map(Self.secrets(ofPing:)) ?? []
      try checkHeaders()
    } catch {
      throw Failure(.configuration, reason: "configuration", error.message)
    }
  }

  /// Whoever knows what stands behind the host can report in our name.
  private static func secrets(ofPing url: String) -> [Secret] {
    guard let parts = URLComponents(string: url) else { return [Secret(url)] }
    let segments = parts.percentEncodedPath.split(separator: "/").map(String.init)
    // Beside the key, a path may hold plain words, such as the name of the check.
    let keys = segments.filter { $0.utf8.count >= 8 && $0.contains(where: \.isNumber) }
    let longest = segments.max { $0.utf8.count < $1.utf8.count }
    let paths = keys.isEmpty ? [longest].compactMap(\.self) : keys
    let others = [parts.query, parts.password].compactMap(\.self)
    return (paths + others).map(Secret.init)
  }
}

extension ProxyRules {
  /// The configured proxy, or else what the environment says.
  init(
    _ portal: Settings.Portal, environment: [String: String]
  ) throws(InvalidPortalSetting) {
    guard let text = portal.proxy else {
      self = try ProxyRules(environment: environment)
      return
    }
    guard let proxy = Proxy(text) else {
      throw InvalidPortalSetting(message: "portal.proxy is no proxy: http://host:port is one.")
    }
    self.init(proxy)
  }
}

extension DeletionLimits {
  init(_ settings: Settings.Deletions = Settings.Deletions()) {
    self.init(percent: settings.limitPercent, count: settings.limitCount)
  }
}
