/// One reading of the catalogue in `id` order: where it stands, and what it has learnt.
///
/// Pure: it is told what each page held and answers what to take and where to go on. Pages overlap
/// by one record, and ids must ascend across that seam; when they do not, something was deleted
/// behind us, and the walk steps back until they do. So no record that lived throughout is missed
/// (DESIGN, "The walk, precisely"). It advances by what arrived, never by what was asked.
public struct Walk: Sendable, Equatable, Codable {
  /// A stretch of offsets that the portal counts and does not serve: `start..<end`.
  public struct Gap: Sendable, Equatable, Codable {
    public var start: Int
    public var end: Int
  }

  /// The greatest id taken, as bytes compare.
  public private(set) var lastID: String?
  /// The offset to ask next.
  public private(set) var nextStart = 0
  public private(set) var isFinished = false
  /// The `count` of the last answer.
  public private(set) var count = 0
  public private(set) var highestCount = 0
  /// Records in the largest page so far: what the portal really serves.
  public private(set) var largestPage = 0
  /// Records taken, those without an id included.
  public private(set) var taken = 0
  public private(set) var gaps: [Gap] = []
  /// False once ids did not ascend within a page: the portal does not honor `sort`.
  public private(set) var isOrdered = true
  /// How many seams broke (and were mended by stepping back).
  public private(set) var brokenSeams = 0
  /// Pages since the last new record that were empty where the portal counts more.
  public private(set) var emptyPages = 0
  /// Records that did not say their id: any of them may be a dataset that we know.
  public private(set) var nameless = 0
  /// True when `count` fell by more than the deletion limits while we walked.
  public private(set) var hasCollapsed = false

  /// How far the next broken seam steps back; doubles until a seam holds.
  private var stride = 1
  /// The first offset of the gap being crossed; nil outside gaps.
  private var gapStart: Int?
  /// Pages that overlap with nothing that has an id: a portal that serves one record a page has no
  /// seams at all.
  private var missingSeams = 0
  /// The next page overlaps by a record without an id, which shows nothing.
  private var isSeamBlind = false
  /// Records in the smallest page that was not the last.
  private var smallestPage = Int.max

  private let limits: DeletionLimits

  public init(limits: DeletionLimits, knownCount: Int = 0) {
    self.limits = limits
    highestCount = knownCount
  }

  /// Nothing that lived throughout the walk can be missing from what was taken.
  public var isWhole: Bool {
    isFinished && isOrdered && !hasCollapsed && gaps.isEmpty && missingSeams == 0
  }

  /// Whole, and every record said its id: what was not taken is not there.
  public var isProven: Bool { isWhole && nameless == 0 }

  /// Records that the portal counts and did not serve.
  ///
  /// A count that is greater than what was taken does not tell: something may have been inserted
  /// behind us. Then all pages were full.
  public var unserved: Int {
    guard isFinished, !gaps.isEmpty || smallestPage < largestPage else { return 0 }
    return max(0, count - taken)
  }

  /// Takes the page that was asked at `nextStart`.
  ///
  /// - Parameters:
  ///   - ids: of the records of the page in order; nil for a record that does not say its id.
  ///   - count: the `count` of the same answer.
  ///   - asked: the rows asked, where they were fewer than the portal can serve.
  /// - Returns: the indices of the records that are new to this walk, in order.
  public mutating func take(ids: [String?], count: Int, asked: Int = .max) -> [Int] {
    let start = nextStart
    self.count = count
    guard !limits.areExceeded(losing: highestCount - count, of: highestCount) else {
      hasCollapsed = true
      isFinished = true
      return []
    }
    highestCount = max(highestCount, count)

    if isOrdered && !Self.ascend(ids) {
      isOrdered = false
      // The seams before may have hidden records: what is smaller than the last id was taken for old.
      if start > 0 {
        restart()
        return []
      }
    }
    guard isOrdered else { return takeUnordered(ids, at: start) }

    if start > 0, gapStart == nil, !isSeamBlind, isSeamBroken(ids) {
      brokenSeams += 1
      if ids.isEmpty && start < count { emptyPages += 1 }
      nextStart = max(0, start - stride)
      stride *= 2
      return []
    }
    stride = 1
    largestPage = max(largestPage, ids.count)
    if start + ids.count < count { smallestPage = min(smallestPage, ids.count) }

    let seam = lastID
    let fresh = ids.indices.filter { index in
      guard let id = ids[index], let seam else { return true }
      return seam.precedes(id)
    }
    if let last = fresh.last(where: { ids[$0] != nil }) { lastID = ids[last] }
    if !fresh.isEmpty { emptyPages = 0 }
    taken += fresh.count
    nameless += fresh.count { ids[$0] == nil }
    let lastNamed = ids.lastIndex { $0 != nil } ?? 0
    advance(
      from: start, by: ids.count, asked: asked, lastNamed: lastNamed, bringsNews: !fresh.isEmpty)
    return Array(fresh)
  }

