import ArgumentParser
import DONLMirror
import Foundation
import Logging
import SamplePortal

struct HarvestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "harvest",
    abstract: "Bring the mirror up to date: one run against the portal.",
    discussion: """
      The first run reads the whole catalogue; later ones what has moved. An interrupted run goes \
      on where it stopped. A summary line goes to stdout, log and progress to stderr.

      Example:
        donl-mirror harvest --sample
        donl-mirror harvest --portal https://data.overheid.nl/data --db register.db
        donl-mirror harvest --full --json | jq .updated
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "The portal: its site base or full …/api/3/action (default: portal.url).", valueName: "url"))
  var portal: String?

  @Flag(help: "Read the whole catalogue now.")
  var full = false

  @Option(help: ArgumentHelp("Records a page (default: portal.rows).", valueName: "n"))
  var rows: String?

  @Flag(
    help: "Harvest the shipped sample portal on loopback, into ./sample.db unless told otherwise.")
  var sample = false

  @Option(
    help: ArgumentHelp(
      "With --sample: the sample catalogue as it is on day 1 or 2.", valueName: "day"))
  var sampleDay = 1

  @Flag(help: "Say what would change; write nothing.")
  var dryRun = false

  @Flag(
    help: """
      Release the deletions that an earlier run listed as held: on new evidence, or, where \
      package_show is not offered, on your word, which the ledger notes.
      """)
  var acceptDeletions = false

  @Flag(help: "The same catalogue has moved to this address.")
  var rebind = false

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
    let flags = ["portal.url": portal, "portal.rows": rows]
    let loaded =
      dryRun
      ? try common.load(flags, isSample: sample)
      : try await common.loadForRun(flags, isSample: sample)
    let logger = ConsoleLog.logger(loaded.settings.log)
    let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
    let progress = ProgressReporter(logger: logger)
    defer { progress.finish() }
    var job = HarvestJob(settings: loaded.settings, logger: logger)
    job.configuration = loaded.file
    job.isFull = full
    job.isRebinding = rebind
    job.acceptsDeletions = acceptDeletions
    job.isRehearsal = dryRun
    job.patience = lock.waitLock
    job.environment = ProcessInfo.processInfo.environment
    job.report = {
      progress.show($0)
      manager.tell(.status($0.status))
    }

    let prepared = job
    let (isSample, day) = (sample, sampleDay)
    let summary = try await Interruption.cancelling { status in
      var job = prepared
      job.interruption = status
      guard isSample else { return try await TendedRun(job).run() }
      return try await SamplePortal.run(.sample(day: day)) { portal in
        job.sample(at: portal)
        return try await TendedRun(job).run()
      }
    }
    progress.finish()
    try tell(summary, logger)
    throw ExitCode(summary.exitStatus.rawValue)
  }

  /// Once on stdout and once in the log; where both are one file, only in the form of that file.
  private func tell(_ summary: RunSummary, _ logger: Logger) throws {
    let areOne = Console.standardOutput.file == Console.standardError.file
    summary.tell(logger, withLine: !areOne || ConsoleLog.isForMachines)
    if common.json {
      try printJSON(SummaryRow(summary, isRehearsal: dryRun), pretty: false)
    } else if !areOne || !ConsoleLog.isForMachines {
      Console.standardOutput.write((dryRun ? "would be: " : "") + summary.line + "\n")
    }
  }
}
