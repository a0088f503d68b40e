import AsyncHTTPClient
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// One GET over the network: the only home of the HTTP client.
///
/// It answers with whatever status came, once the body is whole, decompressed and within its
/// limits; everything else is a `PortalError`. Redirects follow our own policy, TLS is always
/// verified.
struct Transport: Sendable {
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
  /// - Throws: `InvalidPortalSetting` when the token or the contact cannot be used, and what `body`
  ///   throws.
  static func using<Result>(
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
    let tls = TLSConfiguration.verifying(trusting: settings.authorities)
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
  func get(_ request: PortalRequest) async throws(PortalError) -> PortalResponse {
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
  /// - Parameter authorities: to trust besides the system's.
  static func verifying(trusting authorities: Authorities?) -> TLSConfiguration {
    var configuration = makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    if let authorities {
      configuration.additionalTrustRoots = [.certificates(authorities.certificates)]
    }
    return configuration
  }
}

/// Certificate authorities of a PEM file. A whole system's take milliseconds to read, so that is done once.
struct Authorities: Sendable {
  let certificates: [NIOSSLCertificate]

  init(file: String) throws(InvalidPortalSetting) {
    // What is no PEM, or holds no certificate, is a slip of the pen: nobody sets it for nothing.
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw InvalidPortalSetting(
        message: "SSL_CERT_FILE names \(file), in which no certificates can be read.")
    }
    self.certificates = certificates
  }

  /// Those that `SSL_CERT_FILE` names; nil where it is not set.
  init?(environment: [String: String]) throws(InvalidPortalSetting) {
    guard let file = environment["SSL_CERT_FILE"], !file.isEmpty else { return nil }
    self = try Authorities(file: file)
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

/// Counts what a run asks of the portal. Transport and portal share it; it is read as a snapshot.
final class PortalTally: Sendable {
  struct Counts: Sendable, Equatable {
    /// Requests sent, retries and followed redirects included.
    var requests = 0
    var retries = 0
    /// How many of the requests were answered, by the class of the status: `2xx`.
    var answers: [String: Int] = [:]
    /// Connections opened.
    var connections = 0
    /// Bytes received after the connection (and its TLS) stood, headers included.
    var wireBytes = 0
    /// Bytes of bodies after decompression.
    var decodedBytes = 0
  }

  private let state = Mutex(Counts())

  init() {}

  var counts: Counts { state.withLock { $0 } }

  func add(_ amount: Int = 1, to counter: WritableKeyPath<Counts, Int>) {
    state.withLock { $0[keyPath: counter] += amount }
  }

  func addAnswer(_ status: Int) {
    state.withLock { $0.answers["\(status / 100)xx", default: 0] += 1 }
  }
}

/// Counts the bytes that arrive on a connection, as the run's ledger reports them.
final class WireCounter: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let tally: PortalTally

  init(_ tally: PortalTally) { self.tally = tally }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    tally.add(unwrapInboundIn(data).readableBytes, to: \.wireBytes)
    context.fireChannelRead(data)
  }
}

/// Gives up a body that trickles. A server that sends a byte now and then is never idle and could
/// hold a run for days.
struct SpeedWatch {
  private let bytesPerSecond: Int
  private let window: Duration
  private var began: ContinuousClock.Instant
  private var bytes = 0

  init(_ settings: PortalSettings, now: ContinuousClock.Instant = .now) {
    bytesPerSecond = settings.lowSpeed.bytesPerSecond
    window = settings.lowSpeed.window
    began = now
  }

  /// Notes a part. The end of a window is looked at when the next part comes; where none comes, the
  /// idle timeout ends the wait.
  mutating func received(
    _ count: Int, at now: ContinuousClock.Instant = .now
  ) throws(PortalError) {
    bytes += count
    let elapsed = began.duration(to: now)
    guard elapsed >= window else { return }
    guard Double(bytes) >= elapsed / .seconds(1) * Double(bytesPerSecond) else {
      throw PortalError(
        reason: .lowSpeed, nature: .temporary,
        message: "The portal sent less than \(bytesPerSecond) bytes a second for \(elapsed); "
          + "try again later.")
    }
    began = now
    bytes = 0
  }
}
