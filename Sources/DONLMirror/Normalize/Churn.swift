/// The keys that change without meaning, by where they stand (CONTRACT, `content_hash`).
enum Churn: UInt8 {
  case nothing = 0
  case record = 1
  case resource = 2
  /// An element of tags, groups or extras, or the organization.
  case part = 4

  func drops(_ key: ByteView) -> Bool {
    guard self != .nothing, let index = Self.table.index(of: key) else { return false }
    return Self.places[index] & rawValue != 0
  }

  private static let keys: [(String, [Churn])] = [
    ("created", [.resource]),
    ("id", [.resource, .part]),
    ("link_status_last_checked", [.resource]),
    ("metadata_modified", [.record, .resource]),
    ("package_id", [.resource, .part]),
    ("resource_group_id", [.resource]),
    ("revision_id", [.record, .resource, .part]),
    ("revision_timestamp", [.record, .resource, .part]),
    ("tracking_summary", [.record, .resource]),
  ]

  private static let table = KeyTable(keys.map(\.0))
  private static let places = keys.map { $0.1.reduce(0) { $0 | $1.rawValue } }
}
