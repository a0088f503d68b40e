import ArgumentParser
import DONLMirror
import Foundation
import Logging
import SamplePortal

struct DaemonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Harvest on the configured schedule until SIGTERM.",
    discussion: """
      The first run begins when it is due, schedule.every after the last one in the database. A \
      failed run is logged and the next one tried in its time. Under systemd it tells the service \
      manager how it stands, and feeds its watchdog.

      SIGTERM and SIGINT end it within ten seconds, a second one at once; SIGHUP reads the \
      configuration again, for the next run; SIGUSR1 logs a status line.

      Example:
        donl-mirror daemon --sample --every 10s
        donl-mirror daemon --config /etc/donl-mirror/config.yaml
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "The portal: its site base or full …/api/3/action (default: portal.url).", valueName: "url"))
  var portal: String?

  @Option(
    help: ArgumentHelp(
      "Time between two runs (default: schedule.every); to try it out, less than a minute too.",
      valueName: "duration"),
    transform: { text in
      guard let duration = Duration(settingText: text), duration >= .seconds(1) else {
        throw ValidationError("\(text) is no duration of at least a second; 30s, 10m or 1h is one.")
      }
      return duration
    })
  var every: Duration?

  @Flag(
    help: "Harvest the shipped sample portal on loopback, into ./sample.db unless told otherwise.")
  var sample = false

  func validate() throws {
    if sample && portal != nil {
      throw ValidationError("--sample brings its own portal; leave out --portal.")
    }
  }

  func run() async throws {
    let loaded = try await common.loadForRun(["portal.url": portal], isSample: sample)
    let state = DaemonState(loaded, every: every)
    let load: @Sendable () throws -> LoadedSettings = { try settings() }
    guard sample else { return try await Daemon(state: state, load: load).run() }
    try await SamplePortal.run(.sample(day: 1)) { portal in
      try await Daemon(state: state, load: load, sample: portal).run()
    }
  }

  private func settings() throws -> LoadedSettings {
    try common.load(["portal.url": portal], isSample: sample)
  }
}
