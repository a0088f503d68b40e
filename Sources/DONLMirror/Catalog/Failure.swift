/// What ends a run or a command: how the process answers, a stable word, and one sentence that
/// says what to do.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  public var status: ExitStatus
  public var reason: String
  public var message: String

  public init(_ status: ExitStatus, reason: String, _ message: String) {
    self.status = status
    self.reason = reason
    self.message = message
  }

  public var description: String { message }
}
