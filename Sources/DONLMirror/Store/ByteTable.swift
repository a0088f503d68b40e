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
