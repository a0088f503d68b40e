import ArgumentParser
import DONLMirror

/// What every command takes that prints labels.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The language of labels: nl or en.", valueName: "language"))
  var lang = LabelLanguage.dutch
}

extension LabelLanguage: ExpressibleByArgument {}
