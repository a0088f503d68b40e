import Foundation

extension Failure {
  /// What the `errno` of a failed system call means (CONTRACT, "Exit codes").
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
