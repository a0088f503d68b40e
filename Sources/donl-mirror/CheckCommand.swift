import ArgumentParser
import DONLMirror
import Foundation
import Logging

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Whether the database is whole: SQLite's integrity, and our own invariants.",
    discussion: """
      Writes nothing; the search index is checked on a copy in the temporary folder. Exit 0 when \
      everything holds, 65 when something does not. With --portal it also compares ids and stamps \
      with the portal, and exits 3 when something differs that nothing explains.

      Example:
        donl-mirror check
        donl-mirror check --portal --db register.db
        donl-mirror check --json | jq '.checks[] | select(.problems > 0)'
      """)

  @OptionGroup var common: CommonOptions

  @Flag(
    help: """
      Compare with the portal too: at portal.url, or where it is not set, at the address that the \
      database says it mirrors.
      """)
  var portal = false

  func run() async throws {
    let loaded = try common.load()
    let mirror = try MirrorReader(path: loaded.settings.database.path)
    let checks = try mirror.check()
    if !common.json { Console.standardOutput.write(Self.text(checks)) }
    var comparison: PortalComparison?
    if portal {
      comparison = try await compare(mirror, loaded)
      if !common.json, let comparison { Console.standardOutput.write(Self.text(comparison)) }
    }
    if common.json {
      try printJSON(
        Verdict(database: mirror.path, checks: checks, portal: comparison), pretty: true)
    }
    guard checks.allSatisfy(\.isPassed) else {
      throw ExitCode(DONLMirror.ExitStatus.damagedDatabase.rawValue)
    }
    guard (comparison?.unexplained ?? 0) == 0 else {
      throw ExitCode(DONLMirror.ExitStatus.heldBack.rawValue)
    }
  }

  private func compare(
    _ mirror: MirrorReader, _ loaded: LoadedSettings
  ) async throws -> PortalComparison {
    var check = PortalCheck(
      settings: loaded.settings, logger: ConsoleLog.logger(loaded.settings.log))
    check.environment = ProcessInfo.processInfo.environment
    let prepared = check
    let isSet = loaded.origin(of: "portal.url") != .builtIn
    let address = isSet ? loaded.settings.portal.url : nil
    return try await Interruption.cancelling { _ in
      try await prepared.run(mirror, at: address)
    }
  }

  private struct Verdict: Encodable {
    var database: String
    var checks: [Check]
    var portal: PortalComparison?
  }

  private static func text(_ checks: [Check]) -> String {
    let width = checks.map(\.name.count).max() ?? 0
    var lines: [String] = []
    for check in checks {
      let name = check.name.padding(toLength: width, withPad: " ", startingAt: 0)
      guard !check.isPassed else {
        lines.append("ok    \(name)  \(check.promise)")
        continue
      }
      lines.append("FAIL  \(name)  \(check.problems) against: \(check.promise)")
      lines += check.examples.map { "      \($0)" }
      if check.problems > check.examples.count {
        lines.append("      … and \(check.problems - check.examples.count) more")
      }
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }

  private static func text(_ comparison: PortalComparison) -> String {
    var lines = [
      "portal \(comparison.source): \(comparison.there) there, \(comparison.here) here, "
        + "\(comparison.differences.count) different, \(comparison.unexplained) unexplained"
        + (comparison.comparesStamps ? "" : " (it lists names only; stamps were not compared)")
    ]
    lines += comparison.differences.map { difference in
      let kind = difference.kind.rawValue.replacing("_", with: " ")
      var line = "  \(kind)  \(difference.id)"
      if let name = difference.name, name != difference.id { line += " (\(name))" }
      if difference.kind == .otherStamp {
        line += "  \(difference.here ?? "-") here, \(difference.there ?? "-") there"
      }
      return line + (difference.explanation.map { "  explained: \($0)" } ?? "")
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }
}
