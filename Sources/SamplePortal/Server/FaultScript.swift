import CKANServer
import Foundation

extension SamplePortal {
  /// What goes wrong, and when: a list of rules, of which the first that fits decides.
  ///
  ///     {"rules": [{"when": {"action": "package_search", "every": 3},
  ///                 "fault": {"answers": {"status": 503, "headers": {"Retry-After": "7"}}}}]}
  public struct FaultScript: Sendable, Codable {
    public var rules: [Rule]

    public init(_ rules: [Rule] = []) { self.rules = rules }

    /// A script of one rule.
    public init(_ fault: Fault, when match: Match = Match()) {
      rules = [Rule(when: match, fault)]
    }

    /// Reads a script from a JSON file.
    ///
    /// - Throws: `CatalogueError.unreadable`; `DecodingError` if it is no script.
    public init(contentsOf path: String) throws {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CatalogueError.unreadable(path)
      }
      self = try JSONDecoder().decode(FaultScript.self, from: data)
    }

    public struct Rule: Sendable, Codable {
      public var when: Match
      public var fault: Fault

      public init(when match: Match = Match(), _ fault: Fault) {
        when = match
        self.fault = fault
      }

      public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        when = try members.decodeIfPresent(Match.self, forKey: .when) ?? Match()
        fault = try members.decode(Fault.self, forKey: .fault)
      }
    }
  }

  /// Which requests a rule is about: all conditions that are given must hold.
  public struct Match: Sendable, Codable {
    public var action: String?
    /// The path, or how it ends: `overheid_frequency.json`. Value lists have no action.
    public var path: String?
    /// The offset that is asked; a request without one asks for 0.
    public var start: Int?
    /// Parameters that the request has.
    public var has: [String]?
    /// Parameters that it does not have.
    public var lacks: [String]?

    // Of the requests that fit so far, counted from 1 since the script began:

    public var nth: Int?
    /// This one and all that follow.
    public var from: Int?
    public var every: Int?

    /// What a test wants beyond that; not in JSON.
    public var isMet: (@Sendable (Request) -> Bool)?

    private enum CodingKeys: String, CodingKey {
      case action, path, start, has, lacks, nth, from, every
    }

    public init(
      action: String? = nil, path: String? = nil, start: Int? = nil, has: [String]? = nil,
      lacks: [String]? = nil,
      nth: Int? = nil, from: Int? = nil, every: Int? = nil,
      isMet: (@Sendable (Request) -> Bool)? = nil
    ) {
      self.path = path
      (self.action, self.start, self.has, self.lacks) = (action, start, has, lacks)
      (self.nth, self.from, self.every, self.isMet) = (nth, from, every, isMet)
    }

    func concerns(_ request: Request) -> Bool {
      if let action, request.action != action { return false }
      if let path, !request.path.hasSuffix(path) { return false }
      if let start, Int(request["start"] ?? "0") != start { return false }
      if let has, !has.allSatisfy({ request[$0] != nil }) { return false }
      if let lacks, !lacks.allSatisfy({ request[$0] == nil }) { return false }
      return isMet?(request) ?? true
    }

    func isDue(at ordinal: Int) -> Bool {
      if let nth, ordinal != nth { return false }
      if let from, ordinal < from { return false }
      if let every, every < 1 || !ordinal.isMultiple(of: every) { return false }
      return true
    }
  }
}

/// A script that is being played: it knows how many requests concerned each rule.
struct RunningScript: Sendable {
  private let rules: [SamplePortal.FaultScript.Rule]
  private var concerned: [Int]

  init(_ script: SamplePortal.FaultScript) {
    rules = script.rules
    concerned = rules.map { _ in 0 }
  }

  mutating func fault(for request: SamplePortal.Request) -> SamplePortal.Fault? {
    var fault: SamplePortal.Fault?
    for (index, rule) in rules.enumerated() where rule.when.concerns(request) {
      concerned[index] += 1
      if fault == nil, rule.when.isDue(at: concerned[index]) { fault = rule.fault }
    }
    return fault
  }
}
