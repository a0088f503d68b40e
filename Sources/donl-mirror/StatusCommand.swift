import ArgumentParser
import DONLMirror
import Foundation

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

  func validate() throws {
    guard runs >= 0 else { throw ValidationError("--runs is at least 0.") }
  }

  func run() throws {
    let settings = try common.load().settings
    var status = try MirrorReader(path: settings.database.path)
      .status(
        runs: runs, fullEvery: settings.schedule.fullEvery,
        censusEvery: settings.schedule.censusEvery)
    status.publication = settings.publish.path.flatMap { try? Publication(at: $0) }
    if common.json { return try printJSON(status) }
    Console.standardOutput.write(Self.text(status))
  }

  private static func text(_ status: MirrorStatus) -> String {
    func due(_ moment: String?) -> String {
      guard let moment, moment > Date().ISO8601Format() else { return "with the next run" }
      return time(moment)
    }
    var lines = [
      "source          \(status.source ?? "-")",
      "database        \(status.database), \(size(status.databaseBytes)) and "
        + "\(size(status.walBytes)) of WAL",
      "published       " + (status.publication.map(Self.text) ?? "-"),
      "complete as of  \(status.completeAsOf.map(Self.time) ?? "never: no run has completed yet")",
      "checkpoint      \(status.checkpoint.map(Self.time) ?? "-")",
      "datasets        \(status.datasets) live, \(status.deletedDatasets) deleted",
      "resources       \(status.resources)",
      "changes         \(status.changes), last seq \(status.lastSeq)",
      "next full walk  \(due(status.nextFull))",
      "next census     \(due(status.nextCensus))",
    ]
    if let walk = status.unfinished {
      lines.append(
        "unfinished      a \(walk.mode) walk, at offset \(walk.nextStart) since "
          + "\(time(walk.movedAt)); the next run goes on there")
    }
    if status.unserved > 0 {
      lines.append("unserved        \(status.unserved) that the portal counts and does not serve")
      lines += status.unservedRecords.prefix(rowsShown).map { record in
        "  \(record.datasetID ?? "(no id)")  since \(time(record.firstNotedAt)): \(record.detail)"
      }
      if status.unservedRecords.count > rowsShown {
        lines.append(
          "  … and \(status.unservedRecords.count - rowsShown) more; see the view unserved_records")
      }
    }
    lines += Self.text(status.valueLists)
    lines.append("held deletions  \(status.held.count)")
    lines += Self.text(status.held)
    lines.append("quarantine      \(status.rejections.count)")
    for rejected in status.rejections {
      lines.append(
        "  \(rejected.datasetID ?? "(no id)")  \(rejected.reason): \(rejected.detail) "
          + "(seen \(counted(rejected.attempts, "time")), last \(time(rejected.lastSeen)))")
    }
    if !status.runs.isEmpty { lines.append("last runs") }
    for run in status.runs {
      lines.append("  \(run.id)  \(time(run.startedAt))  \(run.mode) \(run.outcome)  \(tally(run))")
      if let message = run.message { lines.append("      \(run.reason ?? "-"): \(message)") }
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }

  private static func text(_ lists: MirrorStatus.Lists) -> [String] {
    let state =
      lists.message
      ?? "\(lists.fetched) fetched, \(lists.entries) entries, checked "
      + (lists.checkedAt.map(time) ?? "never")
    return ["value lists     \(state)"]
      + lists.failed.map { failed in
        let kept = failed.fetchedAt.map { "that of \(time($0)) is kept" } ?? "there is none yet"
        return "  \(failed.list)  \(failed.reason) at \(time(failed.failedAt)), \(kept): "
          + failed.message
      }
  }

  /// The reason once, and below it the names that it holds for.
  private static func text(_ held: [MirrorStatus.Held]) -> [String] {
    let groups = Dictionary(grouping: held) { [$0.state, $0.detail] }
      .sorted { left, right in
        (left.key[0], right.value.count, left.key[1])
          < (right.key[0], left.value.count, right.key[1])
      }
    var lines: [String] = []
    var left = rowsShown
    for (reason, datasets) in groups where left > 0 {
      lines.append("  \(reason[0]), \(datasets.count): \(reason[1])")
      lines += datasets.prefix(left).map { dataset in
        "    \(dataset.name ?? dataset.id)  since \(time(dataset.firstNotedAt))"
      }
      left -= min(left, datasets.count)
    }
    if held.count > rowsShown {
      lines.append("  … and \(held.count - rowsShown) more; see the view held_deletions")
    }
    return lines
  }

  /// Of the held deletions and of the unserved records, how many are named; all are in their views.
  private static let rowsShown = 50

  private static func text(_ publication: Publication) -> String {
    "\(publication.path), \(publication.generation) of \(time(publication.publishedAt)), "
      + "complete as of \(publication.completeAsOf.map(time) ?? "-")"
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
  }

  /// The counters that counted.
  private static func tally(_ run: MirrorStatus.Run) -> String {
    let counters = [
      (run.created, "created"), (run.updated, "updated"), (run.touched, "touched"),
      (run.unchanged, "unchanged"), (run.deleted, "deleted"), (run.held, "held"),
      (run.rejected, "rejected"), (run.requests, "requests"),
    ]
    return counters.filter { $0.0 > 0 }
      .map { $0.1 == "requests" ? counted($0.0, "request") : "\($0.0) \($0.1)" }
      .joined(separator: ", ")
  }

  /// A stamp to the second: `2026-11-24 07:48:30Z`.
  private static func time(_ stamp: String) -> String {
    stamp.prefix(10) + " " + stamp.dropFirst(11).prefix(8) + "Z"
  }
}
