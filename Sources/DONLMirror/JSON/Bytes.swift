import Foundation

/// Bytes that belong to someone else; valid only while the owner's `withUnsafeBytes` lasts.
///
/// Every access is checked in release builds too: bad input can never read outside the bytes.
struct ByteView {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  var buffer: UnsafeRawBufferPointer { bytes }

  subscript(index: Int) -> UInt8 {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: bytes.count))
    return bytes[index]
  }

  subscript(range: Range<Int>) -> ByteView {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    return ByteView(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// The eight bytes from `index` on, the first in the lowest place.
  func word(at index: Int) -> UInt64 {
    precondition(index >= 0 && index &+ 8 <= bytes.count)
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  var hasByteOrderMark: Bool {
    count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF
  }

  var holdsNUL: Bool { bytes.contains(0) }

  /// Valid UTF-8 without NUL as text.
  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// Valid UTF-8 as text, U+0000 replaced by U+FFFD (docs/contract.md: text columns hold no NUL).
  var text: String {
    let text = String(decoding: bytes, as: UTF8.self)
    guard holdsNUL else { return text }
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}

extension ByteView {
  func equals(_ other: StaticString) -> Bool {
    guard other.utf8CodeUnitCount == count else { return false }
    let words = UnsafeRawBufferPointer(start: other.utf8Start, count: count)
    return bytes.elementsEqual(words)
  }

  func isEqual(to other: ByteView) -> Bool {
    guard count == other.count, let mine = bytes.baseAddress, let theirs = other.bytes.baseAddress
    else { return count == other.count }
    return memcmp(mine, theirs, count) == 0
  }

  /// The order of the bytes, a prefix before what it begins.
  func precedes(_ other: ByteView) -> Bool {
    let shared = min(count, other.count)
    var index = 0
    while index < shared {
      let (mine, theirs) = (self[index], other[index])
      if mine != theirs { return mine < theirs }
      index += 1
    }
    return count < other.count
  }

  /// The first index from `start` on that is no JSON space, or `count`.
  func skippingSpace(from start: Int) -> Int {
    var index = start
    while index < count {
      switch self[index] {
      case 0x20, 0x0A, 0x0D, 0x09: index += 1
      default: return index
      }
    }
    return index
  }

  /// The first index from `start` on that is a quote or a backslash, or `count`.
  func quoteOrBackslash(from start: Int) -> Int {
    var index = start
    while index &+ 8 <= count {
      let word = word(at: index)
      let found = Self.zeroBytes(word ^ Self.quotes) | Self.zeroBytes(word ^ Self.backslashes)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count, self[index] != .quote, self[index] != .backslash { index += 1 }
    return index
  }

  /// The first index from `start` on that is not plain text of a JSON string, or `count`: a quote,
  /// a backslash, a control character or a byte beyond ASCII.
  func endOfPlainText(from start: Int) -> Int {
    var index = start
    while index &+ 8 <= count {
      let word = word(at: index)
      let controls = (word &- Self.spaces) & ~word
      let found =
        Self.zeroBytes(word ^ Self.quotes) | Self.zeroBytes(word ^ Self.backslashes)
        | ((controls | word) & Self.highBits)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count {
      let byte = self[index]
      if byte == .quote || byte == .backslash || byte < 0x20 || byte >= 0x80 { return index }
      index += 1
    }
    return index
  }

  /// The first index from `start` on that is no printable character of ASCII, or `count`.
  func endOfPrintable(from start: Int) -> Int {
    var index = start
    while index &+ 8 <= count {
      let word = word(at: index)
      let controls = (word &- Self.spaces) & ~word
      let found = Self.zeroBytes(word ^ Self.deletes) | ((controls | word) & Self.highBits)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count, (0x20..<0x7F).contains(self[index]) { index += 1 }
    return index
  }

  /// The length of the well-formed UTF-8 sequence beyond ASCII at `index` (Unicode, table 3-7), or
  /// nil.
  func sequenceLength(at index: Int) -> Int? {
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch self[index] {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE, 0xEF: (3, 0x80...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0...0)
      }
    guard length > 0, index + length <= count, second.contains(self[index + 1]) else { return nil }
    for offset in 2..<max(length, 2) where self[index + offset] & 0xC0 != 0x80 { return nil }
    return length
  }

  // The lowest bit that is set stands for the first byte that matches; higher ones may be false positives.
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & highBits
  }

  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }
  private static var spaces: UInt64 { 0x2020_2020_2020_2020 }
  private static var deletes: UInt64 { 0x7F7F_7F7F_7F7F_7F7F }
  private static var quotes: UInt64 { 0x2222_2222_2222_2222 }
  private static var backslashes: UInt64 { 0x5C5C_5C5C_5C5C_5C5C }
}

extension UInt8 {
  static var quote: UInt8 { 0x22 }
  static var comma: UInt8 { 0x2C }
  static var colon: UInt8 { 0x3A }
  static var openBracket: UInt8 { 0x5B }
  static var backslash: UInt8 { 0x5C }
  static var closeBracket: UInt8 { 0x5D }
  static var openBrace: UInt8 { 0x7B }
  static var closeBrace: UInt8 { 0x7D }

  var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

/// Bytes of its own, or a run of those of a page.
protocol ByteHolder {
  /// Lends out the bytes.
  func withView<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result
}

extension [UInt8]: ByteHolder {
  func withView<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { (bytes) throws(Failure) -> Result in
      try body(ByteView(UnsafeRawBufferPointer(bytes)))
    }
  }
}

extension ArraySlice<UInt8>: ByteHolder {
  func withView<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { (bytes) throws(Failure) -> Result in
      try body(ByteView(UnsafeRawBufferPointer(bytes)))
    }
  }
}

extension String {
  /// Lends out the bytes.
  func withView<Result>(_ body: (ByteView) -> Result) -> Result {
    var text = self
    return text.withUTF8 { body(ByteView(UnsafeRawBufferPointer($0))) }
  }
}

/// Bytes that grow at their end: text of which a record has hundreds, written without the checks of an
/// array at each.
final class ByteWriter {
  private var storage: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(capacity: Int = 4096) {
    storage = .allocate(byteCount: max(capacity, 16), alignment: 1)
  }

  deinit { storage.deallocate() }

  /// What has been written; valid until something else is.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  var view: ByteView { ByteView(bytes) }

  func removeLast(_ bytes: Int) {
    precondition(bytes <= count)
    count -= bytes
  }

  func removeAll() { count = 0 }

  /// Forgets what was written, and gives back what one huge text has taken.
  func letGo() {
    count = 0
    guard storage.count > Self.keptBytes else { return }
    storage.deallocate()
    storage = .allocate(byteCount: 4096, alignment: 1)
  }

  private static let keptBytes = 1 << 20

  /// Makes room for so many bytes more.
  func reserve(_ bytes: Int) {
    guard count + bytes > storage.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count + bytes, 2 * storage.count), alignment: 1)
    larger.copyMemory(from: self.bytes)
    storage.deallocate()
    storage = larger
  }

  func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count += 1
  }

  func append(contentsOf bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    reserve(bytes.count)
    UnsafeMutableRawBufferPointer(rebasing: storage[count...]).baseAddress?
      .copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count
  }

  func append(_ text: StaticString) {
    append(
      contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

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

extension Sequence<UInt8> {
  /// Two digits a byte, lower case.
  var hex: String {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * underestimatedCount)
    for byte in self {
      for half in [byte >> 4, byte & 0x0F] { digits.append(half + (half < 10 ? 0x30 : 0x57)) }
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
