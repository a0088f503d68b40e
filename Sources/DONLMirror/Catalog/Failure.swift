import Foundation

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

extension Failure {
  /// What the `errno` of a failed system call means (docs/contract.md, "Exit codes").
  ///
  /// - Parameter what: the beginning of a sentence that names the file: `/x/y cannot be made`.
  init(errno code: Int32, _ what: String) {
    let message = "\(what): \(String(cString: strerror(code)))."
    switch code {
    case ENOSPC, EDQUOT: self.init(.inputOutput, reason: "disk_full", message)
    case EIO: self.init(.inputOutput, reason: "io", message)
    case EACCES, EPERM, EROFS: self.init(.noPermission, reason: "permission", message)
    case ENOENT, ENOTDIR: self.init(.cannotCreate, reason: "no_folder", message)
    default: self.init(.cannotCreate, reason: "cannot_create", message)
    }
  }

  /// Throws what `errno` says unless the call answered with 0 or more.
  static func check(_ answer: Int32, _ what: @autoclosure () -> String) throws(Failure) {
    guard answer < 0 else { return }
    let code = errno
    throw Failure(errno: code, what())
  }
}

/// A number with what it counts, as people say it: `1 record`, `2 records`.
///
/// - Parameter noun: in the singular; its plural takes an s.
public func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
