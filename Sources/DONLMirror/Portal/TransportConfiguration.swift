import AsyncHTTPClient
import NIOCore

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
