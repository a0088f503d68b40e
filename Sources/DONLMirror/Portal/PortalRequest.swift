import Foundation

/// One GET.
public struct PortalRequest: Sendable, Equatable {
  /// Fully percent-encoded.
  var url: String
  /// How long the whole of it may take, redirects and body included.
  var timeout: Duration
  /// Besides those that every request has.
  var headers: [String: String] = [:]
}

/// What came, whatever its status; the body is whole and decompressed.
public struct PortalResponse: Sendable, Equatable {
  var status: Int
  /// By lower-case name; of a repeated header the first.
  var headers: [String: String]
  var body: [UInt8]
  /// What was sent with the request, and may have come back.
  private let secrets: Secrets

  init(
    status: Int, headers: [String: String] = [:], body: [UInt8], secrets: Secrets = .none
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.secrets = secrets
  }

  /// The beginning of the body, without what is secret. That is taken out before the text is cut:
  /// half a secret would not be recognized.
  var excerpt: String? { excerpt(of: body) }

  func excerpt(of bytes: some Collection<UInt8>) -> String? {
    Excerpt.of(secrets.redacted(Array(bytes.prefix(Self.inspectedBytes))))
  }

  /// Far more than an excerpt shows, however it is escaped.
  private static let inspectedBytes = 16 * Excerpt.bytesMax

  /// The portal's time when it answered: its `Date` header.
  var date: Date? { headers["date"].flatMap { HTTPDate.parse($0, now: Date()) } }
}

/// The way to the portal; a test gives another.
public typealias Fetch = @Sendable (PortalRequest) async throws(PortalError) -> PortalResponse
