import Testing

@testable import DONLMirror

@Suite("A portal's date") struct PortalDateTests {
  @Test(
    "is written as a stamp in UTC with six digits",
    arguments: [
      ("2015-03-26T15:48:17.640867", "2015-03-26T15:48:17.640867Z"),
      ("2024-01-01T00:00:00", "2024-01-01T00:00:00.000000Z"),
      ("2019-09-30 22:00:00", "2019-09-30T22:00:00.000000Z"),
      ("2019-05-13T21:01:49.66Z", "2019-05-13T21:01:49.660000Z"),
      ("2019-05-13T21:01:49.1234567890Z", "2019-05-13T21:01:49.123456Z"),
      ("2015-06-01T01:30:00+02:00", "2015-05-31T23:30:00.000000Z"),
      ("2015-12-31T23:30:00-0100", "2016-01-01T00:30:00.000000Z"),
      ("2016-03-01T00:15:00+05:30", "2016-02-29T18:45:00.000000Z"),
      ("2015-01-01T00:00:00+01", "2014-12-31T23:00:00.000000Z"),
      ("2015-06-01T12:00:00+00:00", "2015-06-01T12:00:00.000000Z"),
      ("2015-03-30", "2015-03-30T00:00:00.000000Z"),
      ("2015-03-30T12:34", "2015-03-30T12:34:00.000000Z"),
      (" 2015-03-30t12:34:56z\n", "2015-03-30T12:34:56.000000Z"),
      ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000000Z"),
    ])
  func stamp(_ sent: String, _ stamp: String) {
    #expect(PortalDate(sent)?.stamp == stamp)
  }

  @Test(
    "of the data stays local and as precise as sent",
    arguments: [
      ("2015-03-30", "2015-03-30"), ("2015-03-30T00:00:00", "2015-03-30T00:00:00"),
      ("2015-03-30T10:20:30.999999", "2015-03-30T10:20:30"),
      ("2015-06-01T01:30:00+02:00", "2015-06-01T01:30:00"),
      ("2015-06-01 01:30:00Z", "2015-06-01T01:30:00"), ("2000-02-29", "2000-02-29"),
    ])
  func local(_ sent: String, _ local: String) {
    #expect(PortalDate(sent)?.local == local)
  }

  @Test(
    "that the calendar does not have is none",
    arguments: [
      "", " ", "9999-99-99", "2015-02-31", "2015-02-29", "1900-02-29", "2015-04-31", "0000-01-01",
      "0000-00-00", "2015-00-10", "2015-13-01", "2015-01-00", "2015-01-32", "2015", "2015-05",
      "2015-5-1", "15-05-2015", "31-02-2015", "7/1/1997 - 06/30/2019", "R/P1D",
      "jeu, 19/12/2019 - 03:00", "2015-03-30T", "2015-03-30T24:00:00", "2015-03-30T12",
      "2015-03-30T12:60:00", "2015-03-30T12:00:60", "2015-03-30T12:00:00.", "2015-03-30T12:00:00+",
      "2015-03-30T12:00:00+2:00", "2015-03-30T12:00:00+02:", "2015-03-30T12:00:00+24:00",
      "2015-03-30Z", "2015-03-30 x", "2015-03-30T12:00:00Zx", "-2015-03-30", "+2015-03-30",
      "２０１５-03-30", "2015-03-3O", "20150330", "2015-W13-1", "now",
    ])
  func none(_ sent: String) {
    #expect(PortalDate(sent) == nil)
  }

  @Test("has no stamp when UTC leaves the calendar")
  func edges() {
    #expect(PortalDate("0001-01-01T00:00:00+01:00")?.stamp == nil)
    #expect(PortalDate("9999-12-31T23:59:59-01:00")?.stamp == nil)
    #expect(PortalDate("9999-12-31")?.stamp == "9999-12-31T00:00:00.000000Z")
  }

  @Test("survives any text, and what it writes it reads")
  func mutations() {
    var random = SplitMix64(state: 50)
    for _ in 0..<5000 {
      var text = Array("2015-06-01T01:30:00.123456+02:00".utf8.prefix(Int(random.next() % 33)))
      for _ in 0..<(random.next() % 3) where !text.isEmpty {
        text[Int(random.next() % UInt64(text.count))] = UInt8(32 + random.next() % 95)
      }
      guard let date = PortalDate(String(decoding: text, as: UTF8.self)) else { continue }
      if let stamp = date.stamp { #expect(PortalDate(stamp)?.stamp == stamp) }
      #expect(PortalDate(date.local)?.local == date.local)
    }
  }
}
