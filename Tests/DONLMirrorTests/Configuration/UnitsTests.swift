import Testing

@testable import DONLMirror

@Suite("Durations and sizes")
struct UnitsTests {
  @Test(
    "come back as they were written",
    arguments: ["0s", "250ms", "15s", "60s", "90s", "2m", "1h", "24h", "26h", "2d", "7d", "3650d"])
  func durations(text: String) throws {
    #expect(Units.writtenDuration(try #require(Units.duration(text))) == text)
  }

  @Test(
    "are refused without a number, a unit, or measure",
    arguments: [
      "", "s", "5", "-5s", "+5s", "1.5h", "5 parsecs", "5S", "1h30m", "٥s", "3651d",
      "9999999999999999999s", "9223372036854775807d",
    ])
  func badDurations(text: String) {
    #expect(Units.duration(text) == nil)
  }

  @Test(
    "in bytes come back as they were written", arguments: ["1B", "64MiB", "10kB", "3GB", "1GiB"])
  func sizes(text: String) throws {
    #expect(Units.writtenSize(try #require(Units.size(text))) == text)
  }

  @Test("in bytes are refused without a unit", arguments: ["64", "64M", "64mb", "1e3B", "-1B"])
  func badSizes(text: String) {
    #expect(Units.size(text) == nil)
  }
}
