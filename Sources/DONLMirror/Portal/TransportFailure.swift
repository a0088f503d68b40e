import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

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
