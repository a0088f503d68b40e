import Foundation

/// Follows the feed of a database: what came after a cursor, entry by entry, in the form asked.
public struct FeedReader: Sendable {
  /// The database, or the link of a published copy.
  public var path: String
  public var cursor: FeedCursor
  public var format: FeedFormat
  /// At most so many entries; nil: all there are.
  public var limit: Int?
  /// How often to look whether the file has changed, while there is nothing to tell.
  public var patience = Duration.seconds(1)

  public init(path: String, cursor: FeedCursor, format: FeedFormat = .ndjson, limit: Int? = nil) {
    self.path = path
    self.cursor = cursor
    self.format = format
    self.limit = limit
  }

  /// Writes the entries that there are.
  ///
  /// - Returns: the cursor after the last.
  /// - Throws: `Failure` 3 where they do not follow what the reader has.
  public func read(into sink: ExportSink) throws -> FeedCursor {
    sink.isJSON = true
    var left = limit ?? .max
    var cursor = cursor
    try read(MirrorReader(path: path), &cursor, &left, into: sink)
    try sink.flush()
    return cursor
  }

  /// Writes the entries that there are, and waits for more until the task is cancelled, or the limit is
  /// reached.
  public func follow(into sink: ExportSink) async throws {
    sink.isJSON = true
    var left = limit ?? .max
    var cursor = cursor
    var mirror = try MirrorReader(path: path)
    var file = FileIdentity(path)
    var version: Int?
    while true {
      if let identity = FileIdentity(path), identity != file {
        // A new copy was published under the same name.
        mirror = try MirrorReader(path: path)
        file = identity
        version = nil
      }
      // Shared memory tells whether anything was written; the disk is not asked.
      let now = try mirror.dataVersion()
      if now != version {
        version = now
        try read(mirror, &cursor, &left, into: sink)
        try sink.flush()
      }
      guard left > 0 else { return }
      try await Task.sleep(for: patience)
    }
  }

  private func read(
    _ mirror: MirrorReader, _ cursor: inout FeedCursor, _ left: inout Int, into sink: ExportSink
  ) throws {
    while left > 0 {
      let page = try mirror.feed(after: cursor, limit: min(Self.entriesMax, left))
      // From now on the epoch is known, also where the reader did not say.
      cursor.epoch = page.place.epoch
      for entry in page.entries {
        format.write(entry, of: page.place, into: sink.buffer)
        try sink.drain()
      }
      left -= page.entries.count
      guard let last = page.entries.last else { return }
      cursor.seq = last.seq
    }
  }

  private static let entriesMax = 200
}
