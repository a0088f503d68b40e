import Foundation
import Testing

@testable import DONLMirror

@Suite("An HTTP date")
struct HTTPDateTests {
  private let now = Date(timeIntervalSince1970: 1_780_000_000)  // 2026-05-28

  @Test(
    "is read in its three forms",
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0),
      ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
      ("Sun Nov  6 08:49:37 1994", 784_111_777),
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200),
      ("Wed Nov 16 08:49:37 1994", 784_975_777),
      ("Friday, 31-Dec-99 23:59:59 GMT", 946_684_799),
      ("Tuesday, 01-Jan-30 00:00:00 GMT", 1_893_456_000),
      ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ])
  func forms(text: String, seconds: Double) {
    #expect(HTTPDate.parse(text, now: now)?.timeIntervalSince1970 == seconds)
  }

  @Test(
    "is nothing else",
    arguments: [
      "", " ", "7", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
      "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
      "Zon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Mei 1994 08:49:37 GMT",
      "2026-05-28T00:00:00Z", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT",
      "Sunday, 06-11-94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "- - - -", ", , , , , ,",
      "Sun, 06 Nov 1994 08:49:37 GMT " + String(repeating: "x", count: 10_000),
    ])
  func garbage(text: String) {
    #expect(HTTPDate.parse(text, now: now) == nil)
  }

  @Test("agrees with the calendar of Foundation on every day of four centuries")
  func calendar() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
    for year in stride(from: 1890, to: 2290, by: 1) {
      for (index, month) in months.enumerated() {
        let components = DateComponents(year: year, month: index + 1, day: 28, hour: 12)
        let text = "Mon, 28 \(month) \(year) 12:00:00 GMT"
        #expect(HTTPDate.parse(text, now: now) == calendar.date(from: components))
      }
    }
  }
}

@Suite("Retry-After")
struct RetryAfterTests {
  private let now = Date(timeIntervalSince1970: 784_111_777)

  @Test(
    "is read as seconds or as a date",
    arguments: [
      ("7", 7), (" 120 ", 120), ("0", 0), ("00042", 42), ("99999999999999999999", 2_147_483_647),
      ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
      ("Sun Nov  6 08:49:36 1994", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 2_147_483_647),
    ])
  func forms(text: String, seconds: Int) {
    #expect(RetryAfter(text, now: now)?.wait(from: now) == .seconds(seconds))
  }

  @Test(
    "is nothing else",
    arguments: [
      "", " ", "-1", "+7", "1.5", "7s", "soon", "٧", "7 7", "0x10", "\u{0}7", "8\u{301} ",
    ])
  func garbage(text: String) {
    #expect(RetryAfter(text, now: now) == nil)
  }
}
