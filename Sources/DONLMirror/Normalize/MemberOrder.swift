/// Puts the members of one object in the order of their keys, and forgets those sent again later.
struct MemberOrder {
  private struct Entry {
    /// The first eight bytes of the key, so that most comparisons are one of numbers.
    var prefix: UInt64
    var key: UInt32
  }

  /// Up to here insertion beats the general sort, and nearly every object is smaller.
  private static let insertionMax = 24

  private var entries: [Entry] = []

  /// Sorts the members of the object, which has just been read to its end.
  mutating func sort(membersOf object: Int, in nodes: [JSONNode], bytes: ByteView, pool: ByteView) {
    entries.removeAll(keepingCapacity: true)
    let keys = Keys(nodes: nodes, bytes: bytes, pool: pool)
    var key = object + 1
    while key < nodes.count {
      entries.append(Entry(prefix: keys.text(key).prefix, key: UInt32(truncatingIfNeeded: key)))
      key = Int(nodes[key + 1].next)
    }
    sort(by: keys)
    dropRepeated(keys)
  }

  func append(to members: inout [UInt32]) {
    for entry in entries { members.append(entry.key) }
  }

  private mutating func sort(by keys: Keys) {
    guard entries.count <= Self.insertionMax else {
      return entries.sort { keys.precedes($0, $1) }
    }
    for index in entries.indices.dropFirst() {
      let entry = entries[index]
      var place = index
      while place > 0, keys.precedes(entry, entries[place - 1]) {
        entries[place] = entries[place - 1]
        place -= 1
      }
      entries[place] = entry
    }
  }

  private mutating func dropRepeated(_ keys: Keys) {
    var kept = 0
    for index in entries.indices {
      let entry = entries[index]
      if kept > 0, entries[kept - 1].prefix == entry.prefix,
        !keys.text(Int(entries[kept - 1].key)).precedes(keys.text(Int(entry.key)))
      {
        kept -= 1
      }
      entries[kept] = entry
      kept += 1
    }
    entries.removeLast(entries.count - kept)
  }

  private struct Keys {
    let nodes: [JSONNode]
    let bytes: ByteView
    let pool: ByteView

    func text(_ key: Int) -> ByteView {
      let node = nodes[key]
      return node.isPooled ? pool[node.range] : bytes[node.range]
    }

    /// Of equal keys the one sent first comes first.
    func precedes(_ one: Entry, _ other: Entry) -> Bool {
      if one.prefix != other.prefix { return one.prefix < other.prefix }
      let (key, otherKey) = (text(Int(one.key)), text(Int(other.key)))
      if key.precedes(otherKey) { return true }
      return one.key < other.key && !otherKey.precedes(key)
    }
  }
}

extension ByteView {
  /// The first eight bytes as a number that sorts as they do; what is missing counts as zero.
  fileprivate var prefix: UInt64 {
    if count >= 8 { return word(at: 0).byteSwapped }
    var prefix: UInt64 = 0
    for index in 0..<count { prefix |= UInt64(self[index]) << (56 - 8 * UInt64(index)) }
    return prefix
  }
}
