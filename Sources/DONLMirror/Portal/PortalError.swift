import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why the portal gave no answer that can be used: the one error of this room.
struct PortalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What follows from it; the exit code is the executable's.
  enum Nature: Sendable, Equatable {
    /// Another run may succeed (exit 75).
    case temporary
    /// The portal, or our own rule, refuses for good (exit 69).
    case refused
    /// Something answers, but not as a CKAN catalogue (exit 76).
    case notCKAN
    /// Our task was cancelled (exit 130 or 143).
    case interrupted
  }

  /// A stable word for logs, the ledger and scripts.
  struct Reason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    let rawValue: String
    init(rawValue: String) { self.rawValue = rawValue }
    var description: String { rawValue }

    static func http(_ status: Int) -> Reason { Reason(rawValue: "http_\(status)") }
  }

  var reason: Reason
  var nature: Nature
  /// One sentence that says what happened and what to do.
  var message: String
  /// The status of the answer, if one came.
  var status: Int?
  /// CKAN's `error.__type`, when the answer was CKAN's own envelope: HTML has none.
  var type: String?
  /// The first bytes of what came (`Excerpt`).
  var excerpt: String?
  /// What the answer's `Retry-After` asked for.
  var retryAfter: Duration?
  /// How often the request was sent.
  var attempts = 1

  var description: String {
    let tries = attempts > 1 ? " (after \(attempts) attempts)" : ""
    return message + tries + (excerpt.map { "; it began: \($0)" } ?? "")
  }
}

/// What follows from an error.
///
/// | the question | who asks |
/// |---|---|
/// | is the same request worth a retry (`isTransient`) | `Portal` |
/// | may another question, or a smaller page, be answered (`isAboutQuestion`, `isAnswer`) | the walk |
/// | will this question never be answered (`isRefusal`) | the census |
/// | does the run have to end (`isAboutOneAnswer`) | deletions |
/// | is asking on in vain (`meansSilence`) | value lists |
/// | how does the process end (`Failure.init`) | the jobs |
extension PortalError {
  /// True when the same request may bring an answer in a moment.
  ///
  /// Refusals and broken certificates are not asked again. Of what is not CKAN, only what a
  /// maintenance page or a broken cache may explain is worth another look.
  var isTransient: Bool {
    switch nature {
    case .temporary: reason != .deadline
    case .notCKAN: [.notJSON, .empty, .badEncoding].contains(reason)
    case .refused, .interrupted: false
    }
  }

  /// The portal, or what stands before it, has not answered this question; another one, or the same
  /// in smaller pieces, it may. Not so where no connection comes about, where the portal asks to
  /// come back later, and where we end.
  var isAboutQuestion: Bool {
    switch reason {
    case .dns, .connect, .proxy, .tls, .deadline, .cancelled, .throttled, .skipLimit,
      .redirectRefused, .downgrade, .redirectLoop, .shortListing:
      false
    default:
      nature != .interrupted && status != 503 && status != 401 && retryAfter == nil
    }
  }

  /// Something answered, whole, and not with what was asked: another question may be answered.
  var isAnswer: Bool {
    let isCut = reason == .truncated || reason == .truncatedJSON || reason == .tooLarge
    return isAboutQuestion && !isCut && status.map { Self.answers.contains($0) } ?? false
  }

  private static let answers: Set = [200, 400, 403, 405, 406, 409, 413, 414, 422, 431, 500, 501]

  /// The portal will not answer this question; another one it may.
  var isRefusal: Bool {
    type != nil && nature != .temporary || nature == .refused
      || nature == .notCKAN && (status == 200 || (400..<500).contains(status ?? 0))
  }

  /// True unless the run itself has to end.
  var isAboutOneAnswer: Bool { nature != .interrupted && reason != .deadline }

  /// Whoever was asked answers no one: the next request would wait as long for nothing.
  var meansSilence: Bool {
    [.dns, .connect, .proxy, .tls, .firstByte, .idle, .total, .deadline].contains(reason)
  }
}

extension Failure {
  /// A portal that failed, as the exit code says it.
  init(_ error: PortalError) {
    let status: ExitStatus =
      switch error.nature {
      case .temporary, .interrupted: .temporary
      case .refused: .refused
      case .notCKAN: .notCKAN
      }
    self.init(status, reason: error.reason.rawValue, error.description)
  }
}

