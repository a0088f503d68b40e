import ArgumentParser
import DONLMirror

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "A dataset with its resources, URIs and tags.",
    discussion: """
      Example:
        donl-mirror show alle-velden --db sample.db
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("The name or id of a dataset.", valueName: "name-or-id"))
  var dataset: String

  func run() throws {
    let detail = try common.reader().dataset(dataset)
    if common.json { return try printJSON(detail) }
    Console.standardOutput.write(Self.text(detail))
  }

  private static func text(_ detail: DatasetDetail) -> String {
    var lines = [detail["title"] ?? detail["name"] ?? "", ""]
    for column in detail.columns where column.key != "title" && column.key != "notes" {
      lines.append(pad(column.key) + column.value)
    }
    if !detail.tags.isEmpty { lines.append(pad("tags") + detail.tags.joined(separator: ", ")) }
    let own = detail.terms.filter { $0.resourcePosition == nil }
    if !own.isEmpty { lines += ["", "URI-valued fields"] }
    for term in own { lines.append("  " + pad(term.field) + name(of: term)) }
    if !detail.extras.isEmpty { lines += ["", "Other fields"] }
    for extra in detail.extras { lines.append("  " + pad(extra.key) + extra.value) }
    if !detail.resources.isEmpty { lines += ["", "Resources"] }
    for resource in detail.resources {
      lines.append("  \(resource.position)  \(resource.name ?? "(no name)")")
      for line in [resource.format, resource.url].compactMap(\.self) {
        lines.append("     \(line)")
      }
    }
    if let notes = detail["notes"] {
      lines +=
        [""] + notes.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }

  private static func name(of term: DatasetDetail.Term) -> String {
    guard let label = term.label ?? term.portalLabel else { return term.value }
    return "\(label)  <\(term.value)>"
  }

  private static func pad(_ text: String) -> String {
    text + String(repeating: " ", count: max(2, 24 - text.count))
  }
}
