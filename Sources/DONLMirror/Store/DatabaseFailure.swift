import GRDB

extension Failure {
  /// What an error of SQLite means for the operator of the database at `path`.
  init(_ error: DatabaseError, path: String) {
    let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL:
      self.init(
        .inputOutput, reason: "disk_full",
        "The disk that holds \(path) is full; make room and run again, nothing stored is lost.")
    case .SQLITE_IOERR:
      self.init(.inputOutput, reason: "io", "Reading or writing \(path) failed: \(detail).")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .damagedDatabase, reason: "damaged",
        "\(path) is damaged or no SQLite database (\(detail)); it was left as it is. "
          + "Move it away and harvest again, or restore a copy.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(
        .noPermission, reason: "permission",
        "\(path) cannot be written (\(detail)); check the owner and mode of the file and its folder."
      )
    case .SQLITE_CANTOPEN:
      self.init(.cannotCreate, reason: "cannot_open", "\(path) cannot be opened: \(detail).")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        .temporary, reason: "busy",
        "\(path) is locked by another program for too long (\(detail)); close it and run again.")
    default:
      self.init(.internalError, reason: "database", "\(path): \(detail) (\(error.resultCode)).")
    }
  }
}
