import AsyncHTTPClient
import NIOCore
import NIOSSL

extension HTTPClient.Configuration {
  init(
    _ settings: PortalSettings, tls: TLSConfiguration, proxy: ProxyRules.Proxy?, tally: PortalTally
  ) {
    self.init(
      tlsConfiguration: tls,
      redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(settings.connectTimeout), read: TimeAmount(settings.idleTimeout)),
      proxy: proxy.map(Proxy.init),
      decompression: .enabled(limit: .size(settings.maxPageBytes)))
    // One request at a time gains nothing from HTTP/2, and a stream's errors say less.
    httpVersion = .http1Only
    // Retries are the portal's; otherwise a refused connection is tried until the deadline.
    connectionPool.retryConnectionEstablishment = false
    http1_1ConnectionDebugInitializer = { channel in
      tally.add(to: \.connections)
      return channel.pipeline.addHandler(WireCounter(tally), position: .first)
    }
  }
}

extension TLSConfiguration {
  /// Always verifies, and speaks TLS 1.2 at least.
  ///
  /// - Parameter file: PEM with authorities to trust besides the system's.
  static func verifying(trusting file: String?) throws(InvalidPortalSetting) -> TLSConfiguration {
    var configuration = makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    guard let file else { return configuration }
    // What is no PEM, or holds no certificate, is a slip of the pen: nobody sets it for nothing.
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw InvalidPortalSetting(
        message: "SSL_CERT_FILE names \(file), in which no certificates can be read.")
    }
    configuration.additionalTrustRoots = [.certificates(certificates)]
    return configuration
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let nanoseconds = attoseconds / 1_000_000_000
    // A century is as good as forever, and fits.
    self = .nanoseconds(min(max(seconds, 0), 3_000_000_000) * 1_000_000_000 + nanoseconds)
  }
}

extension HTTPClient.Configuration.Proxy {
  init(_ proxy: ProxyRules.Proxy) {
    switch proxy.kind {
    case .socks:
      self = .socksServer(host: proxy.host, port: proxy.port)
    case .http:
      let authorization = proxy.user.map { user in
        HTTPClient.Authorization.basic(username: user, password: proxy.password?.value ?? "")
      }
      self = .server(host: proxy.host, port: proxy.port, authorization: authorization)
    }
  }
}
