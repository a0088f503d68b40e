/// One thing that must hold in the database, and what does not hold of it.
public struct Check: Sendable, Equatable, Encodable {
  /// A stable word: `integrity`, `foreign_keys`, `feed` …
  public var name: String
  /// What holds when there are no problems, for a person.
  public var promise: String
  /// How many problems there are.
  public var problems = 0
  /// The first of them, a sentence each.
  public var examples: [String] = []

  public var isPassed: Bool { problems == 0 }

  /// Of the problems, how many are kept in words.
  static let examplesMax = 10

  init(_ name: String, _ promise: String) {
    self.name = name
    self.promise = promise
  }

  mutating func add(_ problem: String) {
    problems += 1
    if examples.count < Self.examplesMax { examples.append(problem) }
  }
}
