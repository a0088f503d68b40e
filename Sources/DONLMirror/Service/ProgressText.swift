/// How far a run is, in words. What a portal counts may be any number, so nothing here can overflow.
extension Harvest.Progress {
  /// `page 12/82 of a full run, 2988 of 20432 datasets`
  public var status: String {
    "page \(pages)/\(pagesExpected) of \(mode == .full ? "a full" : "an incremental") run, "
      + "\(done) of \(counted(total, "dataset"))"
  }

  /// Pages of this run if the rest is like what has come.
  private var pagesExpected: Int {
    guard total > done, tally.received > 0 else { return pages }
    let left = (Double(total) - Double(done)) * Double(pages) / Double(tally.received)
    return Int(clamping: Double(pages) + left.rounded(.up))
  }

  /// `full [######..................] 5000 of 20000, 250 a second, 1:00 left`
  ///
  /// - Parameter rate: datasets a second.
  public func bar(rate: Double) -> String {
    let total = Double(max(total, done, 1))
    let width = 24
    let filled = max(0, min(width, Int(clamping: Double(done) / total * Double(width))))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let left = rate > 0 ? Int(clamping: max(0, total - Double(done)) / rate) : 0
    let clock = "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
    return "\(mode.rawValue) [\(bar)] \(done) of \(Int(clamping: total)), "
      + "\(Int(clamping: rate)) a second, \(clock) left"
  }
}

extension Int {
  /// The nearest whole number towards zero that there is, and 0 for what is no number, where
  /// `Int(_:)` ends the process.
  public init(clamping number: Double) {
    guard !number.isNaN else {
      self = 0
      return
    }
    self = Int(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
  }
}
