import Foundation

/// How one portal is asked.
struct PortalSettings: Sendable {
  var address: PortalAddress
  /// Between two requests.
  var pause: Duration
  /// How often a request is tried again.
  var retries: Int
  /// Until the connection stands, TLS and proxy included.
  var connectTimeout: Duration
  /// Without a single byte.
  var idleTimeout: Duration
  /// For one request with its redirects and its body.
  var requestTimeout = Duration.seconds(15 * 60)
  /// A body that stays below this speed for the whole window is given up.
  var lowSpeed = (bytesPerSecond: 1000, window: Duration.seconds(30))
  /// Of one body, after decompression.
  var maxPageBytes: Int
  var proxy = ProxyRules()
  /// Whole hosts, or `host:port`, that the portal may redirect to.
  var allowRedirectHosts: Set<String> = []
  /// Sent to the portal's own scheme, host and port.
  var token: Secret?
  /// The header that the token travels in.
  var tokenHeader: String
  /// What else this process knows and nobody may read, such as the address of `ping.url`.
  var otherSecrets: [Secret] = []
  /// Shown to the portal's operators in the User-Agent.
  var contact: String?
  /// Trusted besides the system's.
  var authorities: Authorities?

  /// The setting that an operator looks at when nothing answers.
  var addressSetting = "portal.url"

  var userAgent: String {
    "donl-mirror/\(toolVersion)" + (contact.map { " (+\($0))" } ?? "")
  }

  /// All that must not leave this process but in the header that it is meant for.
  var secrets: Secrets {
    let proxies = [proxy.http, proxy.https].compactMap(\.self)
    return Secrets([token].compactMap(\.self) + proxies.flatMap(\.secrets) + otherSecrets)
  }

  /// What goes into a header must be able to stand there; a broken token must not end up in the
  /// HTTP client's error either.
  func checkHeaders() throws(InvalidPortalSetting) {
    guard contact?.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) ?? true else {
      throw InvalidPortalSetting(message: "portal.contact must be plain ASCII on one line")
    }
    guard token?.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) ?? true else {
      throw InvalidPortalSetting(
        message: "The token in portal.token-file must be one line of ASCII")
    }
  }
}

/// A setting of the portal that cannot be used; a matter of configuration (exit 78).
public struct InvalidPortalSetting: Error, Sendable, Equatable, CustomStringConvertible {
  public var message: String
  public var description: String { message }
}

/// The file of `portal.token-file`.
struct TokenFile {
  let path: String

  /// A longer file is no token.
  private static let bytesMax = 64 << 10

  /// - Throws: when there is no token in it; the message does not show what is.
  func token() throws(InvalidPortalSetting) -> Secret {
    guard let file = FileHandle(forReadingAtPath: path), kind != S_IFDIR,
      let data = try? file.read(upToCount: Self.bytesMax + 1) ?? Data(),
      data.count <= Self.bytesMax, let text = String(validating: data, as: UTF8.self)
    else {
      throw InvalidPortalSetting(message: "portal.token-file \(path) cannot be read.")
    }
    let token = Secret(text)
    guard !token.value.isEmpty else {
      throw InvalidPortalSetting(
        message: "portal.token-file \(path) is empty; put the token there, or unset the setting.")
    }
    return token
  }

  /// Whether any user of this machine may read it.
  var isWorldReadable: Bool { (mode ?? 0) & S_IROTH != 0 }

  private var kind: mode_t? { mode.map { $0 & S_IFMT } }

  private var mode: mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode : nil
  }
}
