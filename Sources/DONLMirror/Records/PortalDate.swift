/// A date as CKAN portals write it: `2015-03-30`, `2015-03-26T15:48:17.640867`,
/// `2019-09-30 22:00:00`, `2019-05-13T21:01:49.66Z`, `2015-06-01T12:00:00+02:00`.
struct PortalDate: Sendable, Equatable {
  private var year: Int
  private var month: Int
  private var day: Int
  fileprivate var time: Time?

  fileprivate struct Time: Equatable {
    var hour = 0
    var minute = 0
    var second = 0
    var microsecond = 0
    /// Minutes east of UTC; nil without a zone.
    var offset: Int?
  }

  /// Reads a whole text; nil when it is no date of the calendar (`9999-99-99`, `2015-02-31`).
  init?(_ text: ByteView) {
    var scanner = DigitScanner(text: text)
    scanner.skipSpace()
    guard let year = scanner.number(digits: 4), scanner.skip(0x2D),
      let month = scanner.number(digits: 2), scanner.skip(0x2D),
      let day = scanner.number(digits: 2),
      year >= 1, (1...12).contains(month), day >= 1,
      day <= CivilDay.length(ofMonth: month, in: year)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    if scanner.skip(0x54) || scanner.skip(0x74) || scanner.skipSpaceBeforeDigit() {
      guard let time = Self.time(from: &scanner) else { return nil }
      self.time = time
    }
    scanner.skipSpace()
    guard scanner.isAtEnd else { return nil }
  }

  init?(_ text: String) {
    guard let date = text.withView({ PortalDate($0) }) else { return nil }
    self = date
  }

  /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, a date without zone taken as UTC (docs/contract.md, "Dates").
  ///
  /// Nil when the conversion to UTC leaves the years 1 to 9999.
  var stamp: String? {
    var date = self
    var time = time ?? Time()
    let minutes = time.hour * 60 + time.minute - (time.offset ?? 0)
    (time.hour, time.minute) = ((minutes + 1440) % 1440 / 60, (minutes + 1440) % 60)
    if minutes < 0 { date.move(byDays: -1) }
    if minutes >= 1440 { date.move(byDays: 1) }
    guard (1...9999).contains(date.year) else { return nil }
    return Self.text { digits in
      date.writeDay(&digits)
      time.write(&digits)
      digits.write(".", time.microsecond, 6)
      digits.write("Z")
    }
  }

  /// `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`, as precise as sent; a zone is left off, not applied.
  var local: String {
    Self.text { digits in
      writeDay(&digits)
      time?.write(&digits)
    }
  }

  private static func time(from scanner: inout DigitScanner) -> Time? {
    var time = Time()
    guard let hour = scanner.number(digits: 2), hour < 24, scanner.skip(.colon),
      let minute = scanner.number(digits: 2), minute < 60
    else { return nil }
    (time.hour, time.minute) = (hour, minute)
    if scanner.skip(.colon) {
      guard let second = scanner.number(digits: 2), second < 60 else { return nil }
      time.second = second
      if scanner.skip(0x2E) || scanner.skip(.comma) {
        guard let microsecond = scanner.fraction(digits: 6) else { return nil }
        time.microsecond = microsecond
      }
    }
    if scanner.skip(0x5A) || scanner.skip(0x7A) {
      time.offset = 0
    } else if let sign = scanner.sign() {
      guard let hours = scanner.number(digits: 2), hours < 24 else { return nil }
      let hasColon = scanner.skip(.colon)
      let minutes = scanner.number(digits: 2)
      guard minutes ?? 0 < 60, minutes != nil || !hasColon else { return nil }
      time.offset = sign * (hours * 60 + (minutes ?? 0))
    }
    return time
  }

  private mutating func move(byDays days: Int) {
    (year, month, day) = CivilDay.date(ofDays: CivilDay.days(year, month, day) + days)
  }
}

extension PortalDate {
  private func writeDay(_ digits: inout DigitWriter) {
    digits.write("", year, 4)
    digits.write("-", month, 2)
    digits.write("-", day, 2)
  }

  private static func text(_ write: (inout DigitWriter) -> Void) -> String {
    String(unsafeUninitializedCapacity: 32) { buffer in
      var digits = DigitWriter(buffer: buffer)
      write(&digits)
      return digits.count
    }
  }
}

extension PortalDate.Time {
  fileprivate func write(_ digits: inout DigitWriter) {
    digits.write("T", hour, 2)
    digits.write(":", minute, 2)
    digits.write(":", second, 2)
  }
}
