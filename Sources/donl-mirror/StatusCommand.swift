import ArgumentParser
import DONLMirror

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How far the mirror is: last runs, checkpoint, counts, quarantine, what is due.",
    discussion: """
      Example:
        donl-mirror status
        donl-mirror status --json | jq .complete_as_of
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("How many runs to show.", valueName: "n"))
  var runs = 5

  func run() throws {
    let settings = try common.load().settings
    let status = try MirrorReader(path: settings.database.path)
      .status(runs: runs, fullEvery: settings.schedule.fullEvery)
    if common.json { return try printJSON(status) }
    Console.standardOutput.write(Self.text(status))
  }

  private static func text(_ status: MirrorStatus) -> String {
    var lines = [
      "source          \(status.source ?? "-")",
      "database        \(status.database)",
      "complete as of  \(status.completeAsOf ?? "never: no run has completed yet")",
      "checkpoint      \(status.checkpoint ?? "-")",
      "datasets        \(status.datasets) live, \(status.deletedDatasets) deleted",
      "resources       \(status.resources)",
      "changes         \(status.changes), last seq \(status.lastSeq)",
      "next full walk  \(status.nextFull ?? "with the next run")",
      "quarantine      \(status.rejections.count)",
    ]
    if let walk = status.unfinished {
      lines.append(
        "unfinished      a \(walk.mode) walk at \(walk.nextStart), since \(walk.movedAt)")
    }
    for rejected in status.rejections {
      lines.append(
        "  \(rejected.datasetID ?? "(no id)")  \(rejected.reason): \(rejected.detail)"
          + "  (seen \(rejected.attempts) times, last \(rejected.lastSeen))")
    }
    lines.append("runs")
    for run in status.runs {
      lines.append(
        "  \(run.id)  \(run.startedAt)  \(run.mode) \(run.outcome)  created=\(run.created) "
          + "updated=\(run.updated) touched=\(run.touched) unchanged=\(run.unchanged) "
          + "deleted=\(run.deleted) rejected=\(run.rejected) requests=\(run.requests)")
      if let message = run.message { lines.append("      \(run.reason ?? "-"): \(message)") }
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }
}
