/// Seeded chance (SplitMix64): the same seed throws the same dice on every machine.
struct Chance: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// The dice of one label of a history: whatever else is thrown or left out, these stay the same.
  init(_ seed: UInt64, _ label: String) { self.init(seed ^ Self.hash(label)) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0 ..< `bound`; 0 when there is none.
  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  mutating func happens(_ probability: Double) -> Bool {
    Double(next() >> 11) / Double(1 << 53) < probability
  }

  mutating func one<Element>(of elements: [Element], else other: Element) -> Element {
    elements.isEmpty ? other : elements[below(elements.count)]
  }

  /// One of these, each as often as its weight says.
  mutating func one<Element>(of weighted: [(weight: Int, element: Element)], else other: Element)
    -> Element
  {
    var left = below(weighted.reduce(0) { $0 + $1.weight })
    for (weight, element) in weighted {
      if left < weight { return element }
      left -= weight
    }
    return other
  }

  /// FNV-1a.
  static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
