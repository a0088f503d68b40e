import ArgumentParser
import DONLMirror

/// What every command takes that needs the database for itself.
struct LockOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("How long to wait for another run to end, e.g. 10m.", valueName: "duration"),
    transform: { text in
      guard let duration = Duration(settingText: text) else {
        throw ValidationError("\(text) is no duration; 30s, 10m or 1h is one.")
      }
      return duration
    })
  var waitLock = Duration.zero
}
