/// How the mirror is, as monitoring plugins (Nagios, Icinga and their kin) say it.
public struct Health: Sendable, Encodable {
  /// The exit code of a plugin.
  public enum State: Int32, Sendable, Comparable {
    case ok = 0
    case warning, critical, unknown

    public static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }

    var word: String {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }
  }

  public struct Finding: Sendable, Encodable, Equatable {
    public var state: State
    public var message: String

    private enum CodingKeys: CodingKey { case state, message }

    public func encode(to encoder: any Encoder) throws {
      var finding = encoder.container(keyedBy: CodingKeys.self)
      try finding.encode(state.word.lowercased(), forKey: .state)
      try finding.encode(message, forKey: .message)
    }
  }

  /// The worst of the findings.
  public var state: State { findings.map(\.state).max() ?? .ok }
  public internal(set) var findings: [Finding] = []
  /// The file that was judged: the published copy, where one is configured.
  public internal(set) var file: String
  public internal(set) var completeAsOf: String?
  /// Since `completeAsOf`, in seconds.
  public internal(set) var age: Int?
  /// In seconds.
  public internal(set) var maxAge: Int
  public internal(set) var datasets: Int?
  public internal(set) var held: Int?
  public internal(set) var quarantined: Int?
  public internal(set) var walBytes: Int?

  init(file: String, maxAge: Int) {
    self.file = file
    self.maxAge = maxAge
  }

  mutating func find(_ state: State, _ message: String) {
    findings.append(Finding(state: state, message: message))
  }

  /// One line: the state, the findings (the worst first), and after a bar the figures.
  public var line: String {
    let worst = findings.sorted { $0.state > $1.state }.map(\.message)
    let good = "complete as of \(completeAsOf ?? "-"), \(counted(datasets ?? 0, "dataset"))"
    let words = worst.isEmpty ? [good] : worst
    // A bar would begin the figures.
    let text = words.joined(separator: "; ").replacing("|", with: "/").replacing("\n", with: " ")
    let figures = figures
    return "DONL-MIRROR \(state.word) - \(text)" + (figures.isEmpty ? "" : " | \(figures)")
  }

  /// `label=value[unit];warn;critical;min`, as the plugins' guidelines have it.
  private var figures: String {
    let figures = [
      age.map { "age=\($0)s;;\(maxAge);0" },
      datasets.map { "datasets=\($0);;;0" },
      held.map { "held=\($0);0;;0" },
      quarantined.map { "quarantined=\($0);0;;0" },
      walBytes.map { "wal=\($0)B;;;0" },
    ]
    return figures.compactMap(\.self).joined(separator: " ")
  }

  private enum CodingKeys: CodingKey {
    case state, exitCode, message, findings, file, completeAsOf, age, maxAge, datasets, held,
      quarantined
    case walBytes
  }

  public func encode(to encoder: any Encoder) throws {
    var health = encoder.container(keyedBy: CodingKeys.self)
    try health.encode(state.word.lowercased(), forKey: .state)
    try health.encode(state.rawValue, forKey: .exitCode)
    try health.encode(line, forKey: .message)
    try health.encode(findings, forKey: .findings)
    try health.encode(file, forKey: .file)
    try health.encode(completeAsOf, forKey: .completeAsOf)
    try health.encode(age, forKey: .age)
    try health.encode(maxAge, forKey: .maxAge)
    try health.encode(datasets, forKey: .datasets)
    try health.encode(held, forKey: .held)
    try health.encode(quarantined, forKey: .quarantined)
    try health.encode(walBytes, forKey: .walBytes)
  }
}
