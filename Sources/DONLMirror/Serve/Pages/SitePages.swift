import CKANServer
import Foundation
import Mustache
import NIOCore

/// The pages for people: without scripts, in Dutch below `/` and in English below `/en`.
struct SitePages {
  let responder: SiteResponder
  let state: SiteState
  let request: CKANRequest
  let language: LabelLanguage
  /// What the paths of pages begin with.
  let root: String
  let texts: [String: String]
  private let path: [String]

  typealias Context = [String: Any]

  init(_ responder: SiteResponder, _ state: SiteState, _ request: CKANRequest, path: [String]) {
    self.responder = responder
    self.state = state
    self.request = request
    language = path.first == "en" ? .english : .dutch
    root = language == .english ? "/en" : ""
    texts = PageTexts.texts(language)
    self.path = language == .english ? Array(path.dropFirst()) : path
  }

  /// Everything comes from here, and nothing runs.
  private static let policy =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  /// - Parameter health: for the start page.
  func answer(_ health: Health?) throws -> SiteAnswer {
    switch (path.first, path.count) {
    case (nil, _): return try page("start", try title(), try start(health), at: "")
    case ("style.css", 1): return SiteAnswer(200, "text/css; charset=utf-8", Self.style)
    case ("search", 1):
      return try page("search", text("search_datasets"), try search(), at: "search")
    case ("dataset", 2):
      let dataset = try dataset(path[1])
      return try page("dataset", dataset["title"] as? String ?? path[1], dataset, at: nil)
    case ("owners", 1): return try page("owners", text("owners"), try owners(), at: "owners")
    case ("owner", 1):
      let owner = try owner()
      return try page("owner", owner["label"] as? String ?? "", owner, at: nil)
    case ("themes", 1): return try page("themes", text("themes"), try themes(), at: "themes")
    case ("lists", 1): return try page("lists", text("lists"), try lists(), at: "lists")
    case ("list", 2): return try page("list", path[1], try list(path[1]), at: nil)
    case ("runs", 1): return try page("runs", text("runs"), try runs(), at: "runs")
    default: return try missing()
    }
  }

  /// What is not there, as a page.
  func missing() throws -> SiteAnswer {
    var answer = try page("missing", text("not_found"), [:], at: nil)
    answer.status = 404
    return answer
  }

  func text(_ key: String) -> String { texts[key] ?? key }

  private func title() throws -> String {
    try state.snapshot.meta("portal_title") ?? state.place.source
  }

  // MARK: The frame

  private static let navigation = ["search", "owners", "themes", "lists", "runs"]

  private func page(
    _ name: String, _ title: String, _ content: Context, at place: String?
  ) throws -> SiteAnswer {
    var content = content
    content["t"] = texts
    content["root"] = root
    content["site"] = try self.title()
    let otherRoot = language == .dutch ? "/en" : ""
    let query = request.query.isEmpty ? "" : "?" + request.query
    let here = path.map(\.percentEncoded).joined(separator: "/")
    let navigation = Self.navigation.map { name -> Context in
      var item: Context = ["href": "\(root)/\(name)", "label": text(name)]
      if name == place { item["current"] = true }
      return item
    }
    var frame: Context = [
      "lang": language == .dutch ? "nl" : "en", "title": title, "site": try self.title(),
      "t": texts, "root": root, "other": "\(otherRoot)/\(here)\(query)", "nav": navigation,
      "source": state.place.source,
    ]
    frame["source_link"] = Self.link(state.place.source)
    frame["jsonld"] = content["jsonld"]
    if let moment = state.completeAsOf {
      frame["as_of"] = moment
      frame["as_of_text"] = Self.day(moment, withTime: true)
    }
    frame["body"] = try Self.library.get().render(content, withTemplate: name) ?? ""
    let html = try Self.library.get().render(frame, withTemplate: "layout") ?? ""
    var answer = SiteAnswer(200, "text/html; charset=utf-8", ByteBuffer(string: html))
    answer.set("Content-Security-Policy", Self.policy)
    answer.set("Referrer-Policy", "no-referrer")
    return answer
  }

  private static let style = ByteBuffer(bytes: PackageResources.style_css)

  /// What is compiled in compiles as templates, or no page can be made.
  private static let library: Result<MustacheLibrary, any Error> = Result {
    let sources: [(String, [UInt8])] = [
      ("layout", PackageResources.layout_mustache), ("start", PackageResources.start_mustache),
      ("search", PackageResources.search_mustache),
      ("dataset", PackageResources.dataset_mustache),
      ("owners", PackageResources.owners_mustache), ("owner", PackageResources.owner_mustache),
      ("themes", PackageResources.themes_mustache), ("lists", PackageResources.lists_mustache),
      ("list", PackageResources.list_mustache), ("runs", PackageResources.runs_mustache),
      ("missing", PackageResources.missing_mustache), ("theme", PackageResources.theme_mustache),
    ]
    var templates: [String: MustacheTemplate] = [:]
    for (name, source) in sources {
      templates[name] = try MustacheTemplate(string: String(decoding: source, as: UTF8.self))
    }
    return MustacheLibrary(templates: templates)
  }

  // MARK: What pages have in common

  /// A link that a page may offer: to the web, and to nothing else.
  static func link(_ url: String?) -> String? {
    guard let url, url.utf8.allSatisfy({ $0 > 0x20 }) else { return nil }
    let lower = url.lowercased()
    return lower.hasPrefix("http://") || lower.hasPrefix("https://") ? url : nil
  }

  /// `2026-11-30`, or with the time in UTC.
  static func day(_ stamp: String?, withTime: Bool = false) -> String {
    guard let stamp else { return "" }
    guard withTime, stamp.utf8.count >= 16 else { return String(stamp.prefix(10)) }
    return stamp.prefix(10) + " " + stamp.dropFirst(11).prefix(5) + " UTC"
  }

  func href(dataset name: String) -> String { "\(root)/dataset/\(name.percentEncoded)" }

  func href(owner: String) -> String { "\(root)/owner?uri=\(owner.percentEncoded)" }

  func number(_ number: Int) -> String {
    let digits = String(number)
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) {
        grouped += language == .dutch ? "." : ","
      }
      grouped.append(digit)
    }
    return grouped
  }

  func number(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return self.number(tenths / 10) + (language == .dutch ? "," : ".") + "\(abs(tenths % 10))"
  }

  /// The column of a label in the language of the page.
  var labelColumn: String { language.column }

  /// The labels of values of a field, by its value list.
  func labels(of values: [String], field: String) throws -> [String: String] {
    var labels: [String: String] = [:]
    try state.snapshot.eachRow(
      """
      SELECT t.value, coalesce(t.\(labelColumn), t.label_nl) FROM terms t
      WHERE t.value IN (SELECT value FROM json_each(?1))
        AND coalesce(t.\(labelColumn), t.label_nl) IS NOT NULL
      ORDER BY t.list IN (SELECT value_list FROM fields WHERE field = ?2)
      """, [.text(try jsonArray(values)), .text(field)]
    ) { row in
      if let value = row.text(0) { labels[value] = row.text(1) }
    }
    return labels
  }
}
