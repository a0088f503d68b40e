import CKANServer
import Foundation
import NIOCore

/// A file that stands beside the API: a value list as a static server publishes it, with the
/// headers by which a client finds out that it has not changed.
public struct PublishedList: Sendable, Equatable {
  /// JSON by rights; a test may put anything here.
  public var json: String
  /// Sends an `ETag` that follows from the content.
  public var hasETag = true
  /// Sent as `Last-Modified`, and answered with 304 when it comes back the same.
  public var lastModified: String?

  public init(_ json: String, hasETag: Bool = true, lastModified: String? = nil) {
    self.json = json
    self.hasETag = hasETag
    self.lastModified = lastModified
  }

  var etag: String? {
    guard hasETag else { return nil }
    // FNV-1a: enough to tell two versions of a file apart.
    let hash = json.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return "\"" + String(hash, radix: 16) + "\""
  }

  /// 200 with the content, or 304 when the request has it already. As RFC 9110 wants it, a tag
  /// decides alone where both came.
  func answer(to request: SamplePortal.Request) -> SamplePortal.Answer {
    let validators = [("ETag", etag), ("Last-Modified", lastModified)].compactMap { name, value in
      value.map { SamplePortal.Request.Item(name: name, value: $0) }
    }
    let isKnown =
      if let known = request.header("If-None-Match") {
        known == etag
      } else if let since = request.header("If-Modified-Since") {
        since == lastModified
      } else {
        false
      }
    guard !isKnown else {
      return SamplePortal.Answer(status: 304, headers: validators, body: ByteBuffer())
    }
    let type = SamplePortal.Request.Item(name: "Content-Type", value: "application/json")
    return SamplePortal.Answer(
      status: 200, headers: [type] + validators, body: ByteBuffer(string: json))
  }
}

extension SamplePortal {
  /// The folder of the value lists, `http://127.0.0.1:PORT/waardelijsten`.
  public var listsURL: String { "http://127.0.0.1:\(port)" + Catalogue.listsPath }
}

extension Catalogue {
  static let listsPath = "/waardelijsten"

  /// Where the list of communities stands: a service of the site, not a file.
  public static let communitiesPath = "/service/waardelijsten/donl_communities"

  /// A value list by the name of its file; what is put there is published from then on.
  public subscript(list file: String) -> PublishedList? {
    get { valueLists[Self.listsPath + "/" + file] }
    set { valueLists[Self.listsPath + "/" + file] = newValue }
  }

  /// Publishes every `.json` file of a folder under its own name, in place of all lists so far.
  ///
  /// - Throws: `CatalogueError.unreadable`.
  public mutating func publishLists(in folder: String) throws {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw CatalogueError.unreadable(folder)
    }
    valueLists = [:]
    for file in files where file.hasSuffix(".json") {
      let path = folder + "/" + file
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CatalogueError.unreadable(path)
      }
      self[list: file] = PublishedList(String(decoding: data, as: UTF8.self))
    }
  }
}
