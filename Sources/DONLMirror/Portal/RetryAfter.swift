import Foundation

/// What a `Retry-After` header asks for (RFC 9110, 10.2.3).
enum RetryAfter: Sendable, Equatable {
  case seconds(Int)
  case date(Date)

  /// Nil when the text is neither a number of seconds nor a date: then our own pace serves.
  /// A number too large for any patience becomes `Int32.max` seconds.
  init?(_ text: String, now: Date) {
    let text = text.trimmingPrefix { $0 == " " || $0 == "\t" }
    // By bytes: a digit with an accent lies between "0" and "9" as characters do.
    let digits = text.utf8.prefix { $0.isDigit }
    let rest = text.utf8[digits.endIndex...]
    if !digits.isEmpty, rest.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
      self = .seconds(min(Int(Substring(digits)) ?? .max, Int(Int32.max)))
    } else if let date = HTTPDate.parse(text, now: now) {
      self = .date(date)
    } else {
      return nil
    }
  }

  /// How long that is from `now`, never negative.
  func wait(from now: Date) -> Duration {
    switch self {
    case .seconds(let seconds): .seconds(seconds)
    case .date(let date): .seconds(max(0, min(date.timeIntervalSince(now), Double(Int32.max))))
    }
  }
}
