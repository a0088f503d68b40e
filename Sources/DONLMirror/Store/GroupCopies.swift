/// What records said last of organizations, or of groups.
struct GroupCopies {
  private var places = ByteTable()
  private var copies: [[UInt8]] = []
  private let bytes = ByteWriter(capacity: 512)

  /// Whether a record says otherwise than the one before it; from then on it does not.
  mutating func isNew(_ group: RecordGroup, _ texts: LentTexts) -> Bool {
    bytes.removeAll()
    for text in [
      group.name, group.title, group.description, group.imageURL, group.state, group.created,
    ] {
      // Neither is in any text.
      if let text { bytes.append(contentsOf: texts[text].buffer) } else { bytes.append(0xFF) }
      bytes.append(0)
    }
    guard let place = places.value(of: texts[group.id]) else {
      places.set(Int64(copies.count), of: texts[group.id])
      copies.append(Array(bytes.bytes))
      return true
    }
    let isNew = copies[Int(place)].withView { !$0.isEqual(to: bytes.view) }
    if isNew { copies[Int(place)] = Array(bytes.bytes) }
    return isNew
  }
}

/// CKAN keeps organizations and groups in one shape, and we in two tables.
enum GroupKind: Sendable {
  case organization, group
}
