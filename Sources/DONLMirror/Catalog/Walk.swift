/// One reading of the catalogue in `id` order: where it stands, and what it has learnt.
///
/// Pure: it is told what each page held and answers what to take and where to go on. Pages overlap
/// by one record, and ids must ascend across that seam; when they do not, something was deleted
/// behind us, and the walk steps back until they do. So no record that lived throughout is missed
/// (docs/design.md, "The walk"). It advances by what arrived, never by what was asked.
public struct Walk: Sendable, Equatable, Codable {
  /// A stretch of offsets, `start..<end`, where the portal counts records that it does not serve.
  public struct Gap: Sendable, Equatable, Codable {
    var start: Int
    var end: Int
    /// How many of them: all, unless the portal serves some records in between.
    var missing: Int

    init(start: Int, end: Int, missing: Int? = nil) {
      (self.start, self.end) = (start, end)
      self.missing = missing ?? end - start
    }
  }

  /// A page that held fewer records than it might.
  private struct Shortfall: Sendable, Equatable, Codable {
    var start: Int
    var missing: Int
  }

  /// The greatest id taken, as bytes compare.
  private(set) var lastID: String?
  /// The offset to ask next.
  private(set) var nextStart = 0
  private(set) var isFinished = false
  /// The `count` of the last answer.
  private(set) var count = 0
  private(set) var highestCount = 0
  /// Records in the largest page so far: what the portal really serves.
  private(set) var largestPage = 0
  /// Records taken, those without an id included.
  private(set) var taken = 0
  /// In the order of offsets; a gap that is being crossed is not among them yet.
  public private(set) var gaps: [Gap] = []
  /// False once ids did not ascend within a page: the portal does not honor `sort`.
  private(set) var isOrdered = true
  /// How many seams broke (and were mended by stepping back).
  private(set) var brokenSeams = 0
  /// Pages since the last new record that brought none, where the portal counts more.
  private(set) var idlePages = 0
  /// Records that did not say their id: any of them may be a dataset that we know.
  private(set) var nameless = 0
  /// True when `count` fell by more than the deletion limits while we walked.
  private(set) var hasCollapsed = false
  /// The walk goes by key: it asks for what follows an id, and offsets count from there. That is
  /// how a portal is read that does not honor `start` everywhere.
  private(set) var isKeyed = false
  /// In a walk by key, the id after which is asked; nil asks from the beginning.
  private(set) var key: String?

  /// How far the next broken seam steps back; doubles until a seam holds.
  private var stride = 1
  /// The first offset of the gap being crossed; nil outside gaps.
  private var gapStart: Int?
  /// Pages that overlap with nothing that has an id: a portal that serves one record a page has no
  /// seams at all.
  private var missingSeams = 0
  /// The next page overlaps by a record without an id, so the overlap cannot be checked.
  private var isSeamBlind = false
  /// Records in the smallest page that was not the last.
  private var smallestPage = Int.max
  private var lowestCount = Int.max
  /// Of the page before, when it was one.
  private var shortfall: Shortfall?
  /// In a walk by key, how many records are accounted for up to the key.
  private var base = 0
  /// The page asked next must show that the last record taken is the last there is.
  private var isProvingEnd = false
  /// How often the end had to be shown.
  private var proofs = 0
  /// How many records had been taken when the walk began to go by key.
  private var takenByOffset = 0
  /// The end was reached by offsets, and what lies there is not what the walk came to.
  private var hasLostEnd = false

  /// How much the count may fall before we suspect the portal.
  var limits: DeletionLimits

  /// - Parameter count: what the portal said before the first page.
  init(limits: DeletionLimits, expecting count: Int = 0) {
    self.limits = limits
    self.count = count
  }

  /// Everything that was served throughout the walk has been taken: up to `count`, each record was
  /// taken, lies in a named gap, or came in behind the position, which the end has then shown.
  public var isWhole: Bool {
    isFinished && isOrdered && !hasCollapsed && !hasLostEnd && missingSeams == 0
  }

  /// Whole, without gaps, and every record said its id: what was not taken is not there.
  var isProven: Bool { isWhole && gaps.isEmpty && nameless == 0 }

  /// Proven, and nothing moved meanwhile: each answer counted just what was taken.
  var isExact: Bool { isWhole && gaps.isEmpty && taken == count && !hasMoved }

  /// The count was not the same in all answers.
  var hasMoved: Bool { lowestCount < highestCount }

