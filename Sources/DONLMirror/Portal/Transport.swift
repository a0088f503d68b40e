import AsyncHTTPClient
import Logging
import NIOCore
import NIOSSL

/// One GET over the network: the only home of the HTTP client.
///
/// It answers with whatever status came, once the body is whole, decompressed and within its
/// limits; everything else is a `PortalError`. Redirects follow our own policy, TLS is always
/// verified.
public struct Transport: Sendable {
  private let settings: PortalSettings
  private let policy: RedirectPolicy
  /// By proxy; nil is the direct way. A proxy is a property of AsyncHTTPClient's client.
  private let clients: [ProxyRules.Proxy?: HTTPClient]
  private let tally: PortalTally
  private let logger: Logger
  private let secrets: Secrets

  /// Error pages are read for their beginning only.
  private static let errorBytesMax = 64 << 10

  /// Opens the way to a portal for as long as `body` runs; connections are kept and reused in it.
  ///
  /// - Throws: `InvalidPortalSetting` when the token, the contact or the file of certificates
  ///   cannot be used, and what `body` throws.
  public static func using<Result>(
    _ settings: PortalSettings,
    tally: PortalTally = PortalTally(),
    logger: Logger,
    isolation: isolated (any Actor)? = #isolation,
    body: (Transport) async throws -> Result
  ) async throws -> Result {
    let transport = try Transport(settings, tally: tally, logger: logger)
    let result: Result
    do {
      result = try await body(transport)
    } catch {
      await transport.shutdown()
      throw error
    }
    await transport.shutdown()
    return result
  }

  private init(
    _ settings: PortalSettings, tally: PortalTally, logger: Logger
  ) throws(InvalidPortalSetting) {
    self.settings = settings
    self.tally = tally
    secrets = settings.secrets
    self.logger = logger.redacted(by: secrets)
    policy = RedirectPolicy(allowedHosts: settings.allowRedirectHosts)
    try settings.checkHeaders()
    let tls = try TLSConfiguration.verifying(trusting: settings.certificateFile)
    let proxies: Set<ProxyRules.Proxy?> = [nil, settings.proxy.http, settings.proxy.https]
    clients = Dictionary(
      uniqueKeysWithValues: proxies.map { proxy in
        let configuration = HTTPClient.Configuration(settings, tls: tls, proxy: proxy, tally: tally)
        return (
          proxy, HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        )
      })
  }

  private func shutdown() async {
    for client in clients.values { try? await client.shutdown() }
  }

  /// One GET with the redirects that the policy allows, within the request's timeout.
  public func get(_ request: PortalRequest) async throws(PortalError) -> PortalResponse {
    do {
      return try await withThrowingTaskGroup(of: PortalResponse.self) { group in
        group.addTask { try await follow(request) }
        group.addTask {
          try await Task.sleep(for: request.timeout)
          throw PortalError(
            reason: .total, nature: .temporary,
            message: "The request was not done within \(request.timeout); try again later.")
        }
        defer { group.cancelAll() }
        guard let response = try await group.next() else { throw PortalError.cancelled }
        return response
      }
    } catch let error as PortalError {
      throw Task.isCancelled ? .cancelled : error.redacted(by: secrets)
    } catch {
      throw .cancelled
    }
  }

  private func follow(_ request: PortalRequest) async throws(PortalError) -> PortalResponse {
    var trail = [request.url]
    while true {
      let url = trail[trail.count - 1]
      let response = try await once(url, as: request)
      guard RedirectPolicy.statuses.contains(response.status),
        let location = response.headers["location"]
      else { return response }
      let next = try policy.next(location, after: trail)
      logger.info("Following a redirect", metadata: ["from": "\(url)", "to": "\(next)"])
      trail.append(next)
    }
  }

