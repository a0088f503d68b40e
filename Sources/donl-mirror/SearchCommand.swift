import ArgumentParser
import DONLMirror

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Full-text search in the mirror: all words, the last one also as a beginning.",
    discussion: """
      Searches name, title, notes, tags, organization and the names of resources. Accents do not \
      matter: coordinaten finds coördinaten.

      --field takes the names of the table fields, and tag. A URI can be given by its label; a \
      theme includes the themes below it.

      Example:
        donl-mirror search riolering utrecht --db sample.db
        donl-mirror search --field tag=verkeer --limit 5
        donl-mirror search --field theme=Verkeer --lang en
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var labels: LabelOptions

  @Argument(help: ArgumentHelp("The words.", valueName: "words"))
  var words: [String] = []

  @Option(help: ArgumentHelp("The maximum number of results.", valueName: "n"))
  var limit = 20

  @Option(
    help: ArgumentHelp(
      "Only where this field, or tag, has this value or label; may be repeated.",
      valueName: "field=value"))
  var field: [String] = []

  func validate() throws {
    guard !words.isEmpty || !field.isEmpty else {
      throw ValidationError("Give words to search for, or --field FIELD=VALUE.")
    }
    guard limit > 0 else { throw ValidationError("--limit is at least 1.") }
    guard field.allSatisfy({ $0.contains("=") }) else {
      throw ValidationError("--field takes FIELD=VALUE.")
    }
  }

  func run() throws {
    let fields = field.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (field: String(parts[0]), value: String(parts[1]))
    }
    let hits = try common.reader().search(
      words, fields: fields, limit: limit, in: labels.lang)
    if common.json { return try printJSON(hits) }
    for hit in hits {
      let text = [
        "\(hit.title ?? "(no title)")  —  \(hit.ownerLabel ?? hit.organization ?? "-")",
        "  \(hit.name ?? hit.id)",
        hit.snippet.isEmpty
          ? nil : "  " + hit.snippet.split(whereSeparator: \.isNewline).joined(separator: " "),
      ]
      Console.standardOutput.write(
        text.compactMap(\.self).map(\.escapedForTerminal).joined(separator: "\n") + "\n")
    }
    if hits.isEmpty { Console.standardError.write("Nothing found.\n") }
  }
}
