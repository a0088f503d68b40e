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

  init(status: Int, headers: [String: String] = [:], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The portal's time when it answered: its `Date` header.
  var date: Date? { headers["date"].flatMap { HTTPDate.parse($0, now: Date()) } }
}

/// The way to the portal; a test gives another.
public typealias Fetch = @Sendable (PortalRequest) async throws(PortalError) -> PortalResponse
