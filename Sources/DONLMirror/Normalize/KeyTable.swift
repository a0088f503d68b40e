/// A fixed set of keys that is asked with bytes and answers with numbers.
struct KeyTable: Sendable {
  private struct Entry {
    var first: UInt64
    var last: UInt64
    var bytes: [UInt8]
  }

  private var entries: [Entry] = []
  /// Open addressing over a power of two, at most half full; -1 is free.
  private var slots: [Int32]

  /// - Parameter keys: The keys, each once; a key is answered with its place here.
  init(_ keys: [String]) {
    var size = 16
    while size < keys.count * 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    for (number, key) in keys.enumerated() {
      let bytes = Array(key.utf8)
      let ends = bytes.withView(\.ends)
      entries.append(Entry(first: ends.first, last: ends.last, bytes: bytes))
      var slot = slot(of: ends, count: bytes.count)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
  }

  /// The place of the key among those given, or nil.
  func index(of key: ByteView) -> Int? {
    let ends = key.ends
    var slot = slot(of: ends, count: key.count)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if entries[number].first == ends.first, entries[number].last == ends.last,
        key.matches(entries[number].bytes)
      {
        return number
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func slot(of ends: (first: UInt64, last: UInt64), count: Int) -> Int {
    var hash = (ends.first ^ ends.last << 1 ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 32
    return Int(truncatingIfNeeded: hash) & (slots.count - 1)
  }
}

extension ByteView {
  /// The first and the last eight bytes; of a shorter key all it has, twice.
  fileprivate var ends: (first: UInt64, last: UInt64) {
    if count >= 8 { return (word(at: 0), word(at: count - 8)) }
    var word: UInt64 = 0
    for index in 0..<count { word = word << 8 | UInt64(self[index]) }
    return (word, word)
  }

  /// Whether the bytes between the first and the last eight are those of a key of equal ends.
  fileprivate func matches(_ key: [UInt8]) -> Bool {
    guard key.count == count else { return false }
    guard count > 16 else { return true }
    for index in 8..<(count - 8) where self[index] != key[index] { return false }
    return true
  }
}