  /// The pages since the last new record are more than any way back can take; or the key led nowhere.
  var isLost: Bool {
    if isKeyed, hasLostEnd, taken == takenByOffset { return true }
    return idlePages >= Self.idlePagesMax + 2 * taken / max(1, largestPage - 1)
  }

  private static let idlePagesMax = 40

  /// Records that the portal counts and did not serve.
  ///
  /// A count that is greater than what was taken does not tell: something may have been inserted
  /// behind us. Then all pages were full.
  var unserved: Int {
    guard isFinished, !gaps.isEmpty || smallestPage < largestPage else { return 0 }
    return max(0, count - taken)
  }

  /// Whether an answer looks like a passing fault, or like a change of the catalogue that is worth
  /// another request: it is asked for once more, and the second answer counts.
  ///
  /// - Parameters: as of `take`.
  func doubts(ids: [String?], count answer: Int, asked: Int = .max) -> Bool {
    let total = base + answer
    if isOrdered && !Self.ascend(ids) { return true }
    if largestPage > 0 {
      // A count that has jumped, in whichever direction.
      if limits.areExceeded(losing: highestCount - total, of: highestCount)
        || total - highestCount > highestCount + Self.growthMax
      {
        return true
      }
    }
    // Another proof is the second look, but for a page that is empty.
    guard !isProvingEnd else { return ids.isEmpty && nextStart < answer }
    let isEnd = nextStart + ids.count >= answer
    if isKeyed { return isEnd ? false : ids.isEmpty || (key != nil && !follow(ids)) }
    guard isOrdered, gapStart == nil, idlePages == 0 else { return false }
    guard !isEnd else { return total < count }
    if ids.isEmpty { return true }
    guard largestPage > 0 else { return false }
    return ids.count > 1 && !bringsNews(ids) || ids.count < min(largestPage, asked)
  }

  private func bringsNews(_ ids: [String?]) -> Bool {
    ids.contains { id in
      guard let id, let lastID else { return true }
      return lastID.precedes(id)
    }
  }

  /// Just what is left from this offset on, as the answer counts, and less than a page; and nothing
  /// beyond the last record taken, which may have gone meanwhile. Where one record was asked, or more
  /// never come, any other than that last one may be the first of a portal that does not mind `start`.
  private func showsEnd(_ ids: [String?], at start: Int, asked: Int) -> Bool {
    guard start + ids.count == count, !bringsNews(ids.filter { $0 != nil }) else { return false }
    return ids == [lastID] || (1..<max(1, min(largestPage, asked))).contains(ids.count)
  }

  private static let growthMax = 1000

  /// Takes the page that was asked at `nextStart`.
  ///
  /// - Parameters:
  ///   - ids: of the records of the page in order; nil for a record that does not say its id.
  ///   - count: the `count` of the same answer.
  ///   - asked: the rows asked, where they were fewer than the portal can serve.
  /// - Returns: the indices of the records that are new to this walk, in order.
  mutating func take(ids: [String?], count answer: Int, asked: Int = .max) -> [Int] {
    let start = nextStart
    if isKeyed, start == 0 { noteHoles(beforeKey: answer) }
    count = base + answer
    guard !limits.areExceeded(losing: highestCount - count, of: highestCount) else {
      hasCollapsed = true
      isFinished = true
      return []
    }
    highestCount = max(highestCount, count)
    lowestCount = min(lowestCount, count)

    if isOrdered && !Self.ascend(ids) {
      isOrdered = false
      isProvingEnd = false
      // The seams before may have hidden records: what is smaller than the last id was taken for old.
      if start > 0 || isKeyed {
        restart()
        return []
      }
    }
    guard isOrdered else { return takeUnordered(ids, at: start) }
    guard !isKeyed else { return takeAfterKey(ids, count: answer, asked: asked) }

    if isProvingEnd {
      isProvingEnd = false
      if ids.isEmpty, start < count {
        // Counted to the last, and not served there.
        if gaps.last?.end != count { gaps.append(Gap(start: start, end: count)) }
        isFinished = true
        return []
      }
      if showsEnd(ids, at: start, asked: asked) {
        isFinished = true
        return []
      }
      guard isSeamBroken(ids) || bringsNews(ids) else {
        // What stands at the last offset is not the last record: more has come in behind us, or
        // offsets mean nothing here.
        proveEnd()
        return []
      }
    }
    if start > 0, gapStart == nil, !isSeamBlind, isSeamBroken(ids) {
      brokenSeams += 1
      if ids.isEmpty && start < count { idlePages += 1 }
      nextStart = max(0, start - stride)
      stride *= 2
      shortfall = nil
      return []
    }
    stride = 1
    noteHoles(before: ids, at: start)
    let isInPlace = start == 0 || ids.first == lastID
    largestPage = max(largestPage, ids.count)
    if start + ids.count < count {
      smallestPage = min(smallestPage, ids.count)
      let missing = min(largestPage, asked) - ids.count
      shortfall = missing > 0 ? Shortfall(start: start, missing: missing) : nil
    }

    let fresh = freshIndices(of: ids)
    advance(
      from: start, by: ids.count, asked: asked, lastNamed: ids.lastIndex { $0 != nil } ?? 0,
      bringsNews: !fresh.isEmpty, isInPlace: isInPlace)
    return fresh
  }

