import ArgumentParser
import DONLMirror
import Foundation

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "What is wrong with the records: by check, by data owner, and as a list to work off.",
    discussion: """
      Checks and points are those of the EU's metadata quality assessment (405 in all), and what the \
      portal's own lists and link checks tell. --owner takes a URI or a label and adds how it went over \
      time. --csv is the list of findings, --json the report.

      Example:
        donl-mirror report --db sample.db
        donl-mirror report --owner 'Gemeente Delft' --db sample.db
        donl-mirror report --csv --check dead_link > to-do.csv
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var labels: LabelOptions

  @Option(help: ArgumentHelp("Of this data owner only: a URI or a label.", valueName: "owner"))
  var owner: String?

  @Option(help: ArgumentHelp("With --csv: findings of this check only.", valueName: "name"))
  var check: String?

  @Flag(help: "Print each finding as a row of CSV.")
  var csv = false

  func validate() throws {
    guard check == nil || csv else { throw ValidationError("--check goes with --csv.") }
    guard !csv || !common.json else { throw ValidationError("Give --csv or --json.") }
  }

  func run() throws {
    if csv {
      var findings = FindingsExport(path: try common.load().settings.database.path)
      findings.owner = owner
      findings.check = check
      return try findings.write(into: ExportSink(stream: STDOUT_FILENO, name: "standard output"))
    }
    let report = try common.reader().quality(of: owner, in: labels.lang)
    if common.json { return try printJSON(report) }
    let out = Console.standardOutput
    out.write("\(counted(report.datasets, "dataset")), as of \(report.asOf ?? "-")\n\n")
    let checks = report.checks.map { check in
      [
        check.title, check.check, check.points == 0 ? "" : "\(check.points)", "\(check.datasets)",
        "\(check.findings)",
      ]
    }
    out.write(TextTable(["Check", "", "points", "datasets", "findings"], checks).text + "\n")
    let owners = report.owners.prefix(owner == nil ? Self.ownersMax : .max).map { owner in
      [
        owner.label ?? owner.owner ?? "(no owner)", "\(owner.datasets)",
        "\(Int(owner.points.rounded()))",
        owner.failing.prefix(3).map { "\($0.check) \($0.datasets)" }.joined(separator: ", "),
      ]
    }
    out.write(TextTable(["Data owner", "datasets", "points", "most often"], owners).text)
    if owners.count < report.owners.count {
      out.write(
        "and \(report.owners.count - owners.count) more with more points; --json has them all\n")
    }
    guard !report.trend.isEmpty else { return }
    let days = report.trend.map { [$0.day, "\($0.datasets)", "\(Int($0.points.rounded()))"] }
    out.write("\n" + TextTable(["From", "datasets", "points"], days).text)
  }

  private static let ownersMax = 25
}
