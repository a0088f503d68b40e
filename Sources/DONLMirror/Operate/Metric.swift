/// A metric in Prometheus' text format, version 0.0.4.
struct Metric: Sendable, Equatable {
  enum Kind: String, Sendable { case gauge, counter }

  struct Sample: Sendable, Equatable {
    var label: (name: String, value: String)?
    var value: Double

    static func == (left: Sample, right: Sample) -> Bool {
      left.value == right.value && left.label?.name == right.label?.name
        && left.label?.value == right.label?.value
    }
  }

  var name: String
  var kind: Kind
  var help: String
  var samples: [Sample]

  /// Its lines, each with its end.
  var text: String {
    let head = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    return samples.reduce(into: head) { text, sample in
      let label = sample.label.map { "{\($0.name)=\"\(Self.escape($0.value))\"}" } ?? ""
      text += "\(name)\(label) \(Self.written(sample.value))\n"
    }
  }

  private static func escape(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func written(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}
