/// How much may disappear before we suspect the portal rather than believe it.
struct DeletionLimits: Sendable, Equatable, Codable {
  var percent: Double
  var count: Int

  /// More than `percent` of the whole **and** more than `count`.
  func areExceeded(losing lost: Int, of whole: Int) -> Bool {
    lost > count && Double(lost) * 100 > percent * Double(whole)
  }
}
