import CKANServer
import Foundation
import NIOCore

/// The feed over HTTP.
struct SiteFeed: Sendable {
  private let responder: SiteResponder

  init(_ responder: SiteResponder) { self.responder = responder }

  private static let limitUsual = 500
  private static let limitMax = 1_000
  private static let waitMax = 60
  private static let patience = Duration.milliseconds(500)

  /// The entries after `since`, in the lines of `donl-mirror changes`: at most `limit`; with `wait`
  /// the answer waits so many seconds for the first. 410 where they do not follow what the reader has.
  func entries(_ request: CKANRequest) async throws -> SiteAnswer {
    let cursor = FeedCursor(
      seq: try number(request, "since", 0...Int.max) ?? 0, epoch: request["epoch"])
    let limit = min(try number(request, "limit", 1...Int.max) ?? Self.limitUsual, Self.limitMax)
    let wait = min(try number(request, "wait", 0...Int.max) ?? 0, Self.waitMax)
    guard let format = FeedFormat(rawValue: request["format"] ?? FeedFormat.ndjson.rawValue) else {
      throw Failure(
        .usage, reason: "usage",
        "format is one of \(FeedFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let end = ContinuousClock.now + .seconds(wait)
    while true {
      let answer = try await responder.onThread { [responder] in
        try responder.site.read { state -> SiteAnswer? in
          let page = try state.snapshot.feed(
            after: cursor, limit: limit, of: "this mirror")
          guard !page.entries.isEmpty || ContinuousClock.now >= end else { return nil }
          let out = ByteWriter(capacity: 1 << 16)
          for entry in page.entries { format.write(entry, of: page.place, into: out) }
          var answer = SiteAnswer(
            200, "application/x-ndjson; charset=utf-8", ByteBuffer(bytes: out.bytes))
          for header in state.description(at: responder.options.now()) {
            answer.set(header.name, header.value)
          }
          answer.set("Cache-Control", "no-cache")
          answer.set("X-Mirror-Next", "\(page.entries.last?.seq ?? cursor.seq)")
          return answer
        }
      }
      if let answer { return answer }
      try await Task.sleep(for: Self.patience)
    }
  }

  private func number(
    _ request: CKANRequest, _ name: String, _ range: ClosedRange<Int>
  ) throws -> Int? {
    guard let text = request[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Failure(
        .usage, reason: "usage", "\(name) is a whole number, at least \(range.lowerBound).")
    }
    return number
  }

  // MARK: Atom

  private static let entriesShown = 50

  /// The latest changes for a feed reader (RFC 4287); of one data owner or one theme where asked.
  func atom(_ request: CKANRequest, _ state: SiteState) throws -> SiteAnswer {
    let base = responder.options.base(for: request)
    let (owner, theme) = (request["owner"], request["theme"])
    var conditions: [String] = []
    var values: [Cell] = []
    if let owner {
      conditions.append("c.dataset_id IN (SELECT id FROM labeled_datasets WHERE owner = ?)")
      values.append(.text(owner))
    }
    if let theme {
      conditions.append("c.dataset_id IN (SELECT dataset_id FROM theme_datasets WHERE theme = ?)")
      values.append(.text(theme))
    }
    let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    var entries = ""
    var updated: String?
    try state.snapshot.eachRow(
      """
      SELECT c.seq, c.kind, c.dataset_id, c.name, c.recorded_at, c.changed_fields, d.title
      FROM changes c LEFT JOIN all_datasets d ON d.id = c.dataset_id
      \(filter) ORDER BY c.seq DESC LIMIT \(Self.entriesShown)
      """, values
    ) { row in
      updated = updated ?? row.text(4)
      let kind = row.text(1) ?? ""
      let id = row.text(2) ?? ""
      let title = row.text(6) ?? row.text(3) ?? id
      let fields = row.text(5).map { ": " + $0 } ?? ""
      entries += """
        <entry>
        <id>urn:donl-mirror:\(state.place.epoch.xmlEscaped):\(row.integer(0))</id>
        <title>\((Self.verbs[kind] ?? kind).xmlEscaped): \(title.xmlEscaped)</title>
        <updated>\((row.text(4) ?? "").xmlEscaped)</updated>
        <category term="\(kind.xmlEscaped)"/>
        <link rel="alternate" href="\(base.xmlEscaped)/dataset/\(id.percentEncoded)"/>
        <summary>\(((Self.verbs[kind] ?? kind) + fields).xmlEscaped)</summary>
        </entry>

        """
    }
    let query = request.query.isEmpty ? "" : "?" + request.query
    let about = [owner, theme].compactMap(\.self).joined(separator: ", ")
    let title = "Changes in \(state.place.source)" + (about.isEmpty ? "" : ": \(about)")
    let moment = updated ?? state.lastRunAt ?? "1970-01-01T00:00:00Z"
    let feed = """
      <?xml version="1.0" encoding="utf-8"?>
      <feed xmlns="http://www.w3.org/2005/Atom">
      <id>\(base.xmlEscaped)/changes.atom\(query.xmlEscaped)</id>
      <title>\(title.xmlEscaped)</title>
      <updated>\(moment.xmlEscaped)</updated>
      <author><name>donl-mirror</name></author>
      <link rel="self" href="\(base.xmlEscaped)/changes.atom\(query.xmlEscaped)"/>
      <link rel="alternate" href="\(base.xmlEscaped)/"/>
      \(entries)</feed>

      """
    return SiteAnswer(200, "application/atom+xml; charset=utf-8", ByteBuffer(string: feed))
  }

  private static let verbs = ["create": "New", "update": "Changed", "delete": "Deleted"]
}
