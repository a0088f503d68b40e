import SamplePortal
import Synchronization

@testable import DONLMirror

extension SamplePortal.Request {
  /// A page of a walk, unlike the opening questions, a census, and a search for ids.
  var isPage: Bool {
    action == "package_search" && self["sort"] == "id asc" && self["rows"] != "0"
      && self["fl"] == nil && self["fq"]?.hasPrefix("+id:") != true
  }
  /// A page of ids and stamps, unlike the opening.
  var isCensus: Bool { self["fl"] != nil && self["sort"] == "id asc" }
  var start: Int? { self["start"].flatMap { Int($0) } }
}

extension SamplePortal {
  /// The offsets of the pages that were asked, in the order of arrival.
  var pageStarts: [Int] { requests.filter(\.isPage).compactMap(\.start) }

  /// Lets `intervene` decide about each page of the walks from now on, counted from 1.
  func onPages(_ intervene: @escaping @Sendable (_ page: Int, Request) -> Intervention?) {
    let pages = Counter()
    intercept { request, _ in
      request.isPage ? intervene(pages.next(), request) : nil
    }
  }

  /// Changes the catalogue once, just before the given page is served.
  func beforePage(_ number: Int, _ change: @escaping @Sendable (inout Catalogue) -> Void) {
    onPages { page, _ in page == number ? .before(change) : nil }
  }

  /// Is down after so many pages, until `recover`. A page that fails for its content is another
  /// story: the portal answers smaller questions then.
  func failAfterPage(_ number: Int) {
    onPages { page, _ in page > number ? .respond(status: 503, body: "Service Unavailable") : nil
    }
  }

  func recover() { intercept(nil) }

  /// Changes what every search serves, as text, from now on.
  func rewriteSearches(_ change: @escaping @Sendable (inout String) -> Void) {
    intercept { request, _ in
      guard request.action == "package_search", request["rows"] != "0" else { return nil }
      return .rewrite { change(&$0.text) }
    }
  }

  /// Answers 500 wherever a record of these ids would be served, and lists them all the same.
  func poison(_ ids: [String]) {
    intercept { request, _ in
      guard request.action == "package_search", request["fl"] == nil else { return nil }
      return .rewrite { answer in
        guard ids.contains(where: { answer.text.contains(#""id": "\#($0)""#) }) else { return }
        answer.status = 500
        answer.text = "Internal Server Error"
      }
    }
  }
}

/// Counts from 1.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}

extension Mirror {
  /// The records of the live datasets, by id.
  func records() throws -> [String: String] {
    let pairs = try rows("SELECT dataset_id, json FROM records").map { row in
      (String.fromDatabaseValue(row[0]) ?? "", String.fromDatabaseValue(row[1]) ?? "")
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// The feed in a line each: `create 0003`.
  func feed(after seq: Int = 0) throws -> [String?] {
    try strings("SELECT kind || ' ' || dataset_id FROM changes WHERE seq > ? ORDER BY seq", [seq])
  }

  func lastChange() throws -> Int { try count("SELECT coalesce(max(seq), 0) FROM changes") }

  func meta(_ key: String) throws -> String? {
    try strings("SELECT value FROM meta WHERE key = ?", [key]).first ?? nil
  }
}

/// A portal with these datasets, an empty mirror of it, and one clock for both.
func story(
  _ entries: [Entry], _ tell: nonisolated(nonsending) (Mirror, SamplePortal) async throws -> Void
) async throws {
  let mirror = try Mirror()
  var settings = SamplePortal.Settings()
  settings.now = { mirror.now }
  try await SamplePortal.run(Catalogue(entries), settings: settings) { portal in
    try await tell(mirror, portal)
  }
}

extension HarvestJob {
  /// Records a page.
  var rows: Int {
    get { settings.portal.rows }
    set { settings.portal.rows = newValue }
  }
}
