import Foundation
import Logging

/// Tells a watcher outside that a run begins and how it ended, as healthchecks.io and its kin
/// want to hear it: a GET of the address, of `ADDRESS/start`, of `ADDRESS/fail`.
///
/// Whoever knows the address can report in our name, so no error of ours shows more than its host.
struct Ping: Sendable {
  enum Event: String, Sendable {
    case start, success, failure
  }

  /// Nobody waits long for a watcher.
  private static let timeout = Duration.seconds(10)

  let address: URLComponents
  let host: String
  private let settings: PortalSettings

  /// Whatever else is wrong with the settings, the watcher is told: what cannot be used for the way
  /// there is left out.
  ///
  /// - Returns: nil when `ping.url` is not set or is no web address.
  init?(_ settings: Settings, environment: [String: String]) {
    guard let text = settings.ping.url, let address = URLComponents(string: text),
      let target = Target(address), let site = try? PortalAddress(target.origin)
    else { return nil }
    self.address = address
    host = target.host
    var portal = PortalSettings(address: site)
    portal.proxy = (try? ProxyRules(settings.portal, environment: environment)) ?? ProxyRules()
    portal.authorities = try? Authorities(environment: environment)
    portal.contact = settings.portal.contact
    if (try? portal.checkHeaders()) == nil { portal.contact = nil }
    portal.connectTimeout = Self.timeout
    portal.idleTimeout = Self.timeout
    portal.maxPageBytes = 1 << 20
    self.settings = portal
  }

  /// - Throws: `PortalError` whose reason says enough; its message may hold the address, and is
  ///   for nobody's eyes.
  func send(_ event: Event) async throws {
    let request = PortalRequest(url: url(of: event), timeout: Self.timeout)
    // A redirect would be logged with the address.
    let silence = Logger(label: "ping") { _ in SwiftLogNoOpLogHandler() }
    let response = try await Transport.using(settings, logger: silence) { transport in
      try await transport.get(request)
    }
    guard (200..<300).contains(response.status) else {
      throw PortalError(
        reason: .http(response.status), nature: .refused, message: "The ping was not taken.")
    }
  }

  func url(of event: Event) -> String {
    var url = address
    let ending =
      switch event {
      case .start: "start"
      case .success: ""
      case .failure: "fail"
      }
    if !ending.isEmpty {
      let path = url.percentEncodedPath
      url.percentEncodedPath = path + (path.hasSuffix("/") ? "" : "/") + ending
    }
    return url.string ?? ""
  }
}
