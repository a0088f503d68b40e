import CKANServer
import Foundation
import NIOCore
import NIOPosix

/// What can be fetched whole.
enum SiteFile: Hashable, Sendable {
  case database
  case turtle, ntriples, jsonld

  /// - Parameter name: the last part of the path: `catalog.ttl`.
  init?(rdf name: String) {
    switch name {
    case "catalog.ttl": self = .turtle
    case "catalog.nt": self = .ntriples
    case "catalog.jsonld": self = .jsonld
    default: return nil
    }
  }

  var type: String {
    switch self {
    case .database: "application/vnd.sqlite3"
    case .turtle: "text/turtle; charset=utf-8"
    case .ntriples: "application/n-triples; charset=utf-8"
    case .jsonld: "application/ld+json; charset=utf-8"
    }
  }

  var name: String {
    switch self {
    case .database: "catalog.db"
    case .turtle: "catalog.ttl"
    case .ntriples: "catalog.nt"
    case .jsonld: "catalog.jsonld"
    }
  }
}

/// A file of one state, with what is told of it.
struct ServedFile: Sendable {
  var file: OpenFile
  var kind: SiteFile
  /// A strong validator: with it the bytes are the same.
  var validator: String
  var description: [(name: String, value: String)]

  /// 304.
  var unchanged: SiteAnswer {
    var answer = SiteAnswer(304, "", ByteBuffer())
    answer.headers = description + [("ETag", validator)]
    return answer
  }

  /// All of it or the part that is asked for (RFC 9110, 14): one range; several are passed over.
  func answer(to request: CKANRequest) -> SiteAnswer {
    var answer = SiteAnswer(200, kind.type, ByteBuffer())
    answer.headers += description
    answer.set("ETag", validator)
    answer.set("Accept-Ranges", "bytes")
    answer.set("Content-Disposition", "attachment; filename=\"\(kind.name)\"")
    answer.body = .file(file, 0..<file.size)
    guard let asked = request.header("Range"),
      request.header("If-Range").map({ $0 == validator }) ?? true,
      let range = Self.range(asked, of: file.size)
    else { return answer }
    guard !range.isEmpty else {
      var refusal = SiteAnswer.problem(416, "range", "The file has \(file.size) bytes.")
      refusal.set("Content-Range", "bytes */\(file.size)")
      return refusal
    }
    answer.status = 206
    answer.set(
      "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)")
    answer.body = .file(file, range)
    return answer
  }

  /// - Returns: nil where the header is to be passed over; empty where the file has no such part.
  static func range(_ header: String, of size: Int) -> Range<Int>? {
    guard header.hasPrefix("bytes="), !header.contains(",") else { return nil }
    let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
      .map { $0.filter { $0 != " " } }
    guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy(\.isASCII) && $0.count < 19 }) else {
      return nil
    }
    switch (Int(ends[0]), Int(ends[1])) {
    case (let first?, let last?):
      guard first <= last else { return nil }
      return first < size ? first..<min(last + 1, size) : 0..<0
    case (let first?, nil) where ends[1].isEmpty: return first < size ? first..<size : 0..<0
    case (nil, let length?) where ends[0].isEmpty:
      return length > 0 ? max(0, size - length)..<size : 0..<0
    default: return nil
    }
  }
}

/// The files of a site. What has to be made is made once for each state, and kept as an open file
/// without a name.
actor SiteFiles {
  private let site: MirrorSite
  private let threads: NIOThreadPool
  private let slowThreads: NIOThreadPool
  private var made: [SiteFile: (tag: String, task: Task<ServedFile, any Error>)] = [:]
  /// What is made here need not be made alike by the next process.
  private let origin = String(UInt32.random(in: 0 ... .max), radix: 36)

  private let now: @Sendable () -> Date

  init(
    site: MirrorSite, threads: NIOThreadPool, slowThreads: NIOThreadPool,
    now: @escaping @Sendable () -> Date
  ) {
    self.site = site
    self.threads = threads
    self.slowThreads = slowThreads
    self.now = now
  }

  func open(_ kind: SiteFile) async throws -> ServedFile {
    let (site, threads, origin, now) = (site, threads, origin, now())
    let (tag, isWritten) = try await threads.runIfActive {
      try site.read { ($0.tag, try $0.isWritten()) }
    }
    if kind == .database, !isWritten {
      return try await threads.runIfActive { try Self.published(site, now) }
    }
    if let known = made[kind], known.tag == tag { return try await known.task.value }
    let task = Task { [slowThreads] in
      try await slowThreads.runIfActive { try Self.make(kind, of: site, origin, now) }
    }
    made[kind] = (tag, task)
    do {
      return try await task.value
    } catch {
      made[kind] = nil
      throw error
    }
  }

  /// A published copy never changes: it is served as it is.
  private static func published(_ site: MirrorSite, _ now: Date) throws -> ServedFile {
    // The name may move on between the two.
    for _ in 0..<3 {
      let before = FileIdentity(site.path)
      let file = try OpenFile(path: site.path)
      let served = try site.read { state in
        ServedFile(
          file: file, kind: .database, validator: "\"\(state.tag)\"",
          description: state.description(at: now))
      }
      if FileIdentity(site.path) == before { return served }
    }
    throw Failure(
      .temporary, reason: "busy", "Copies are published faster than they can be opened.")
  }

  private static func make(
    _ kind: SiteFile, of site: MirrorSite, _ origin: String, _ now: Date
  ) throws -> ServedFile {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "donl-mirror-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: kind.name).path
    let (tag, description) = try site.read { state in
      (state.tag, state.description(at: now))
    }
    if kind == .database {
      let reader = try MirrorReader(path: site.path)
      defer { reader.close() }
      try reader.copy(to: path)
    } else {
      var export = Export(path: site.path, format: kind.export)
      export.output = path
      _ = try export.run()
    }
    return ServedFile(
      file: try OpenFile(path: path), kind: kind, validator: "\"\(tag)-\(origin)\"",
      description: description)
  }

  /// One dataset as JSON-LD.
  static func dataset(_ name: String, _ state: SiteState) throws -> SiteAnswer {
    let id = try state.liveID(name)
    let sink = ExportSink()
    _ = try CatalogGraph(state.snapshot, base: nil).write(dataset: id, into: sink)
    return SiteAnswer(200, SiteFile.jsonld.type, ByteBuffer(bytes: sink.buffer.bytes))
  }
}

extension SiteFile {
  fileprivate var export: ExportFormat {
    switch self {
    case .turtle: .turtle
    case .ntriples: .ntriples
    case .database, .jsonld: .jsonld
    }
  }
}
