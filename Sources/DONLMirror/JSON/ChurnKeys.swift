/// The keys that change without meaning, by where they stand (docs/contract.md, `content_hash`): those of CKAN,
/// and those that the operator of the mirror names for one portal.
struct ChurnKeys: Sendable {
  /// What an object is of.
  enum Place: UInt8 {
    case elsewhere = 0
    case record = 1
    case resource = 2
    /// An element of tags, groups or extras, or the organization.
    case part = 4
  }

  /// CKAN's.
  static let standard = ChurnKeys(besides: [])

  /// As `portal.churn-keys` names them, sorted.
  let own: [String]
  private let table: KeyTable
  private let places: [UInt8]
  /// Keys of extras as their `key` says.
  private let extras: KeyTable?

  /// - Parameter own: `KEY`, `resources.KEY` and `extras.KEY`.
  init(besides own: [String]) {
    self.own = Set(own).sorted()
    var places: [String: UInt8] = [:]
    for (key, at) in Self.ckan { places[key] = at.reduce(0) { $0 | $1.rawValue } }
    var extras: [String] = []
    for key in self.own {
      if let name = Self.rest(of: key, after: "extras.") {
        extras.append(name)
      } else if let name = Self.rest(of: key, after: "resources.") {
        places[name, default: 0] |= Place.resource.rawValue
      } else {
        places[key, default: 0] |= Place.record.rawValue
      }
    }
    let keys = places.keys.sorted()
    table = KeyTable(keys)
    self.places = keys.map { places[$0] ?? 0 }
    self.extras = extras.isEmpty ? nil : KeyTable(extras)
  }

  /// - Parameter version: as `meta.hash_version` has it.
  /// - Returns: nil when this program hashes by another rule.
  init?(version: String) {
    let parts = version.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0] == "\(ContentHash.version)" else { return nil }
    self.init(besides: parts.dropFirst().first?.split(separator: ",").map(String.init) ?? [])
  }

  /// Names the rule of the hashes (`meta.hash_version`): `1`, or `1+KEY,KEY`.
  var version: String {
    "\(ContentHash.version)" + (own.isEmpty ? "" : "+" + own.joined(separator: ","))
  }

  /// Whether an operator can name this key.
  static func isKey(_ key: String) -> Bool {
    let isPlain = key.unicodeScalars.allSatisfy {
      !$0.isUnsafeToShow && !$0.properties.isWhitespace && $0 != "," && $0 != "+"
    }
    return isPlain && (1...200).contains(key.utf8.count) && !reserved.contains(key)
  }

  /// By the first two a dataset is known; of the others only a part can churn.
  private static let reserved: Set = [
    "id", "name", "resources", "resources.", "extras", "extras.", "tags", "groups", "organization",
  ]

  func drops(_ key: ByteView, at place: Place) -> Bool {
    guard place != .elsewhere, let index = table.index(of: key) else { return false }
    return places[index] & place.rawValue != 0
  }

  var hasExtras: Bool { extras != nil }

  /// - Parameter key: the `key` of an extra.
  func dropsExtra(_ key: ByteView) -> Bool { extras?.index(of: key) != nil }

  private static func rest(of key: String, after prefix: String) -> String? {
    key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil
  }

  private static let ckan: [(String, [Place])] = [
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
}

extension ChurnKeys {
  /// - Parameter element: of `extras`, a pair of `key` and `value`.
  func dropsExtra(_ element: Int, of document: JSONDocument) -> Bool {
    guard document.kind(element) == .object else { return false }
    for key in document.keys(of: element) where document.key(key).equals("key") {
      let name = document.value(ofKey: key)
      guard document.kind(name) == .string else { continue }
      let text = Array(document.text(name).utf8)
      if text.withView({ dropsExtra($0) }) { return true }
    }
    return false
  }
}
