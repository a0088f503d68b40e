/// Durations and sizes as people write them: a whole number and a unit.
enum Units {
  /// Ten years; a longer duration is a slip of the pen.
  static let millisecondsMax = 3_650 * 86_400_000

  private static let milliseconds = [
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
  ]

  private static let bytes = [
    "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
  ]

  /// `30s`, `5m`, `2h`, `7d`, `250ms`; nil for anything else.
  static func duration(_ text: String) -> Duration? {
    guard let count = product(text, milliseconds), count <= millisecondsMax else { return nil }
    return .milliseconds(count)
  }

  /// In bytes: `64MiB`, `10kB`; nil for anything else.
  static func size(_ text: String) -> Int? {
    product(text, bytes)
  }

  private static func product(_ text: String, _ units: [String: Int]) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let name = text.dropFirst(digits.count).drop { $0 == " " }
    guard let count = Int(digits), let unit = units[String(name)] else { return nil }
    let (value, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : value
  }

  /// In the unit that people would choose: one day stays `24h`, one minute `60s`.
  static func writtenDuration(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let count = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    if count == 0 { return "0s" }
    for (unit, size, least) in [
      ("d", 86_400_000, 2), ("h", 3_600_000, 1), ("m", 60_000, 2), ("s", 1000, 1),
    ] where count.isMultiple(of: size) && count / size >= least {
      return "\(count / size)\(unit)"
    }
    return "\(count)ms"
  }

  static func writtenSize(_ count: Int) -> String {
    for unit in ["GiB", "MiB", "KiB", "GB", "MB", "kB"] {
      guard let size = bytes[unit], count > 0, count.isMultiple(of: size) else { continue }
      return "\(count / size)\(unit)"
    }
    return "\(count)B"
  }
}

extension Duration {
  /// A duration as settings and flags spell it: `30s`, `5m`, `2h`, `7d`, `250ms`.
  public init?(settingText: String) {
    guard let duration = Units.duration(settingText) else { return nil }
    self = duration
  }
}