  /// Goes on behind the one record that the portal cannot serve.
  ///
  /// - Parameter count: as the portal says now; it may not have answered with a page yet.
  public mutating func stepOver(_ offset: Int, count: Int) {
    self.count = count
    highestCount = max(highestCount, count)
    gapStart = gapStart ?? offset
    nextStart = offset + 1
    if nextStart >= count { close(at: count) }
  }

  /// What should stand before `offset` does not: something was deleted behind us.
  public mutating func breakSeam(at offset: Int) {
    brokenSeams += 1
    gapStart = nil
    isSeamBlind = false
    nextStart = max(0, offset - stride)
    stride *= 2
  }

  /// An empty page, or one that begins beyond the last id: records behind us have gone, and the
  /// ones that moved into their place may not have been read.
  private func isSeamBroken(_ ids: [String?]) -> Bool {
    guard let first = ids.first else { return true }
    guard let lastID, let id = first ?? ids.compactMap(\.self).first else { return false }
    return lastID.precedes(id)
  }

  private mutating func advance(
    from start: Int, by held: Int, asked: Int, lastNamed: Int, bringsNews: Bool
  ) {
    isSeamBlind = false
    if bringsNews, let from = gapStart {
      if start > from { gaps.append(Gap(start: from, end: start)) } else { missingSeams += 1 }
      gapStart = nil
    }
    if start + held >= count {
      close(at: count)
    } else if held > 1 && gapStart == nil {
      // Pages overlap by the last record that has an id. Where only the first has one, that would
      // lead to the same page again.
      isSeamBlind = lastNamed == 0
      missingSeams += isSeamBlind ? 1 : 0
      nextStart = start + (isSeamBlind ? held - 1 : lastNamed)
    } else {
      // Nothing but the seam record, and more is said to follow: the portal counts records that it
      // does not serve. The page covered as many offsets as the largest one did, or as were asked.
      gapStart = gapStart ?? start + held
      nextStart = start + max(min(largestPage, asked), 1)
      if nextStart >= count { close(at: count) }
    }
  }

  private mutating func close(at end: Int) {
    if let from = gapStart, end > from { gaps.append(Gap(start: from, end: end)) }
    gapStart = nil
    isFinished = true
  }

  private mutating func restart() {
    nextStart = 0
    taken = 0
    nameless = 0
    gaps = []
    gapStart = nil
    isSeamBlind = false
  }

  /// Without order there are no seams: read on, and let a census or the list of names judge.
  private mutating func takeUnordered(_ ids: [String?], at start: Int) -> [Int] {
    largestPage = max(largestPage, ids.count)
    taken += ids.count
    nameless += ids.count { $0 == nil }
    nextStart = start + max(ids.isEmpty ? largestPage : ids.count, 1)
    isFinished = start + ids.count >= count || nextStart >= count
    return Array(ids.indices)
  }

  /// Equal neighbors are one dataset served twice, not a disorder.
  private static func ascend(_ ids: [String?]) -> Bool {
    let known = ids.compactMap(\.self)
    return zip(known, known.dropFirst()).allSatisfy { !$1.precedes($0) }
  }
}

extension String {
  /// Ids compare as bytes, as Solr compares them.
  func precedes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}

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
