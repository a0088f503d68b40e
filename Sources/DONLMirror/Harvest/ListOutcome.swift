/// What became of one list.
public struct ListOutcome: Sendable, Equatable, Encodable {
  public enum Result: String, Sendable, Encodable {
    /// The same as we had.
    case unchanged
    case changed
    /// What we had is kept.
    case failed
  }

  public var list: String
  public var url: String
  public var result: Result
  /// How many entries are on it now.
  public var entries = 0
  /// New, or back.
  public var added = 0
  public var removed = 0
  /// Under another label, or elsewhere in the hierarchy.
  public var relabeled = 0
  /// Why it failed: a stable word, and one sentence.
  public var reason: String?
  public var message: String?
  /// What a command that failed for this alone answers.
  public var exitStatus = ExitStatus.done

  private enum CodingKeys: CodingKey {
    case list, url, result, entries, added, removed, relabeled, reason, message
  }

  init(_ list: ValueList, entries: Int, _ changes: ListChanges = ListChanges()) {
    self.list = list.name
    url = list.url
    result = changes.isEmpty ? .unchanged : .changed
    self.entries = entries
    added = changes.added
    removed = changes.removed
    relabeled = changes.relabeled
  }

  init(_ list: ValueList, entries: Int, _ failure: Failure) {
    self.list = list.name
    url = list.url
    result = .failed
    self.entries = entries
    reason = failure.reason
    message = failure.message
    exitStatus = failure.status
  }
}

extension [ListOutcome] {
  /// What a refresh answers: 75 while another one may help any of the lists.
  public var exitStatus: ExitStatus {
    let failed = filter { $0.result == .failed }.map(\.exitStatus)
    return [.temporary, .notCKAN, .refused].first(where: failed.contains) ?? .done
  }
}