  private func once(
    _ url: String, as asked: PortalRequest
  ) async throws(PortalError) -> PortalResponse {
    let target = try Target(url)
    let proxy = settings.proxy.proxy(scheme: target.scheme, host: target.host, port: target.port)
    guard let client = clients[proxy] else {
      throw PortalError(
        reason: .proxy, nature: .refused, message: "The proxy for \(target.host) is not set up.")
    }
    var phase = TransportFailure.Phase.head
    do {
      tally.add(to: \.requests)
      let answer = try await client.execute(
        request(url, for: target, asked.headers), timeout: TimeAmount(asked.timeout),
        logger: nil)
      phase = .body
      let status = Int(answer.status.code)
      tally.addAnswer(status)
      let body = try await read(answer, status: status)
      tally.add(body.count, to: \.decodedBytes)
      let headers = answer.headers.map { ($0.name.lowercased(), $0.value) }
      return PortalResponse(
        status: status, headers: Dictionary(headers) { first, _ in first }, body: body,
        secrets: secrets)
    } catch let error as PortalError {
      throw error
    } catch {
      throw TransportFailure(
        error: error, phase: phase, host: target.host, proxy: proxy, settings: settings
      ).portalError
    }
  }

  private func request(
    _ url: String, for target: Target, _ headers: [String: String]
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: Target.withASCIIHost(url))
    request.headers.add(name: "User-Agent", value: settings.userAgent)
    request.headers.add(name: "Accept", value: "application/json")
    request.headers.add(name: "Accept-Encoding", value: "gzip")
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    // To the portal alone: another port of its host is another server.
    if let token = settings.token, target == settings.address.target {
      request.headers.replaceOrAdd(name: settings.tokenHeader, value: token.value)
    }
    return request
  }

  private func read(_ answer: HTTPClientResponse, status: Int) async throws -> [UInt8] {
    guard status == 200 else { return try await beginning(of: answer) }
    let encoding = answer.headers.first(name: "content-encoding")?.lowercased() ?? "identity"
    guard ["gzip", "deflate", "identity", ""].contains(encoding) else {
      throw PortalError(
        reason: .badEncoding, nature: .notCKAN,
        message:
          "The portal sent the encoding \(Excerpt.escape(encoding)), which was not asked for.",
        status: status)
    }
    var body: [UInt8] = []
    // What is announced is only believed as far as it costs next to nothing.
    let announced = answer.headers.first(name: "content-length").flatMap(Int.init) ?? 0
    body.reserveCapacity(min(announced, settings.maxPageBytes, Self.believedBytesMax))
    var speed = SpeedWatch(settings)
    for try await part in answer.body {
      guard body.count + part.readableBytes <= settings.maxPageBytes else {
        throw TransportFailure.tooLarge(settings)
      }
      part.withUnsafeReadableBytes { body.append(contentsOf: $0) }
      try speed.received(part.readableBytes)
    }
    // A cancelled body ends like a complete one.
    guard !Task.isCancelled else { throw PortalError.cancelled }
    return body
  }

  private static let believedBytesMax = 8 << 20

  /// The beginning of an error page.
  ///
  /// - Throws: when it breaks off, and the status says that the portal refuses: what it refuses, and
  ///   who, stands in the body. Of a portal in trouble the status is the news, whatever becomes of
  ///   the body.
  private func beginning(of answer: HTTPClientResponse) async throws -> [UInt8] {
    let isRefusal = (400..<500).contains(answer.status.code) && answer.status.code != 429
    var body: [UInt8] = []
    var speed = SpeedWatch(settings)
    do {
      for try await part in answer.body {
        body.append(contentsOf: part.readableBytesView.prefix(Self.errorBytesMax - body.count))
        if body.count >= Self.errorBytesMax { break }
        try speed.received(part.readableBytes)
      }
    } catch {
      guard !isRefusal || Task.isCancelled else { throw error }
      logger.debug("The body of an error answer broke off", metadata: ["error": "\(error)"])
    }
    guard !Task.isCancelled else { throw PortalError.cancelled }
    return body
  }
}
