import Foundation
import GRDB

extension MirrorReader {
  /// When the last run began, however it ended; nil when there was none.
  public func lastRun() throws -> Date? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT started_at FROM runs ORDER BY id DESC LIMIT 1")
    }.flatMap(Timestamp.date)
  }
}
