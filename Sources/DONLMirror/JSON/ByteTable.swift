/// Remembers a number for each of so many texts: a hash table over their bytes, for which no string has
/// to be made.
struct ByteTable {
  private struct Slot {
    var hash: UInt64
    var start: Int
    var count: Int
    var value: Int64
  }

  /// Open addressing over a power of two, at most half full; a negative start is free.
  private var slots: [Slot]
  private var texts: [UInt8] = []
  private(set) var count = 0
  /// Portals choose the texts, not the slots.
  private let seed = UInt64.random(in: .min ... .max)

  private static let free = Slot(hash: 0, start: -1, count: 0, value: 0)

  init() { slots = Array(repeating: Self.free, count: 64) }

  mutating func removeAll() {
    slots = Array(repeating: Self.free, count: 64)
    texts.removeAll(keepingCapacity: true)
    count = 0
  }

  /// The number of a text, or nil.
  func value(of text: ByteView) -> Int64? {
    let hash = hash(of: text)
    let slot = slot(of: text, hash)
    return slots[slot].start < 0 ? nil : slots[slot].value
  }

  /// Remembers the number of a text, in place of the one that it had.
  mutating func set(_ value: Int64, of text: ByteView) {
    let hash = hash(of: text)
    let slot = slot(of: text, hash)
    guard slots[slot].start < 0 else {
      slots[slot].value = value
      return
    }
    slots[slot] = Slot(hash: hash, start: texts.count, count: text.count, value: value)
    texts.append(contentsOf: text.buffer)
    count += 1
    if count * 2 > slots.count { grow() }
  }

  /// The slot in which the text is, or would be.
  private func slot(of text: ByteView, _ hash: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot].start >= 0 {
      if slots[slot].hash == hash, holds(text, slots[slot]) { return slot }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func holds(_ text: ByteView, _ slot: Slot) -> Bool {
    slot.count == text.count
      && texts.withView { $0[slot.start..<(slot.start + slot.count)].isEqual(to: text) }
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Self.free, count: old.count * 2)
    for entry in old where entry.start >= 0 {
      var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
      while slots[slot].start >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }

  private func hash(of text: ByteView) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: text.count)
    var index = 0
    while index &+ 8 <= text.count {
      hash = Self.mix(hash ^ text.word(at: index))
      index &+= 8
    }
    if index < text.count {
      var rest: UInt64 = 0
      if text.count >= 8 {
        rest = text.word(at: text.count - 8)
      } else {
        for offset in index..<text.count { rest = rest << 8 | UInt64(text[offset]) }
      }
      hash = Self.mix(hash ^ rest)
    }
    return hash
  }

  /// The halves of the product of 128 bits, folded.
  private static func mix(_ word: UInt64) -> UInt64 {
    let product = word.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}

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
