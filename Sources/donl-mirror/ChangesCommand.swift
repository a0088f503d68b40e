import ArgumentParser
import DONLMirror
import Foundation

struct ChangesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes",
    abstract: "The change feed: what happened to datasets, one JSON object a line.",
    discussion: """
      Keep the seq and the epoch of the last line that you have applied, in the same transaction as what \
      you made of it, and ask for what came after. Lines come in the order of seq and each at least once; \
      apply a line only when its seq is larger than the one you have of that dataset. Exit code 3 says \
      that the feed does not go on where you are: load everything anew (donl-mirror export).

      A line has the columns of the table changes, the epoch, and the record after the change (null on a \
      deletion). cloudevents and debezium wrap the same in their envelopes.

      Example:
        donl-mirror changes --since 0 --db sample.db
        donl-mirror changes --since 303 --epoch 6f1c… --follow
        donl-mirror changes --since 0 --limit 10 | jq -r '[.seq, .kind, .name] | @tsv'
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("What came after this entry; 0 is everything.", valueName: "seq"))
  var since = 0

  @Option(
    help: ArgumentHelp(
      "The epoch that the entry is of; another one ends with 3.", valueName: "epoch"))
  var epoch: String?

  @Option(help: ArgumentHelp("At most so many entries.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Wait for more, until interrupted.")
  var follow = false

  @Option(help: "The form of a line: ndjson, cloudevents or debezium.")
  var format = FeedFormat.ndjson

  func validate() throws {
    guard since >= 0 else { throw ValidationError("--since is 0 or more.") }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is at least 1.") }
  }

  func run() async throws {
    let feed = FeedReader(
      path: try common.load().settings.database.path,
      cursor: FeedCursor(seq: since, epoch: epoch), format: format, limit: limit)
    guard follow else {
      _ = try feed.read(into: ExportSink(stream: STDOUT_FILENO, name: "standard output"))
      return
    }
    try await Interruption.cancelling { status in
      do {
        try await feed.follow(into: ExportSink(stream: STDOUT_FILENO, name: "standard output"))
      } catch is CancellationError {
        throw ExitCode(status().rawValue)
      } catch let failure as Failure where failure.status == .interrupted {
        throw ExitCode(status().rawValue)
      }
    }
  }
}

extension FeedFormat: ExpressibleByArgument {}