extension PortalError.Reason {
  // No answer.
  static let dns = Self(rawValue: "dns")
  static let connect = Self(rawValue: "connect")
  static let proxy = Self(rawValue: "proxy")
  static let tls = Self(rawValue: "tls")
  static let firstByte = Self(rawValue: "timeout_first_byte")

  // An answer that broke off or is no HTTP.
  static let idle = Self(rawValue: "timeout_idle")
  static let total = Self(rawValue: "timeout_total")
  static let lowSpeed = Self(rawValue: "low_speed")
  static let reset = Self(rawValue: "reset")
  static let truncated = Self(rawValue: "truncated")
  static let badEncoding = Self(rawValue: "bad_encoding")
  static let badResponse = Self(rawValue: "bad_response")
  static let tooLarge = Self(rawValue: "too_large")

  // An answer that sends us elsewhere.
  static let redirectRefused = Self(rawValue: "redirect_refused")
  static let downgrade = Self(rawValue: "downgrade")
  static let redirectLoop = Self(rawValue: "redirect_loop")

  // A whole answer with the wrong content; by status it is `http(_:)`.
  static let throttled = Self(rawValue: "throttled")
  static let empty = Self(rawValue: "empty")
  static let notJSON = Self(rawValue: "not_json")
  static let truncatedJSON = Self(rawValue: "truncated_json")
  static let notCKAN = Self(rawValue: "not_ckan")
  static let notAList = Self(rawValue: "not_a_list")
  static let ckanError = Self(rawValue: "ckan_error")

  // What a walk makes of answers that are good by themselves.
  /// The portal counts records and serves none.
  static let shortListing = Self(rawValue: "short_listing")
  static let skipLimit = Self(rawValue: "skip_limit")

  // Ours.
  static let deadline = Self(rawValue: "deadline")
  static let cancelled = Self(rawValue: "cancelled")
}

extension PortalError {
  static let cancelled = PortalError(
    reason: .cancelled, nature: .interrupted, message: "The request was cancelled.")
}

/// An error of the HTTP client, and what it means here.
struct TransportFailure {
  /// How far the request had come.
  enum Phase { case head, body }

  var error: any Error
  var phase: Phase
  /// The host that the request was for.
  var host: String
  /// The proxy that stood between, if any: then connections are its matter.
  var proxy: ProxyRules.Proxy?
  var settings: PortalSettings

  var portalError: PortalError {
    switch error {
    case is CancellationError: return .cancelled
    case let error as HTTPClientError: return client(error)
    case let error as HTTPParserError: return parser(error)
    case let error as NIOConnectionError:
      return error.connectionErrors.isEmpty ? unresolved : unreachable("accepts no connection")
    case is SocketAddressError, is SocketAddressError.UnknownHost: return unresolved
    case let error as IOError: return system(error)
    case let error as ChannelError: return channel(error)
    case let error as NIOSSLError: return security(error)
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return insecure("is for another name")
    case is NIOSSLExtraError, is BoringSSLError: return insecureConnection
    default: return compression ?? other
    }
  }

  static func tooLarge(_ settings: PortalSettings) -> PortalError {
    PortalError(
      reason: .tooLarge, nature: .notCKAN,
      message: "The answer is larger than portal.max-page-bytes "
        + "(\(settings.maxPageBytes) bytes after decompression).")
  }

