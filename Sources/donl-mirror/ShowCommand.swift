import ArgumentParser
import DONLMirror

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "A dataset with its resources, labels and tags.",
    discussion: """
      Names of fields are those that search --field takes. A URI is shown by its label; --json has \
      both.

      --at shows it as it was, with the labels of then; --history tells what changed, the newest first. \
      Both also find what is deleted.

      Example:
        donl-mirror show alle-velden --db sample.db
        donl-mirror show alle-velden --db sample.db --lang en
        donl-mirror show riolering-enschede --db sample.db --at 2026-03-01
        donl-mirror show luchtkwaliteit-utrecht --db sample.db --history
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var labels: LabelOptions

  @Argument(help: ArgumentHelp("The name or id of a dataset.", valueName: "name-or-id"))
  var dataset: String

  @Option(
    help: ArgumentHelp(
      "As it was then: a day or moment in UTC, or a seq of the feed.", valueName: "time-or-seq"))
  var at: HistoryPoint?

  @Flag(help: "What changed, field by field, the newest first.")
  var history = false

  func validate() throws {
    guard at == nil || !history else {
      throw ValidationError("--at shows one state, --history all of them: give one of the two.")
    }
  }

  func run() throws {
    let mirror = try common.reader()
    guard !history else {
      let changes = try mirror.history(of: dataset)
      if common.json { return try printJSON(changes) }
      return Console.standardOutput.write(HistoryText.text(changes))
    }
    let detail =
      if let at {
        try mirror.dataset(dataset, at: at, in: labels.lang)
      } else {
        try mirror.dataset(dataset, in: labels.lang)
      }
    if common.json { return try printJSON(detail) }
    Console.standardOutput.write(Self.text(detail))
  }

  private static func text(_ detail: DatasetDetail) -> String {
    var lines = [detail["title"] ?? detail["name"] ?? detail["id"] ?? ""]
    if let notes = detail["notes"] { lines += [""] + paragraphs(notes).map { "  " + $0 } }
    lines.append("")
    // What has a URI stands with the URIs.
    let terms = detail.terms.filter { $0.resourcePosition == nil }
    let elsewhere = Set(["title", "notes"] + terms.map(\.field))
    for column in detail.columns where !elsewhere.contains(column.key) {
      lines += rows(column.key, column.value)
    }
    if !detail.tags.isEmpty { lines += rows("tags", detail.tags.joined(separator: ", ")) }
    if !terms.isEmpty { lines += ["", "URI-valued fields"] + rows(terms) }
    if !detail.extras.isEmpty { lines += ["", "Other fields"] }
    lines += detail.extras.flatMap { rows($0.key, $0.value) }
    for resource in detail.resources { lines += [""] + text(resource, of: detail) }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }

  private static func text(
    _ resource: DatasetDetail.Distribution, of detail: DatasetDetail
  ) -> [String] {
    let terms = detail.terms.filter { $0.resourcePosition == resource.position }
    let columns = [
      ("url", resource.url), ("format", resource.format), ("mimetype", resource.mimetype),
      ("last_modified", resource.lastModified),
    ]
    var lines = ["Resource \(resource.position)  \(resource.name ?? "(no name)")"]
    for case (let name, let value?) in columns where !terms.contains(where: { $0.field == name }) {
      lines += rows(name, value)
    }
    return lines + rows(terms)
  }

  /// A field's label and name once, then one line per value: by its label, if there is one.
  private static func rows(_ terms: [DatasetDetail.Term]) -> [String] {
    var last: String?
    return terms.flatMap { term in
      let name = term.fieldLabel.map { "\($0) (\(term.field))" } ?? term.field
      defer { last = term.field }
      return rows(term.field == last ? "" : name, term.label ?? term.portalLabel ?? term.value)
    }
  }

  private static func rows(_ name: String, _ value: String) -> [String] {
    let width = 40
    let values = paragraphs(value).map { String(repeating: " ", count: width) + "  " + $0 }
    let name = "  " + name
    guard name.count <= width, let first = values.first else { return [name] + values }
    return [name + first.dropFirst(name.count)] + values.dropFirst()
  }

  private static func paragraphs(_ text: String) -> [String] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }
}

extension HistoryPoint: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
