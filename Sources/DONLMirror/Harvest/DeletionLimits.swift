/// How much may disappear before we suspect the portal rather than believe it.
public struct DeletionLimits: Sendable, Equatable, Codable {
  public var percent: Double
  public var count: Int

  public init(percent: Double = 5, count: Int = 50) {
    self.percent = percent
    self.count = count
  }

  /// More than `percent` of the whole **and** more than `count`.
  func areExceeded(losing lost: Int, of whole: Int) -> Bool {
    lost > count && Double(lost) * 100 > percent * Double(whole)
  }
}