  /// The records that are beyond the last one taken, which become taken. Further ones of its own
  /// id, behind the first of the page, are records of their own to the portal.
  private mutating func freshIndices(of ids: [String?]) -> [Int] {
    let seam = lastID
    let seamIndex = ids.firstIndex { $0 != nil && $0 == seam }
    let fresh = ids.indices.filter { index in
      guard let id = ids[index], let seam else { return true }
      return seam.precedes(id) || id == seam && index != seamIndex
    }
    if let last = fresh.last(where: { ids[$0] != nil }) { lastID = ids[last] }
    idlePages = fresh.isEmpty ? idlePages + 1 : 0
    taken += fresh.count
    nameless += fresh.count { ids[$0] == nil }
    return fresh
  }

  /// A page shorter than others, and the seam behind it further to the right than what was served
  /// explains: records lie between that are counted and not served.
  private mutating func noteHoles(before ids: [String?], at start: Int) {
    defer { shortfall = nil }
    guard let short = shortfall, let lastID, gapStart == nil,
      let place = ids.firstIndex(of: lastID), place > 0, place <= short.missing, bringsNews(ids)
    else { return }
    gaps.append(Gap(start: short.start, end: start + place, missing: place))
  }

  /// In a walk by key, a count that is smaller by no more than what the page before the key lacked:
  /// so many records lie before the key that are counted and not served. However many of a small
  /// catalogue those are: the page showed that they lack, which a catalogue that falls does not.
  private mutating func noteHoles(beforeKey answer: Int) {
    defer { shortfall = nil }
    let fallen = count - base - answer
    guard let short = shortfall, fallen > 0, fallen <= short.missing else { return }
    gaps.append(Gap(start: short.start, end: base + fallen, missing: fallen))
    base += fallen
  }

  /// In a walk by key each page begins behind the last record taken, wherever that lies by now.
  private mutating func takeAfterKey(_ ids: [String?], count answer: Int, asked: Int) -> [Int] {
    let start = nextStart
    guard key == nil || follow(ids) else {
      // The filter was not applied to this answer.
      giveUp()
      return []
    }
    largestPage = max(largestPage, ids.count)
    let before = lastID
    let fresh = freshIndices(of: ids)
    if !fresh.isEmpty, let from = gapStart {
      gaps.append(Gap(start: base + from, end: base + start))
      gapStart = nil
    }
    if start + ids.count >= answer {
      close(at: base + answer)
    } else if fresh.isEmpty {
      gapStart = gapStart ?? start
      nextStart = start + max(min(largestPage, asked), 1)
      if nextStart >= answer { close(at: base + answer) }
      // Nothing at all came by key either: that is no gap.
      if isFinished, taken == takenByOffset { giveUp() }
    } else if lastID == before {
      // Nothing here says its id; then only offsets lead on.
      nextStart = start + ids.count
    } else {
      // That the portal caps its pages is believed when a page has held more than one record.
      let cap = largestPage > 1 ? min(largestPage, asked) : asked
      let lacking = min(cap, answer - start) - ids.count
      shortfall = lacking > 0 ? Shortfall(start: base + start, missing: lacking) : nil
      setKey()
    }
    return fresh
  }

  private mutating func setKey() {
    key = lastID
    base = taken + missing
    nextStart = 0
  }

  private func follow(_ ids: [String?]) -> Bool {
    guard let key, let first = ids.compactMap(\.self).first else { return true }
    return key.precedes(first)
  }

