/// Why the portal gave no answer that can be used: the one error of this room.
public struct PortalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What follows from it; the exit code is the executable's.
  public enum Nature: Sendable, Equatable {
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
  public struct Reason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    static func http(_ status: Int) -> Reason { Reason(rawValue: "http_\(status)") }
  }

  public var reason: Reason
  public var nature: Nature
  /// One sentence that says what happened and what to do.
  public var message: String
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

  public var description: String {
    let tries = attempts > 1 ? " (after \(attempts) attempts)" : ""
    return message + tries + (excerpt.map { "; it began: \($0)" } ?? "")
  }

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

  // Ours.
  static let deadline = Self(rawValue: "deadline")
  static let cancelled = Self(rawValue: "cancelled")
}

extension PortalError {
  static let cancelled = PortalError(
    reason: .cancelled, nature: .interrupted, message: "The request was cancelled.")
}
