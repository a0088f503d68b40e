import CKANServer
import Foundation
import NIOCore

/// The datasets that a portal has, in memory and in index order: the order in which they were last
/// written, as Solr keeps them.
///
/// Every record is kept as the bytes it came in and is served so.
public struct Catalogue: Sendable {
  public typealias Record = PackageRecord

  /// A replaced record leaves a hole and moves to the end, so positions never shift.
  private var slots: [Record?] = []
  private var slotByID: [String: Int] = [:]

  /// Ids and names of what was deleted: `package_show` refuses them, it does not deny them.
  private var withdrawn: Set<String> = []

  /// What is published beside the API, by path.
  public var valueLists: [String: PublishedList] = [:]

  /// Ids that are counted and never served: Solr documents that lost their stored dataset.
  public var unserved: Set<String> = []

  /// Ids that search does not find, though `package_show` shows them: the index lags behind.
  public var hidden: Set<String> = []

  /// Ids that the index holds twice, as it does after a failed reindexing.
  public var doubled: Set<String> = []

  /// An empty catalogue.
  public init() {}

  /// A catalogue of the given records, each one JSON object with an `id`.
  ///
  /// - Throws: `CatalogueError.badLine`, counted from 1.
  public init(records: [String]) throws {
    for (index, record) in records.enumerated() {
      try put(ByteBuffer(string: record), line: index + 1)
    }
  }

  /// Reads a JSON Lines file, plain or gzip (told by its first bytes). Empty lines are skipped; of
  /// two records with one id the later counts.
  ///
  /// - Throws: `CatalogueError`.
  public init(contentsOf path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CatalogueError.unreadable(path)
    }
    var bytes = ByteBuffer(bytes: data)
    if data.starts(with: [0x1F, 0x8B]) {
      guard let inflated = Gzip.inflate(bytes) else { throw CatalogueError.badGzip(path) }
      bytes = inflated
    }
    try self.init(jsonLines: bytes)
  }

  init(jsonLines: ByteBuffer) throws {
    for (index, range) in Self.lines(jsonLines).enumerated() where !range.isEmpty {
      guard let line = jsonLines.getSlice(at: range.lowerBound, length: range.count) else {
        continue
      }
      try put(line, line: index + 1)
    }
  }

  /// The ranges of the lines, without their ends; a line of only a carriage return is empty.
  private static func lines(_ bytes: ByteBuffer) -> [Range<Int>] {
    bytes.withUnsafeReadableBytes { raw in
      var lines: [Range<Int>] = []
      var start = 0
      while start < raw.count, let base = raw.baseAddress {
        let found = memchr(base + start, 0x0A, raw.count - start)
        let end = found.map { UnsafeRawPointer($0) - base } ?? raw.count
        let trimmed = end > start && raw[end - 1] == 0x0D ? end - 1 : end
        lines.append(bytes.readerIndex + start..<bytes.readerIndex + trimmed)
        start = end + 1
      }
      return lines
    }
  }

  /// All records, in index order, also those that anonymous visitors do not see.
  public var records: [Record] { slots.compactMap(\.self) }

  /// How many records there are, also those that anonymous visitors do not see.
  public var count: Int { slotByID.count }

  /// The record with this id.
  public subscript(id: String) -> Record? { slotByID[id].flatMap { slots[$0] } }

  /// Inserts a record, or replaces the one with its id. Either way it is the newest in the index.
  ///
  /// - Throws: `CatalogueError.badLine` (line 1) if it is no JSON object with an `id`.
  public mutating func put(_ json: String) throws { try put(ByteBuffer(string: json), line: 1) }

  private mutating func put(_ bytes: ByteBuffer, line: Int) throws {
    guard let record = try? Record(bytes) else { throw CatalogueError.badLine(line) }
    put(record)
  }

  mutating func put(_ record: Record) {
    if let old = slotByID[record.id] { slots[old] = nil }
    slotByID[record.id] = slots.count
    slots.append(record)
    withdrawn.subtract([record.id, record.name])
    if slots.count > 2 * slotByID.count + 64 { closeHoles() }
  }

  private mutating func closeHoles() {
    slots = records
    slotByID = Dictionary(uniqueKeysWithValues: slots.enumerated().map { ($1?.id ?? "", $0) })
  }

  /// Deletes as `package_delete` does: gone from every list, and `package_show` answers 403.
  public mutating func delete(_ id: String) {
    guard let name = self[id]?.name else { return }
    purge(id)
    withdrawn.formUnion([id, name])
  }

  /// Removes every trace: `package_show` answers 404.
  public mutating func purge(_ id: String) {
    guard let slot = slotByID.removeValue(forKey: id), let record = slots[slot] else { return }
    slots[slot] = nil
    withdrawn.subtract([id, record.name])
  }

  /// The record with this id, else the one with this name; a listed one before others.
  func find(_ idOrName: String) -> Record? {
    if let record = self[idOrName] { return record }
    let named = records.filter { $0.name == idOrName }
    return named.first(where: \.isListed) ?? named.first
  }

  func isWithdrawn(_ idOrName: String) -> Bool { withdrawn.contains(idOrName) }
}

/// Why a file is no catalogue.
public enum CatalogueError: Error, Equatable, CustomStringConvertible {
  case unreadable(String)
  case badGzip(String)
  /// A line, counted from 1, that is no JSON object with an `id`.
  case badLine(Int)

  /// The file could not be read at all.
  public var isUnreadable: Bool { if case .unreadable = self { true } else { false } }

  public var description: String {
    switch self {
    case .unreadable(let path): "cannot read \(path): no such file, or no permission"
    case .badGzip(let path): "\(path) is damaged or cut short: not a complete gzip file"
    case .badLine(let line): "line \(line) is not a JSON object with an \"id\""
    }
  }
}
