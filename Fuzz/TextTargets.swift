import Foundation

/// Dates of the portal and of HTTP: what is written can be read, and says the same.
func checkDates(_ input: [UInt8]) {
  if let date = input.withView({ PortalDate($0) }) {
    let local = date.local
    demand(PortalDate(local)?.local == local, "\(local) reads as itself")
    demand(
      local.utf8.count == 10 || local.utf8.count == 19, "\(local) has the form of the contract")
    if let stamp = date.stamp {
      demand(PortalDate(stamp)?.stamp == stamp, "\(stamp) reads as itself")
      demand(stamp.utf8.count == 27, "\(stamp) has the form of the contract")
      // Further off, a Date does not hold microseconds.
      if ("1901"..."2100").contains(String(stamp.prefix(4))) {
        demand(Timestamp.date(stamp).map(Timestamp.text) == stamp, "\(stamp) is a moment")
      }
    }
  }
  let now = Date(timeIntervalSince1970: 1_780_000_000)
  if let date = HTTPDate.parse(String(decoding: input, as: UTF8.self), now: now) {
    let seconds = date.timeIntervalSince1970
    demand(seconds == seconds.rounded(), "\(seconds) is a whole second")
    demand(abs(seconds) < 400_000_000_000, "\(seconds) lies in the years 0 to 9999")
  }
}

/// Lists inside strings: what PostgreSQL would write for values reads as these values.
func checkLists(_ input: [UInt8]) {
  let text = String(decoding: input, as: UTF8.self)
  if let values = ListLiteral.values(of: text) {
    demandRoundTrip(values)
  }
  demandRoundTrip(text.unicodeScalars.split(separator: ",").map(String.init))
}

private func demandRoundTrip(_ values: [String]) {
  let literal = "{" + values.map(quoted).joined(separator: ",") + "}"
  let read = ListLiteral.values(of: literal)
  demand(
    read?.map { Array($0.utf8) } == values.map { Array($0.utf8) }, "\(literal) reads as written")
}

private func quoted(_ value: String) -> String {
  var quoted = String.UnicodeScalarView("\"".unicodeScalars)
  for scalar in value.unicodeScalars {
    if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
    quoted.append(scalar)
  }
  quoted.append("\"")
  return String(quoted)
}

/// `Retry-After`: never negative, never endless, and a number only where digits stand.
func checkRetryAfter(_ input: [UInt8]) {
  let now = Date(timeIntervalSince1970: 1_780_000_000)
  guard let header = RetryAfter(String(decoding: input, as: UTF8.self), now: now) else { return }
  let wait = header.wait(from: now)
  demand(wait >= .zero, "\(wait) is not negative")
  demand(wait <= .seconds(Int(Int32.max)), "\(wait) is bounded")
  if case .seconds = header {
    let isNumber = input.allSatisfy { $0.isDigit || $0 == 0x20 || $0 == 0x09 }
    demand(isNumber, "a number of seconds is digits and space")
  }
}
