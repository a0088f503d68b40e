/// A set of slots of an index, a bit for each.
package struct SlotSet: Sendable, Equatable {
  private var words: [UInt64]

  /// None of `capacity` slots.
  package init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }

  package mutating func insert(_ slot: Int) {
    let word = slot >> 6
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    words[word] |= 1 << UInt64(slot & 63)
  }

  package mutating func remove(_ slot: Int) {
    guard slot >> 6 < words.count else { return }
    words[slot >> 6] &= ~(1 << UInt64(slot & 63))
  }

  package func contains(_ slot: Int) -> Bool {
    slot >> 6 < words.count && words[slot >> 6] & (1 << UInt64(slot & 63)) != 0
  }

  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  package mutating func formUnion(_ other: SlotSet) {
    if other.words.count > words.count {
      words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
    }
    for index in other.words.indices { words[index] |= other.words[index] }
  }

  package mutating func formIntersection(_ other: SlotSet) {
    for index in words.indices {
      words[index] &= index < other.words.count ? other.words[index] : 0
    }
  }

  package mutating func subtract(_ other: SlotSet) {
    for index in words.indices.prefix(other.words.count) { words[index] &= ~other.words[index] }
  }

  package func eachSlot(_ body: (Int) throws -> Void) rethrows {
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        try body(index << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }
}