  private func client(_ error: HTTPClientError) -> PortalError {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
      return tooSlowToConnect
    case .proxyAuthenticationRequired:
      return PortalError(
        reason: .proxy, nature: .refused,
        message: "The proxy \(peer) wants a name and password (HTTP 407); see portal.proxy.",
        status: 407)
    case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      return unreachable("opens no way to \(host)")
    case .readTimeout where phase == .head:
      return temporary(
        .firstByte, "\(host) did not answer within \(settings.idleTimeout); try again later.")
    case .readTimeout:
      return temporary(
        .idle, "The answer of \(host) stalled for \(settings.idleTimeout); try again later.")
    case .deadlineExceeded:
      return temporary(.total, "The request to \(host) was not done in time; try again later.")
    case .cancelled:
      return .cancelled
    case .remoteConnectionClosed:
      return phase == .head ? closed : brokenOff
    default:
      return other
    }
  }

  private func parser(_ error: HTTPParserError) -> PortalError {
    switch error {
    case .invalidEOFState, .closedConnection: phase == .head ? closed : brokenOff
    case .invalidChunkSize: brokenOff
    case .headerOverflow:
      temporary(.badResponse, "\(host) answered with a header that is too large.")
    default: temporary(.badResponse, "\(host) answered with what is not HTTP (\(error)).")
    }
  }

  private func system(_ error: IOError) -> PortalError {
    switch error.errnoCode {
    case ECONNRESET, EPIPE, ECONNABORTED:
      return temporary(.reset, "The connection to \(host) was reset; try again later.")
    default:
      let what = String(cString: strerror(error.errnoCode))
      return unreachable("accepts no connection (\(what))")
    }
  }

  private func channel(_ error: ChannelError) -> PortalError {
    switch error {
    case .connectTimeout: tooSlowToConnect
    case .ioOnClosedChannel, .alreadyClosed, .eof, .inputClosed, .outputClosed:
      phase == .head ? closed : brokenOff
    default: other
    }
  }

  /// The other end did not prove who it is, or speaks no TLS that we accept.
  private func security(_ error: NIOSSLError) -> PortalError {
    switch error {
    case .handshakeFailed(.zeroReturn), .handshakeFailed(.syscallError):
      return closed
    case .uncleanShutdown:
      return phase == .head ? closed : brokenOff
    case .unableToValidateCertificate, .noCertificateToValidate:
      return insecure("cannot be verified")
    case .handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
      return insecure("is expired, not yet valid or from an unknown authority")
    default:
      return insecureConnection
    }
  }

  /// The clock is named because it is the usual culprit on a machine that has just been set up, and
  /// BoringSSL does not say which of the reasons it was.
  private func insecure(_ what: String) -> PortalError {
    let now = Date().formatted(.iso8601)
    return PortalError(
      reason: .tls, nature: .refused,
      message:
        "The certificate of \(host) \(what). Check \(settings.addressSetting), the clock of this machine "
        + "(it says \(now)), and SSL_CERT_FILE if the authority is your own.")
  }

  private var insecureConnection: PortalError {
    PortalError(
      reason: .tls, nature: .refused,
      message: "No secure connection to \(host): \(Excerpt.escape("\(error)")).")
  }

  /// The body is not what its `Content-Encoding` says. The types are those of NIOHTTPCompression,
  /// which AsyncHTTPClient throws and does not export, so their names must do; tests hold them.
  private var compression: PortalError? {
    guard String(reflecting: type(of: error)).contains("ecompression") else { return nil }
    switch "\(error)" {
    case "limit":
      return Self.tooLarge(settings)
    case "truncatedData":
      return brokenOff
    default:
      return PortalError(
        reason: .badEncoding, nature: .notCKAN,
        message: "The answer of \(host) is not compressed as it says.")
    }
  }

  private var peer: String { proxy.map { "\($0)" } ?? host }

  private var unresolved: PortalError {
    unreachable("is a name that cannot be resolved", reason: .dns)
  }

  private var tooSlowToConnect: PortalError {
    unreachable("accepted no connection within \(settings.connectTimeout)")
  }

  private var closed: PortalError {
    temporary(.reset, "\(host) closed the connection without an answer; try again later.")
  }

  private var brokenOff: PortalError {
    temporary(.truncated, "The answer of \(host) broke off; try again later.")
  }

  private var other: PortalError {
    temporary(.badResponse, "The request to \(host) failed: \(Excerpt.escape("\(error)")).")
  }

  private func unreachable(_ what: String, reason: PortalError.Reason = .connect) -> PortalError {
    proxy == nil
      ? temporary(
        reason, "\(host) \(what); is \(settings.addressSetting) right, and is there a network?")
      : temporary(.proxy, "The proxy \(peer) \(what); see portal.proxy.")
  }

  private func temporary(_ reason: PortalError.Reason, _ message: String) -> PortalError {
    PortalError(reason: reason, nature: .temporary, message: message)
  }
}
