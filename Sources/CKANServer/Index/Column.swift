/// What every document holds under one field: each value once, with the documents that have it.
struct Column: Sendable {
  private(set) var values: [ByteOrdered] = []
  /// The slots that hold the value of the same place, in ascending order and each once.
  private(set) var postings: [[Int32]] = []
  private var places: [ByteOrdered: Int] = [:]

  /// - Parameter slot: not below one that was added before.
  mutating func add(_ value: ByteOrdered, at slot: Int) {
    guard let place = places[value] else {
      places[value] = values.count
      values.append(value)
      postings.append([Int32(slot)])
      return
    }
    if postings[place].last != Int32(slot) { postings[place].append(Int32(slot)) }
  }

  /// As `add`, at any slot.
  mutating func insert(_ value: ByteOrdered, at slot: Int) {
    guard let place = places[value], let last = postings[place].last, last > slot else {
      return add(value, at: slot)
    }
    let index = postings[place].firstIndex { $0 >= slot } ?? postings[place].endIndex
    if postings[place][index] != slot { postings[place].insert(Int32(slot), at: index) }
  }

  func slots(of value: ByteOrdered) -> [Int32] { places[value].map { postings[$0] } ?? [] }

  func slots(where isWanted: (ByteOrdered) -> Bool, capacity: Int) -> SlotSet {
    var slots = SlotSet(capacity: capacity)
    for (place, value) in values.enumerated() where isWanted(value) {
      for slot in postings[place] { slots.insert(Int(slot)) }
    }
    return slots
  }

  /// For each slot the rank of its first value among all; -1 where it has none.
  func ranks(count: Int) -> [Int32] {
    var ranks = Array(repeating: Int32(-1), count: count)
    let order = values.indices.sorted { values[$0] < values[$1] }
    for (rank, place) in order.enumerated().reversed() {
      for slot in postings[place] { ranks[Int(slot)] = Int32(rank) }
    }
    return ranks
  }
}
