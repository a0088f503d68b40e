import Foundation

/// The dates of HTTP (RFC 9110, 5.6.7): `Date` and `Retry-After` headers.
enum HTTPDate {
  /// Reads any of the three forms that a recipient must accept; nil when the text is none of them.
  ///
  ///     Sun, 06 Nov 1994 08:49:37 GMT
  ///     Sunday, 06-Nov-94 08:49:37 GMT
  ///     Sun Nov  6 08:49:37 1994
  ///
  /// - Parameter now: decides the century of the second form: a date more than 50 years ahead of
  ///   it lies in the past.
  static func parse(_ text: some StringProtocol, now: Date) -> Date? {
    // A date has 32 characters at most; a long header is not worth splitting.
    guard text.utf8.count <= 64 else { return nil }
    let words = text.utf8.split(separator: UInt8(ascii: " ")).map { Array($0) }
    switch words.count {
    case 6: return fixdate(words)
    case 4: return obsolete(words, now: now)
    case 5: return asctime(words)
    default: return nil
    }
  }

  private static func fixdate(_ words: [[UInt8]]) -> Date? {
    guard
      isDay(words[0].dropLast()), words[0].last == UInt8(ascii: ","), words[5] == gmt,
      let day = number(words[1], digits: 2), let month = month(words[2]),
      let year = number(words[3], digits: 4), let second = secondOfDay(words[4])
    else { return nil }
    return date(year, month, day, second)
  }

  private static func obsolete(_ words: [[UInt8]], now: Date) -> Date? {
    let parts = words[1].split(separator: UInt8(ascii: "-"))
    guard
      words[0].last == UInt8(ascii: ","), isDay(words[0].prefix(3)), words[3] == gmt,
      parts.count == 3, let day = number(parts[0], digits: 2), let month = month(parts[1]),
      let shortYear = number(parts[2], digits: 2), let second = secondOfDay(words[2])
    else { return nil }
    let thisYear = year(of: now)
    var year = thisYear - thisYear % 100 + shortYear
    if year > thisYear + 50 { year -= 100 }
    return date(year, month, day, second)
  }

  private static func asctime(_ words: [[UInt8]]) -> Date? {
    guard
      isDay(words[0]), let month = month(words[1]),
      let day = number(words[2], digits: words[2].count == 1 ? 1 : 2),
      let second = secondOfDay(words[3]), let year = number(words[4], digits: 4)
    else { return nil }
    return date(year, month, day, second)
  }

  private static let gmt = Array("GMT".utf8)
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map { Array($0.utf8) }
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ].map { Array($0.utf8) }

  private static func isDay(_ name: some Collection<UInt8>) -> Bool {
    days.contains { $0.elementsEqual(name) }
  }

  private static func month(_ name: some Collection<UInt8>) -> Int? {
    months.firstIndex { $0.elementsEqual(name) }.map { $0 + 1 }
  }

  private static func number(_ text: some Sequence<UInt8>, digits: Int) -> Int? {
    var value = 0
    var count = 0
    for byte in text {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      count += 1
      guard count <= digits else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return count == digits ? value : nil
  }

  private static func secondOfDay(_ text: [UInt8]) -> Int? {
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard
      parts.count == 3, let hour = number(parts[0], digits: 2), hour < 24,
      let minute = number(parts[1], digits: 2), minute < 60,
      // 60 is a leap second.
      let second = number(parts[2], digits: 2), second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func date(_ year: Int, _ month: Int, _ day: Int, _ second: Int) -> Date? {
    guard day >= 1, day <= CivilDay.length(ofMonth: month, in: year) else { return nil }
    let days = CivilDay.days(year, month, day)
    return Date(timeIntervalSince1970: Double(days * 86_400 + second))
  }

  private static func year(of date: Date) -> Int {
    CivilDay.date(ofDays: Int((date.timeIntervalSince1970 / 86_400).rounded(.down))).year
  }
}

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
