import ArgumentParser
import DONLMirror

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "The catalogue, or what changed in it, in the form of others.",
    discussion: """
      ndjson is a dataset a line; csv a folder with a file for each table; ntriples, turtle and jsonld are \
      DCAT-AP; postgres is a script for psql that loads all of it, or with --since brings it up to date, in \
      one transaction. A file appears when it is whole. The last line on stderr says after which seq of \
      which epoch the feed goes on.

      --since writes what changed after an entry of the feed and ends with 3 when the feed does not go on \
      there: then load everything anew. RDF has no word for what is deleted; ndjson and postgres do.

      Example:
        donl-mirror export ndjson --db sample.db | gzip > catalogue.ndjson.gz
        donl-mirror export csv --db sample.db --output tables
        donl-mirror export turtle --db sample.db --output catalogue.ttl
        donl-mirror export postgres --db sample.db | psql -X mydb
        donl-mirror export ndjson --db sample.db --at 2026-03-01
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "ndjson, csv, ntriples, turtle, jsonld or postgres.")
  var format: ExportFormat

  @Option(
    help: ArgumentHelp(
      "A file, or for csv a folder (default: standard output).", valueName: "path"))
  var output: String?

  @Option(help: ArgumentHelp("What changed after this entry of the feed.", valueName: "seq"))
  var since: Int?

  @Option(help: ArgumentHelp("The epoch that the entry is of.", valueName: "epoch"))
  var epoch: String?

  @Option(
    help: ArgumentHelp(
      "ndjson: the catalogue as it was then.", valueName: "time-or-seq"))
  var at: HistoryPoint?

  @Option(
    help: ArgumentHelp(
      "csv: this table only; may be repeated (default: all but records).", valueName: "name"))
  var table: [String] = []

  @Flag(help: "csv: for spreadsheets: a byte order mark, and a ' before what looks like a formula.")
  var spreadsheet = false

  @Option(
    help: ArgumentHelp("postgres: the schema (default: the portal's host).", valueName: "name"))
  var schema: String?

  @Option(
    help: ArgumentHelp(
      "ntriples, turtle, jsonld: what IRIs begin with (default: the portal's address).",
      valueName: "iri"))
  var base: String?

  func validate() throws {
    guard since ?? 0 >= 0 else { throw ValidationError("--since is 0 or more.") }
    guard since != nil || epoch == nil else { throw ValidationError("--epoch goes with --since.") }
  }

  func run() async throws {
    var export = Export(path: try common.load().settings.database.path, format: format)
    export.since = since.map { FeedCursor(seq: $0, epoch: epoch) }
    export.at = at
    export.output = output
    export.tables = table
    export.isForSpreadsheets = spreadsheet
    export.schema = schema
    export.base = base
    let console = Console.standardError
    export.report = { done, total in
      console.draw(
        format == .csv ? "table \(done + 1) of \(total)" : "\(done) of \(total) datasets")
    }
    defer { console.draw("") }
    let summary = try await Interruption.cancelling { [export] status in
      do {
        return try export.run()
      } catch let failure as Failure where failure.status == .interrupted {
        throw Failure(status(), reason: failure.reason, failure.message)
      }
    }
    console.draw("")
    console.write(
      "exported \(counted(summary.datasets, "dataset")) as \(format.rawValue), \(summary.bytes) bytes; the "
        + "feed goes on after seq \(summary.seq) of epoch \(summary.epoch)\n")
    if common.json, output != nil { try printJSON(summary, pretty: false) }
  }
}

extension ExportFormat: ExpressibleByArgument {}
