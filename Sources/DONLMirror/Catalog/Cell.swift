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
