/// How one portal is asked. The defaults are those of CONTRACT.md.
public struct PortalSettings: Sendable {
  public var address: PortalAddress
  /// Between two requests.
  public var pause = Duration.zero
  /// How often a request is tried again.
  public var retries = 5
  /// Until the connection stands, TLS and proxy included.
  public var connectTimeout = Duration.seconds(15)
  /// Without a single byte.
  public var idleTimeout = Duration.seconds(60)
  /// For one request with its redirects and its body.
  public var requestTimeout = Duration.seconds(15 * 60)
  /// A body that stays below this speed for the whole window is given up.
  public var lowSpeed = (bytesPerSecond: 1000, window: Duration.seconds(30))
  /// Of one body, after decompression.
  public var maxPageBytes = 64 << 20
  public var proxy = ProxyRules()
  /// Whole hosts, or `host:port`, that the portal may redirect to.
  public var allowRedirectHosts: Set<String> = []
  /// Sent as `Authorization` header to the portal's own host.
  public var token: Secret?
  /// Shown to the portal's operators in the User-Agent.
  public var contact: String?
  /// A PEM file with certificate authorities to trust besides the system's.
  public var certificateFile: String?

  public init(address: PortalAddress) { self.address = address }

  var userAgent: String {
    let contact = contact.map { Excerpt.escape($0).trimmingPrefix(" ") } ?? ""
    return "donl-mirror/\(toolVersion)" + (contact.isEmpty ? "" : " (+\(contact))")
  }
}

/// A setting of the portal that cannot be used; a matter of configuration (exit 78).
public struct InvalidPortalSetting: Error, Sendable, Equatable, CustomStringConvertible {
  public var message: String
  public var description: String { message }
}
