/// How many records a page asks for: what the portal refuses, or cannot serve, because of its size
/// is asked in smaller pages, and the size that works is kept.
///
/// A page can fail for one of its records as well. So a size counts as too large only when all that
/// the failing page was to hold has come in smaller ones; until then pages grow back quickly.
struct PageSize: Sendable, Equatable {
  let asked: Int
  private(set) var rows: Int
  /// The smallest size that is known to be too large.
  private(set) var failed: Int?
  /// When that was learnt; nil in this run.
  private var failedAt: String?
  private var suspect: Suspect?
  private var goodPages = 0
  /// The size that worked before a larger one is tried; nil when none is.
  private var fallback: Int?

  private struct Suspect: Sendable, Equatable {
    var rows: Int
    var start: Int
  }

  /// Pages of one size before a larger one is tried.
  private static let patience = 8
  /// A page that is smaller, and needs no neighbor for its seam, never fails for its size.
  private static let smallestFailure = 4

  init(_ asked: Int, lesson: PageLesson? = nil) {
    self.asked = asked
    rows = asked
    guard let lesson, lesson.rows >= 1, lesson.failed <= asked else { return }
    rows = min(asked, lesson.rows)
    failed = lesson.failed
    failedAt = lesson.at
  }

  /// Whether a page of this size is on trial: it is not worth a retry, nor another beside it.
  var isReduced: Bool { suspect != nil && rows < asked || fallback != nil }

  mutating func fail(at start: Int) {
    goodPages = 0
    if suspect == nil { suspect = Suspect(rows: rows, start: start) }
  }

  /// Half, by way of 2 to 1; or what worked before.
  mutating func halve() {
    rows = fallback ?? (rows > 3 ? rows / 2 : max(1, rows - 1))
    fallback = nil
  }

  /// Behind a record that was stepped over: it was to blame, and not the size. Two, so that pages
  /// can overlap again.
  mutating func blameRecord() {
    suspect = nil
    fallback = nil
    rows = min(asked, 2)
  }

  /// - Parameter end: the offset behind the last record of a page that came; of the last page none.
  mutating func succeed(to end: Int) {
    if let suspect {
      guard end >= suspect.start + suspect.rows else { return }
      if suspect.rows >= Self.smallestFailure {
        failed = min(failed ?? .max, suspect.rows)
        failedAt = nil
      }
      self.suspect = nil
      goodPages = 0
      return
    }
    fallback = nil
    guard rows < asked else { return }
    goodPages += 1
    if let failed, failed > rows {
      // Half-way to what failed, after some pages, and not for the last quarter. Up to half of it
      // quickly: then a record was to blame.
      let isNear = rows > failed / 4
      let next = isNear ? (rows + failed) / 2 : rows * 2
      guard !isNear || goodPages >= Self.patience, next - rows > rows / 4 else { return }
      grow(to: next)
    } else {
      failed = nil
      grow(to: rows * 2)
    }
  }

  private mutating func grow(to next: Int) {
    goodPages = 0
    fallback = failed == nil ? nil : rows
    rows = min(asked, next)
  }

  /// What is worth remembering; nil when pages come as they are asked for.
  func lesson(at now: String) -> PageLesson? {
    failed.map { failed in
      PageLesson(
        rows: max(2, min(fallback ?? rows, failed - 1)), failed: failed, at: failedAt ?? now)
    }
  }
}
