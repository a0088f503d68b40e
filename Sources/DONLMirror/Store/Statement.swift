import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement on the C API of GRDB's own connection.
///
/// The write path binds some forty rows a dataset; through GRDB's statements that costs three
/// times as much. Used only inside the writer's transaction, on its queue.
final class Statement {
  private let connection: OpaquePointer
  private let handle: OpaquePointer
  let sql: String

  init(_ sql: String, on connection: OpaquePointer) throws {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle else {
      throw Self.error(code, on: connection, sql: sql)
    }
    self.connection = connection
    self.handle = handle
    self.sql = sql
  }

  deinit {
    sqlite3_finalize(handle)
    texts.deallocate()
  }

  /// The text that is bound, until the statement has run: SQLite would allocate for each.
  private let texts = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 1)
  private var textBytes = 0
  /// Something is bound that is read where it is.
  private var hasLent = false

  /// Makes the statement ready for the next run.
  private func reset() {
    sqlite3_reset(handle)
    guard hasLent else { return }
    // What was bound is no longer there.
    sqlite3_clear_bindings(handle)
    textBytes = 0
    hasLent = false
  }

  /// Binds the cells from parameter `first` on (parameters count from 1).
  @discardableResult
  func bind(_ cells: some Sequence<Cell>, from first: Int32 = 1) throws -> Statement {
    var index = first
    for cell in cells {
      try bind(cell, at: index)
      index += 1
    }
    return self
  }

  func bind(_ cell: Cell, at index: Int32) throws {
    switch cell {
    case .null: try check(sqlite3_bind_null(handle, index))
    case .integer(let value): try check(sqlite3_bind_int64(handle, index, value))
    case .text(let value): try bind(value, at: index)
    }
  }

  /// Binds a text without a copy: it must be there until the statement has run.
  func bind(lent text: ByteView, at index: Int32) throws {
    // An empty text may have no address; SQLite would take that for NULL.
    guard !text.isEmpty else {
      return try check(sqlite3_bind_text(handle, index, "", 0, transient))
    }
    hasLent = true
    try bind(text.buffer, at: index, nil)
  }

  func bind(lent cell: LentCell, at index: Int32) throws {
    switch cell {
    case .null: try check(sqlite3_bind_null(handle, index))
    case .integer(let value): try check(sqlite3_bind_int64(handle, index, value))
    case .text(let text): try bind(lent: text, at: index)
    }
  }

  func bind(_ text: String, at index: Int32) throws {
    var text = text
    try text.withUTF8 { bytes in
      try bindText(UnsafeRawBufferPointer(bytes), at: index)
    }
  }

  /// Binds bytes without a copy: they must be there until the statement has run.
  func bind(lentBlob bytes: ByteView, at index: Int32) throws {
    guard !bytes.isEmpty else { return try check(sqlite3_bind_zeroblob(handle, index, 0)) }
    hasLent = true
    try check(
      sqlite3_bind_blob64(handle, index, bytes.buffer.baseAddress, UInt64(bytes.count), nil))
  }

  private func bindText(_ buffer: UnsafeRawBufferPointer, at index: Int32) throws {
    // An empty Swift string may have no address; SQLite would take that for NULL.
    guard buffer.count > 0 else {
      return try check(sqlite3_bind_text(handle, index, "", 0, transient))
    }
    guard textBytes + buffer.count <= texts.count, let start = texts.baseAddress else {
      return try bind(buffer, at: index, transient)
    }
    let kept = UnsafeMutableRawBufferPointer(start: start + textBytes, count: buffer.count)
    kept.copyMemory(from: buffer)
    textBytes += buffer.count
    hasLent = true
    // nil: SQLite reads it where it is (SQLITE_STATIC).
    try bind(UnsafeRawBufferPointer(kept), at: index, nil)
  }

  private func bind(
    _ text: UnsafeRawBufferPointer, at index: Int32, _ lifetime: sqlite3_destructor_type?
  ) throws {
    try check(
      sqlite3_bind_text64(
        handle, index, text.baseAddress?.assumingMemoryBound(to: CChar.self),
        UInt64(text.count), lifetime, UInt8(SQLITE_UTF8)))
  }

  /// Runs a statement that returns no row, and makes it ready for the next.
  func run() throws {
    defer { reset() }
    let code = sqlite3_step(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW else {
      throw Self.error(sqlite3_extended_errcode(connection), on: connection, sql: sql)
    }
  }

  /// Steps through the rows; the closure reads columns of the present row.
  func eachRow(_ body: (Columns) throws -> Void) throws {
    defer { reset() }
    while true {
      let code = sqlite3_step(handle)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else {
        throw Self.error(sqlite3_extended_errcode(connection), on: connection, sql: sql)
      }
      try body(Columns(handle: handle))
    }
  }

  /// Whether the rows are just those that the closure tells, cell by cell, in that order.
  func hasJust(
    _ tell: (_ cell: (LentCell) throws -> Void, _ end: () throws -> Void) throws -> Void
  ) throws -> Bool {
    defer { reset() }
    let row = Columns(handle: handle)
    var column: Int32 = 0
    var isEqual = true
    var code = sqlite3_step(handle)
    try tell(
      { cell in
        isEqual = isEqual && code == SQLITE_ROW && row.equals(column, cell)
        column += 1
      },
      {
        column = 0
        if isEqual { code = sqlite3_step(handle) }
      })
    guard code == SQLITE_DONE || code == SQLITE_ROW else {
      throw Self.error(sqlite3_extended_errcode(connection), on: connection, sql: sql)
    }
    return isEqual && code == SQLITE_DONE
  }

  /// The first row, read by the closure; nil when there is none.
  func first<T>(_ body: (Columns) throws -> T) throws -> T? {
    defer { reset() }
    let code = sqlite3_step(handle)
    if code == SQLITE_DONE { return nil }
    guard code == SQLITE_ROW else {
      throw Self.error(sqlite3_extended_errcode(connection), on: connection, sql: sql)
    }
    return try body(Columns(handle: handle))
  }

  /// The columns of the present row, by their place from 0.
  struct Columns {
    fileprivate let handle: OpaquePointer

    func integer(_ index: Int32) -> Int64 { sqlite3_column_int64(handle, index) }

    func isNull(_ index: Int32) -> Bool { sqlite3_column_type(handle, index) == SQLITE_NULL }

    func text(_ index: Int32) -> String? {
      guard let bytes = sqlite3_column_text(handle, index) else { return nil }
      let count = Int(sqlite3_column_bytes(handle, index))
      return String(
        decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// A value where SQLite has it, until the next row.
    func lent(_ index: Int32) -> LentCell {
      switch sqlite3_column_type(handle, index) {
      case SQLITE_NULL: return .null
      case SQLITE_INTEGER: return .integer(integer(index))
      default:
        let bytes = sqlite3_column_text(handle, index)
        let count = Int(sqlite3_column_bytes(handle, index))
        return .text(ByteView(UnsafeRawBufferPointer(start: bytes, count: count)))
      }
    }

    func bytes(_ index: Int32) -> [UInt8] {
      guard let start = sqlite3_column_blob(handle, index) else { return [] }
      let count = Int(sqlite3_column_bytes(handle, index))
      return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func equals(_ index: Int32, _ other: some ContiguousBytes) -> Bool {
      // The length first: a text of another length is not read from its pages.
      let count = Int(sqlite3_column_bytes(handle, index))
      return other.withUnsafeBytes { other in
        guard count == other.count else { return false }
        guard count > 0, let start = sqlite3_column_blob(handle, index), let end = other.baseAddress
        else { return count == 0 }
        return memcmp(start, end, count) == 0
      }
    }

    func equals(_ index: Int32, _ cell: LentCell) -> Bool {
      let type = sqlite3_column_type(handle, index)
      return switch cell {
      case .null: type == SQLITE_NULL
      case .integer(let value): type == SQLITE_INTEGER && integer(index) == value
      case .text(let text): type == SQLITE_TEXT && equals(index, text.buffer)
      }
    }

    func cell(_ index: Int32) -> Cell {
      switch sqlite3_column_type(handle, index) {
      case SQLITE_NULL: .null
      case SQLITE_INTEGER: .integer(integer(index))
      default: Cell(text(index))
      }
    }

    func cells(from first: Int32 = 0) -> [Cell] {
      (first..<sqlite3_column_count(handle)).map(cell)
    }
  }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw Self.error(code, on: connection, sql: sql) }
  }

  private static func error(
    _ code: Int32, on connection: OpaquePointer, sql: String
  ) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)),
      sql: sql)
  }

  /// SQLITE_TRANSIENT: SQLite makes its own copy before the call returns.
  private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
