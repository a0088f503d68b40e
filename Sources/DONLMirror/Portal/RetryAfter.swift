import Foundation

/// What a `Retry-After` header asks for (RFC 9110, 10.2.3).
enum RetryAfter: Sendable, Equatable {
  case seconds(Int)
  case date(Date)

  /// Nil when the text is neither a number of seconds nor a date: then our own pace serves.
  /// A number too large for any patience becomes `Int32.max` seconds.
  init?(_ text: String, now: Date) {
    let text = text.trimmingPrefix { $0 == " " || $0 == "\t" }
    let digits = text.prefix { ("0"..."9").contains($0) }
    let rest = text[digits.endIndex...]
    if !digits.isEmpty, rest.allSatisfy({ $0 == " " || $0 == "\t" }) {
      self = .seconds(min(Int(digits) ?? .max, Int(Int32.max)))
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
