import Foundation

/// An instant as Solr indexes it: whole milliseconds since 1970, finer digits cut off.
package struct SolrDate: Sendable, Comparable {
  package var milliseconds: Int

  package init(milliseconds: Int) { self.milliseconds = milliseconds }

  package init(_ date: Date) {
    milliseconds = Int((date.timeIntervalSince1970 * 1_000).rounded(.down))
  }

  package static func < (left: SolrDate, right: SolrDate) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// Reads `YYYY-MM-DDTHH:MM:SS[.f…]`, taken as UTC, without a zone.
  package init?(naive text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
      bytes[16] == UInt8(ascii: ":"),
      let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
      let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
      let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction = 0
    if bytes.count > 19 {
      guard bytes[19] == UInt8(ascii: "."), bytes.count > 20,
        bytes[20...].allSatisfy({ (0x30...0x39).contains($0) })
      else { return nil }
      let digits = bytes[20...].prefix(3).map { Int($0) - 0x30 } + [0, 0]
      fraction = digits[0] * 100 + digits[1] * 10 + digits[2]
    }
    let seconds =
      Self.days(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
    milliseconds = seconds * 1_000 + fraction
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
  }

  /// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, days_from_civil).
  package static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Year, month and day of a count of days since 1970-01-01 (Howard Hinnant, civil_from_days).
  package static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }

  /// `2015-04-11T03:06:17`, UTC.
  package var naiveSeconds: String {
    let seconds = floorDivide(milliseconds, 1_000)
    let day = floorDivide(seconds, 86_400)
    let second = seconds - day * 86_400
    let date = Self.civil(days: day)
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
  }

  /// As Solr prints it: `2015-04-11T03:06:17.034Z`, without a fraction when it is zero.
  package var indexForm: String {
    let fraction = milliseconds - floorDivide(milliseconds, 1_000) * 1_000
    return naiveSeconds + (fraction == 0 ? "" : ".\(padded(fraction, 3))") + "Z"
  }

  /// The `Date` header: `Mon, 23 Nov 2026 20:50:08 GMT`.
  package var httpDate: String {
    let seconds = floorDivide(milliseconds, 1_000)
    let day = floorDivide(seconds, 86_400)
    let second = seconds - day * 86_400
    let date = Self.civil(days: day)
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][day - floorDivide(day, 7) * 7]
    let month = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][date.month - 1]
    return "\(weekday), \(padded(date.day, 2)) \(month) \(padded(date.year, 4)) "
      + "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)) GMT"
  }
}

/// Division that rounds down, also below zero.
package func floorDivide(_ value: Int, _ divisor: Int) -> Int {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

package func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
