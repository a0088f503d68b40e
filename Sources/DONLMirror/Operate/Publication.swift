import Foundation

/// The copy that is published now.
public struct Publication: Sendable, Encodable {
  /// The link that readers open.
  public var path: String
  /// The file behind it, which never changes.
  public var generation: String
  public var seq: Int
  public var epoch: String?
  public var completeAsOf: String?
  public var publishedAt: String
  public var bytes: Int
  /// False when the copy that was there is still what the mirror holds.
  public var isNew = false

  /// - Throws: `Failure` 66 when nothing is published there, and others when it cannot be opened.
  public init(at path: String) throws {
    self.path = path
    let edition = try Self.edition(at: path)
    seq = edition.seq
    epoch = edition.epoch
    completeAsOf = edition.completeAsOf
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    generation = file.lastPathComponent
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    publishedAt = Timestamp.text(attributes[.modificationDate] as? Date ?? .distantPast)
    bytes = attributes[.size] as? Int ?? 0
  }

  static func edition(at path: String) throws -> Edition {
    let reader = try MirrorReader(path: path)
    defer { reader.close() }
    return try reader.edition()
  }

  /// `published catalog-000000303.db as public/catalog.db`
  public var line: String {
    isNew
      ? "published \(generation) as \(path)"
      : "nothing changed: \(path) is \(generation)"
  }
}
