import Foundation

/// One GET.
public struct PortalRequest: Sendable, Equatable {
  /// Fully percent-encoded.
  public var url: String
  /// How long the whole of it may take, redirects and body included.
  public var timeout: Duration
}

/// What came, whatever its status; the body is whole and decompressed.
public struct PortalResponse: Sendable, Equatable {
  public var status: Int
  /// By lower-case name; of a repeated header the first.
  public var headers: [String: String]
  public var body: [UInt8]

  public init(status: Int, headers: [String: String] = [:], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The portal's time when it answered: its `Date` header.
  public var date: Date? { headers["date"].flatMap { HTTPDate.parse($0, now: Date()) } }
}

/// The way to the portal; a test gives another.
public typealias Fetch = @Sendable (PortalRequest) async throws(PortalError) -> PortalResponse
