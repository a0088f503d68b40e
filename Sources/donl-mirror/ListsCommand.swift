import ArgumentParser
import DONLMirror
import Foundation
import Logging
import SamplePortal

struct ListsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lists",
    abstract: "The portal's value lists: read them now, or show what is on them.",
    discussion: """
      Example:
        donl-mirror lists show
        donl-mirror lists refresh Overheid:Frequency
      """,
    subcommands: [Refresh.self, Show.self])

  struct Refresh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "refresh",
      abstract: "Read the value lists now, due or not; one conditional request each.",
      discussion: """
        What cannot be read, is empty or has lost more than half of its entries does not replace \
        what is there. Exit 0 when all were read, otherwise 75 when another time may help, 76 when \
        something else than a value list came, 69 when the server refuses.

        Example:
          donl-mirror lists refresh
          donl-mirror lists refresh Overheid:Frequency DONL:License
          donl-mirror lists refresh --sample --sample-day 2
        """)

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("Names of lists (default: all).", valueName: "list"))
    var lists: [String] = []

    @Option(
      help: ArgumentHelp(
        "The portal whose lists they are (default: portal.url, else that of the database).",
        valueName: "url"))
    var portal: String?

    @Flag(help: "Take lists that are empty or far smaller than before.")
    var acceptShrinking = false

    @Flag(help: "The lists of the shipped sample portal, into ./sample.db unless told otherwise.")
    var sample = false

    @Option(
      help: ArgumentHelp(
        "With --sample: the sample as it is on day 1 or 2.", valueName: "day"))
    var sampleDay = 1

    @OptionGroup var lock: LockOptions

    func validate() throws {
      if sample && portal != nil {
        throw ValidationError("--sample brings its own portal; leave out --portal.")
      }
      guard Catalogue.sampleDays.contains(sampleDay) else {
        throw ValidationError("--sample-day is 1 or 2.")
      }
    }

    func run() async throws {
      let loaded = try common.load(["portal.url": portal], isSample: sample)
      let log = loaded.settings.log
      var job = ListsJob(
        settings: loaded.settings, logger: Logger(label: "donl-mirror") { _ in ConsoleLog(log) })
      job.names = lists
      job.acceptsShrinking = acceptShrinking
      job.patience = lock.waitLock
      job.environment = ProcessInfo.processInfo.environment
      let isSet = loaded.origin(of: "portal.url") != .builtIn
      let address = isSet ? loaded.settings.portal.url : nil
      let prepared = job
      let (isSample, day) = (sample, sampleDay)
      let outcomes = try await Interruption.cancelling { status in
        var job = prepared
        job.interruption = status
        guard isSample else { return try await job.run(of: address) }
        return try await SamplePortal.run(.sample(day: day)) { portal in
          job.source = "sample"
          job.settings.lists.url = portal.listsURL
          job.settings.portal.proxy = nil
          job.environment = [:]
          return try await job.run(of: portal.url)
        }
      }
      if common.json {
        try printJSON(outcomes)
      } else {
        Console.standardOutput.write(Self.text(outcomes))
      }
      throw ExitCode(outcomes.exitStatus.rawValue)
    }

    private static func text(_ outcomes: [ListOutcome]) -> String {
      let rows = outcomes.map { outcome in
        let changes = [
          (outcome.added, "added"), (outcome.removed, "removed"), (outcome.relabeled, "relabeled"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let note = outcome.reason ?? changes.joined(separator: ", ")
        return [outcome.list, "\(outcome.entries)", outcome.result.rawValue, note]
      }
      return TextTable(["list", "entries", "result", ""], rows).text
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Which value lists there are, or what is on one; and what is stale.",
      discussion: """
        Stale are display names of the portal that differ from the list's label of now.

        Example:
          donl-mirror lists show --db sample.db
          donl-mirror lists show Overheid:Frequency --db sample.db
          donl-mirror lists show --json | jq '.[] | select(.failed_at)'
        """)

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("The name of a list.", valueName: "list"))
    var list: String?

    func run() throws {
      let reader = try common.reader()
      guard let list else {
        let lists = try reader.lists()
        if common.json { return try printJSON(lists) }
        guard !lists.isEmpty else {
          return Console.standardError.write(
            "No value list was ever fetched: labels are NULL. See lists.url.\n")
        }
        return Console.standardOutput.write(Self.text(lists))
      }
      let detail = try reader.list(list)
      if common.json { return try printJSON(detail) }
      Console.standardOutput.write(Self.text(detail))
    }

    private static func text(_ lists: [ListOverview]) -> String {
      let rows = lists.map { list in
        [
          list.list, "\(list.entries)", "\(list.removed)", list.fetchedAt.map(seconds) ?? "never",
          list.checkedAt.map(seconds) ?? "never", "\(list.staleDisplayNames)",
          list.failureReason ?? "",
        ]
      }
      return TextTable(
        ["list", "entries", "removed", "fetched", "checked", "stale names", "failure"], rows
      ).text
    }

    private static func text(_ detail: ListDetail) -> String {
      let list = detail.overview
      var lines = [
        "\(list.list)  \(list.url)",
        "  \(list.entries) entries, \(list.removed) removed; fetched "
          + (list.fetchedAt.map(seconds) ?? "never") + ", checked "
          + (list.checkedAt.map(seconds) ?? "never"),
      ]
      if let failure = list.failure, let failedAt = list.failedAt {
        lines.append("  \(list.failureReason ?? "") at \(seconds(failedAt)): \(failure)")
      }
      for entry in detail.entries { lines += text(entry) }
      if !detail.staleDisplayNames.isEmpty { lines += ["", "Stale display names of the portal"] }
      lines += detail.staleDisplayNames.map { name in
        "  \(name.portalLabel)  is now  \(name.listLabel)  <\(name.uri)>  "
          + "in \(name.datasets) dataset\(name.datasets == 1 ? "" : "s")"
      }
      return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
    }

    private static func text(_ entry: ListDetail.Entry) -> [String] {
      let labels = [entry.labelNl, entry.labelEn == entry.labelNl ? nil : entry.labelEn]
        .compactMap(\.self).joined(separator: " / ")
      let removed = entry.removedAt.map { "  removed \(seconds($0))" } ?? ""
      var lines = ["", "  \(labels.isEmpty ? "(no label)" : labels)\(removed)", "    \(entry.uri)"]
      if let parent = entry.parent { lines.append("    below \(parent)") }
      lines += entry.earlier.map { label in
        "    since \(seconds(label.observedAt)) it was: "
          + [label.labelNl, label.labelEn == label.labelNl ? nil : label.labelEn]
          .compactMap(\.self).joined(separator: " / ")
      }
      return lines
    }

    /// A stamp to the second: `2026-11-24 07:48:30Z`.
    private static func seconds(_ stamp: String) -> String {
      stamp.prefix(10) + " " + stamp.dropFirst(11).prefix(8) + "Z"
    }
  }
}