  /// Goes on by key instead of by offset, behind the last record taken; from the beginning where
  /// the pages before did not all overlap.
  mutating func goOnByKey() {
    if missingSeams > 0 {
      restart()
      lastID = nil
      missingSeams = 0
    }
    gapStart = nil
    isSeamBlind = false
    isProvingEnd = false
    hasLostEnd = false
    idlePages = 0
    shortfall = nil
    isKeyed = true
    takenByOffset = taken
    isFinished = false
    // What is unserved behind the key is known by then; what lies ahead comes again.
    let reached = taken + missing
    gaps.removeAll { $0.end > reached }
    setKey()
  }

  /// Ends the walk: it does not come to what the portal counts.
  mutating func giveUp() {
    isProvingEnd = false
    hasLostEnd = true
    isFinished = true
  }

  /// Goes on behind the one record that the portal cannot serve.
  ///
  /// - Parameter answer: as the portal says now; nil when it does not say, and a page told before.
  mutating func stepOver(_ offset: Int, count answer: Int?) {
    let answer = answer ?? count - base
    count = base + answer
    highestCount = max(highestCount, count)
    lowestCount = min(lowestCount, count)
    gapStart = gapStart ?? offset
    nextStart = offset + 1
    shortfall = nil
    guard nextStart >= answer else { return }
    close(at: count, isShown: true)
    // The last offset cannot be served, so it cannot show the end either.
    if isProvingEnd { giveUp() }
  }

  /// Where the last record taken must still stand after a step over what cannot be served; nil
  /// where there is none to look for.
  var seamOfStep: Int? {
    guard let gapStart, gapStart > 0, lastID != nil else { return nil }
    return gapStart - 1
  }

  /// Reads on at the record behind the seam, which was read alone just now.
  mutating func passSeam() {
    nextStart += 1
    isSeamBlind = true
    missingSeams += 1
  }

  /// True for a page that shows the last record taken and nothing else.
  func isOnlySeam(_ ids: [String?]) -> Bool {
    guard let lastID, gapStart == nil else { return false }
    return ids == [lastID]
  }

  /// A seam that could not be looked at.
  mutating func loseSeam() { missingSeams += 1 }

  /// What should stand before `offset` does not: something was deleted behind us.
  mutating func breakSeam(at offset: Int) {
    brokenSeams += 1
    gapStart = nil
    isSeamBlind = false
    shortfall = nil
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
    from start: Int, by held: Int, asked: Int, lastNamed: Int, bringsNews: Bool, isInPlace: Bool
  ) {
    isSeamBlind = false
    if bringsNews, let from = gapStart {
      if start > from { gaps.append(Gap(start: from, end: start)) } else { missingSeams += 1 }
      gapStart = nil
    }
    if start + held >= count {
      close(at: count, isShown: bringsNews && isInPlace)
    } else if held == 1, asked == 1, bringsNews {
      // Read again as the seam of a larger page.
      nextStart = start
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
      if nextStart >= count { close(at: count, isShown: held == 0) }
    }
  }

  /// The end by offsets. Where what was taken and what is named as a gap do not make up the count, or
  /// the last page was not what should stand there, something has moved, or the portal does not serve
  /// what was asked: then the last offset must show the last record.
  private mutating func close(at end: Int, isShown: Bool = false) {
    if let from = gapStart, end - base > from {
      gaps.append(Gap(start: base + from, end: end))
    }
    gapStart = nil
    isFinished = true
    guard !isKeyed, isOrdered, lastID != nil, !isShown || taken + missing < count else { return }
    proveEnd()
  }

  private mutating func proveEnd() {
    proofs += 1
    guard proofs <= Self.proofsMax else { return giveUp() }
    isFinished = false
    isProvingEnd = true
    nextStart = max(0, count - 1)
  }

  private static let proofsMax = 10

  /// How many records lie in the gaps.
  private var missing: Int { gaps.reduce(0) { $0 + $1.missing } }

  private mutating func restart() {
    nextStart = 0
    taken = 0
    nameless = 0
    gaps = []
    gapStart = nil
    isSeamBlind = false
    shortfall = nil
    (isKeyed, key, base) = (false, nil, 0)
  }

  /// Without order there are no seams: read on, and let a census or the list of names judge.
  private mutating func takeUnordered(_ ids: [String?], at start: Int) -> [Int] {
    idlePages = ids.isEmpty ? idlePages + 1 : 0
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
