import Foundation
import SamplePortal
import Synchronization

/// All that is random in a history, from one seed, and what was made of it.
///
/// One question is under way at a time, so that the same seed gives the same history.
final class Chance: Sendable {
  private let state: Mutex<UInt64>
  private let lines = Mutex<[String]>([])
  private let count = Mutex(0)

  init(seed: UInt64) {
    state = Mutex((seed &+ 1) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Xorshift64*.
  private func next() -> UInt64 {
    state.withLock { state in
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_F491_4F6C_DD1D
    }
  }

  func number(in range: Range<Int>) -> Int {
    range.lowerBound + Int(next() >> 33) % range.count
  }

  func happens(_ probability: Double) -> Bool {
    Double(next() >> 11) / Double(1 << 53) < probability
  }

  func one<Element>(of elements: [Element]) -> Element { elements[number(in: 0..<elements.count)] }

  /// Counts up.
  func serial() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }

  func note(_ line: String) { lines.withLock { $0.append(line) } }

  var notes: [String] { lines.withLock { $0 } }
}

/// What a random portal does to one question.
struct RandomFault {
  var name: String
  var intervention: SamplePortal.Intervention

  private static let statuses = [
    200, 204, 400, 401, 403, 404, 405, 409, 410, 413, 414, 429, 500, 501, 502, 503, 504,
  ]
  private static let types = [
    "Search Error", "Search Index Error", "Validation Error", "Authorization Error",
    "Not Found Error", "Internal Server Error",
  ]
  private static let counts = [-50, -2, -1, 1, 2, 50, 1_000_000_000, 1_000_000_000_000_000]

  /// - Parameter move: moves the catalogue once.
  init(_ chance: Chance, move: @escaping @Sendable (inout Catalogue) -> Void) {
    switch chance.number(in: 0..<16) {
    case 0, 1:
      let status = chance.one(of: Self.statuses)
      self.init(
        name: "HTML with \(status)",
        intervention: .respond(status: status, body: "<html>Even geduld</html>"))
    case 2:
      let (status, type) = (chance.one(of: [200, 403, 404, 409, 500]), chance.one(of: Self.types))
      self.init(
        name: "\(type) with \(status)", intervention: .fail(.refuses(status: status, type: type)))
    case 3:
      let bytes = chance.number(in: 1..<600)
      self.init(name: "cut after \(bytes)", intervention: .fail(.cut(after: bytes)))
    case 4:
      let bytes = chance.number(in: 1..<600)
      self.init(name: "reset after \(bytes)", intervention: .fail(.resets(after: bytes)))
    case 5: self.init(name: "hangs up", intervention: .fail(.hangsUp))
    case 6:
      let off = chance.one(of: Self.counts)
      self.init(name: "count \(off) off", intervention: .rewrite { $0.addToCount(off) })
    case 7: self.init(name: "another order", intervention: .fail(.ignoresSort))
    case 8: self.init(name: "the answer before once more", intervention: .fail(.repeatsPrevious))
    case 9: self.init(name: "no results", intervention: .rewrite { $0.keepResults { _ in false } })
    case 10:
      let kept = chance.number(in: 0..<7)
      self.init(
        name: "without result \(kept)", intervention: .rewrite { $0.keepResults { $0 != kept } })
    case 11:
      let cap = chance.number(in: 1..<5)
      self.init(name: "\(cap) rows at most", intervention: .fail(.rowsCap(cap)))
    case 12: self.init(name: "fq ignored", intervention: .fail(.ignoresFilter))
    case 13:
      let held = chance.number(in: 0..<30)
      self.init(name: "an index of \(held)", intervention: .fail(.indexHolds(datasets: held)))
    default: self.init(name: "after a move", intervention: .before(move))
    }
  }

  private init(name: String, intervention: SamplePortal.Intervention) {
    self.name = name
    self.intervention = intervention
  }
}

extension SamplePortal.Answer {
  fileprivate mutating func addToCount(_ off: Int) {
    guard let key = text.firstRange(of: #""count": "#) else { return }
    let digits = text[key.upperBound...].prefix { $0.isNumber }
    guard let count = Int(digits) else { return }
    text.replaceSubrange(digits.startIndex..<digits.endIndex, with: "\(max(0, count + off))")
  }

  /// Leaves results out, by their place.
  fileprivate mutating func keepResults(_ isKept: (Int) -> Bool) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
      var members = object as? [String: Any], var result = members["result"] as? [String: Any],
      let records = result["results"] as? [Any]
    else { return }
    result["results"] = records.enumerated().filter { isKept($0.offset) }.map(\.element)
    members["result"] = result
    guard let data = try? JSONSerialization.data(withJSONObject: members) else { return }
    text = String(decoding: data, as: UTF8.self)
  }
}
