import NIOCore
import SamplePortal

/// What goes wrong with one answer.
enum Mishap: Sendable, Equatable {
  // Failures: whoever reads the answer can see that it is none.

  case page(Int)
  case envelope(Int, String)
  /// A bare JSON string, as CKAN sends with some errors.
  case text(Int)
  case empty(Int)
  case wire(SamplePortal.Fault)
  case noCount
  case countInWords

  // Lies: the answer looks sound.

  case count(by: Int)
  case countIs(Int)
  case shuffled
  /// The previous answer to a search.
  case repeated
  /// The right count and no records.
  case noRows
  case dropsRow
  case doublesRow
  case ignoresStart
  case capsRows(Int)
  case ignoresFilter
  case ignoresFields
  /// The catalogue of so many moves ago.
  case stale(Int)

  static func random(_ chance: inout Chance, for request: SamplePortal.Request) -> Mishap {
    let isSearch = request.action == "package_search"
    return isSearch && chance.happens(0.5) ? lie(&chance) : failure(&chance, for: request)
  }

  private static func failure(_ chance: inout Chance, for request: SamplePortal.Request) -> Mishap {
    let statuses = [
      400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 429, 500, 501, 502, 503, 504,
    ]
    let status = chance.one(of: statuses, else: 503)
    // What CKAN itself says of a dataset is evidence, and evidence is never made up here.
    let types =
      request.action == "package_show"
      ? ["Validation Error", "Search Error", "Internal Server Error"]
      : [
        "Validation Error", "Search Error", "Search Query Error", "Internal Server Error",
        "Authorization Error", "Not Found Error",
      ]
    let type = chance.one(of: types, else: "Search Error")
    let after = chance.below(400)
    let wires: [SamplePortal.Fault] = [
      .hangsUp, .cut(after: after), .cutChunk(after: after), .cutWithoutLength(after: after),
      .resets(after: after), .plainCalledGzip, .cutGzip(dropping: 4), .notHTTP,
    ]
    let wire = chance.one(of: wires, else: .hangsUp)
    return chance.one(
      of: [
        (6, .page(status)), (5, .envelope(status, type)), (1, .text(status)),
        (1, .envelope(200, type)), (1, .empty(200)), (1, .page(200)), (1, .empty(204)),
        (5, .wire(wire)),
        (request.action == "package_search" ? 1 : 0, .noCount),
        (request.action == "package_search" ? 1 : 0, .countInWords),
      ], else: .page(503))
  }

  private static func lie(_ chance: inout Chance) -> Mishap {
    let far = chance.within(2...40)
    return chance.one(
      of: [
        (3, .count(by: 1)), (3, .count(by: -1)), (1, .count(by: far)), (1, .count(by: -far)),
        (1, .countIs(0)), (1, .countIs(1_000_000_000)), (1, .countIs(1_000_000_000_000_000)),
        (1, .countIs(.max)), (1, .countIs(-1)), (2, .shuffled), (2, .repeated), (2, .noRows),
        (3, .dropsRow), (2, .doublesRow), (2, .ignoresStart), (2, .capsRows(chance.within(1...3))),
        (2, .ignoresFilter), (1, .ignoresFields), (3, .stale(chance.within(1...4))),
      ], else: .shuffled)
  }

  /// Every byte of a body of this size arrives, and reads as JSON.
  func delivers(_ bytes: Int) -> Bool {
    switch self {
    case .wire(.cut(let after)), .wire(.cutWithoutLength(let after)), .wire(.resets(let after)),
      .wire(.cutChunk(let after)):
      after >= bytes
    case .wire: false
    default: true
    }
  }

  /// The lie may agree with itself: its count goes with its records.
  var isConsistent: Bool {
    switch self {
    case .repeated, .stale, .ignoresStart, .ignoresFilter: true
    default: false
    }
  }

  /// What it makes of a page.
  func rewrite(_ page: inout SearchPage, _ chance: inout Chance) {
    switch self {
    case .noCount: page.count = nil
    case .countInWords: page.count = #""many""#
    case .count(let difference):
      page.count = page.count.flatMap { Int($0) }.map { String($0 + difference) }
    case .countIs(let count): page.count = String(count)
    case .shuffled: page.rows.shuffle(using: &chance)
    case .noRows: page.rows = []
    case .dropsRow:
      if !page.rows.isEmpty { page.rows.remove(at: chance.below(page.rows.count)) }
    case .doublesRow:
      if !page.rows.isEmpty {
        let index = chance.below(page.rows.count)
        page.rows.insert(page.rows[index], at: index)
      }
    case .capsRows(let most): page.rows = Array(page.rows.prefix(most))
    default: break
    }
  }
  /// The answer looks sound.
  var isLie: Bool {
    switch self {
    case .page, .envelope, .text, .empty, .wire, .noCount, .countInWords: false
    default: true
    }
  }

  /// What comes in place of the true answer. What goes wrong on the wire is not in it.
  ///
  /// - Parameters:
  ///   - before: the answer to the search before.
  ///   - sound: the true answer to another question, or of so many moves ago.
  func answer(
    to request: SamplePortal.Request, _ truth: SamplePortal.Answer, _ chance: inout Chance,
    before: SamplePortal.Answer?, sound: (SamplePortal.Request, _ ago: Int?) -> SamplePortal.Answer
  ) -> SamplePortal.Answer {
    switch self {
    case .page(let status): return .page(status)
    case .envelope(let status, let type): return .envelope(status, type)
    case .text(let status): return .json(status, #""Bad request""#)
    case .empty(let status): return .json(status, "")
    case .wire: return truth
    case .repeated: return before ?? truth
    case .ignoresStart: return sound(request.with("start", nil), nil)
    case .ignoresFilter: return sound(request.with("fq", nil), nil)
    case .ignoresFields: return sound(request.with("fl", nil), nil)
    case .stale(let ago): return sound(request, ago)
    default:
      guard var page = SearchPage(truth) else { return truth }
      rewrite(&page, &chance)
      return page.answer
    }
  }
}
