import Foundation

/// One value of a row. Text is valid UTF-8 without NUL; what could not be read is `.null`.
public enum Cell: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)

  /// The text, or nil when the cell holds none.
  public var text: String? {
    guard case .text(let value) = self else { return nil }
    return value
  }

  public init(_ text: String?) {
    self = text.map(Cell.text) ?? .null
  }

  init(_ integer: Int64?) {
    self = integer.map(Cell.integer) ?? .null
  }
}

extension Cell {
  /// Equal text is spelt equally: see `Spelling`.
  public static func == (one: Cell, other: Cell) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.integer(let one), .integer(let other)): one == other
    case (.text(let one), .text(let other)): Spelling(one) == Spelling(other)
    case (.null, _), (.integer, _), (.text, _): false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .integer(let value): hasher.combine(value)
    case .text(let value): hasher.combine(Spelling(value))
    }
  }
}

/// Text that is told apart by its bytes, as SQLite does: to Swift an `é` of one character and one
/// of two are equal, and one of two tags or a corrected title would be lost.
struct Spelling: Hashable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (one: Spelling, other: Spelling) -> Bool {
    guard one.text.utf8.count == other.text.utf8.count else { return false }
    let isEqual = one.text.utf8.withContiguousStorageIfAvailable { mine in
      other.text.utf8.withContiguousStorageIfAvailable { theirs -> Bool in
        guard let one = mine.baseAddress, let other = theirs.baseAddress else { return true }
        return memcmp(one, other, mine.count) == 0
      }
    }
    return (isEqual ?? nil) ?? one.text.utf8.elementsEqual(other.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
