/// Reads numbers of a known width from ASCII text.
struct DigitScanner {
  let text: ByteView
  private var index = 0

  init(text: ByteView) { self.text = text }

  var isAtEnd: Bool { index == text.count }

  private var next: UInt8? { index < text.count ? text[index] : nil }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  mutating func skipSpace() { index = text.skippingSpace(from: index) }

  /// Skips space only when a digit follows it.
  mutating func skipSpaceBeforeDigit() -> Bool {
    let end = text.skippingSpace(from: index)
    guard end > index, end < text.count, text[end].isDigit else { return false }
    index = end
    return true
  }

  /// +1 or -1 when a sign is next.
  mutating func sign() -> Int? {
    if skip(0x2B) { return 1 }
    return skip(0x2D) ? -1 : nil
  }

  /// Exactly so many digits.
  mutating func number(digits: Int) -> Int? {
    guard index + digits <= text.count else { return nil }
    var number = 0
    for offset in 0..<digits {
      guard text[index + offset].isDigit else { return nil }
      number = number * 10 + Int(text[index + offset] - 0x30)
    }
    index += digits
    return number
  }

  /// One digit or more behind the point, cut or filled up to so many.
  mutating func fraction(digits: Int) -> Int? {
    var (number, read) = (0, 0)
    while let byte = next, byte.isDigit {
      if read < digits { number = number * 10 + Int(byte - 0x30) }
      read += 1
      index += 1
    }
    guard read > 0 else { return nil }
    for _ in 0..<max(digits - read, 0) { number *= 10 }
    return number
  }
}

/// Writes numbers of a fixed width into a buffer that is large enough for them.
struct DigitWriter {
  let buffer: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

  mutating func write(_ text: StaticString) {
    precondition(count + text.utf8CodeUnitCount <= buffer.count)
    for offset in 0..<text.utf8CodeUnitCount {
      buffer[count + offset] = text.utf8Start[offset]
    }
    count += text.utf8CodeUnitCount
  }

  mutating func write(_ before: StaticString, _ number: Int, _ digits: Int) {
    write(before)
    precondition(count + digits <= buffer.count)
    var rest = number
    for offset in (0..<digits).reversed() {
      buffer[count + offset] = UInt8(0x30 + rest % 10)
      rest /= 10
    }
    count += digits
  }
}
