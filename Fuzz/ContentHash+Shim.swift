/// Stands in for the SHA-256 of the library, so that fuzzing needs no package: 64 digits that
/// depend on the canonical form. Nothing here relies on their strength.
enum ContentHash {
  static let version = 1

  static func hash(of document: JSONDocument, by writer: inout CanonicalWriter) -> String {
    writer.restart()
    writer.write(document)
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in writer.output { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 64 - digits.utf8.count) + digits
  }
}
