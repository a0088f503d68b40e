import CKANServer

/// Numbers that look random and are the same on every run: SplitMix64, seeded by a name (FNV-1a).
struct Draw {
  private var state: UInt64

  init(_ name: String) {
    state = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  mutating func word() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 up to, not including, the limit.
  mutating func below(_ limit: Int) -> Int { Int(word() % UInt64(limit)) }
}

/// An id in the shape of a random UUID (RFC 9562, version 4), the same for the same name.
func uuid(_ name: String) -> String {
  var draw = Draw(name)
  let high = draw.word() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
  let low = draw.word() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  let digits = [high, low].map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
  let all = Array(digits.joined().utf8)
  return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    .map { String(decoding: all[$0], as: UTF8.self) }.joined(separator: "-")
}

/// `2015-04-11T03:06:17.034706` as Python's `isoformat` spells it: no fraction when it is zero.
func isoformat(microseconds: Int) -> String {
  let fraction = microseconds - floorDivide(microseconds, 1_000_000) * 1_000_000
  return SolrDate(milliseconds: floorDivide(microseconds, 1_000)).naiveSeconds
    + (fraction == 0 ? "" : "." + padded(fraction, 6))
}
