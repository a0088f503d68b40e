import CKANServer
import Foundation
import Hummingbird
import NIOCore

/// What the site sends back, before it is packed.
struct SiteAnswer: Sendable {
  enum Body: Sendable {
    case bytes(ByteBuffer)
    /// A part of a file.
    case file(OpenFile, Range<Int>)
  }

  var status: Int
  var headers: [(name: String, value: String)]
  var body: Body

  init(_ status: Int, _ type: String, _ body: ByteBuffer) {
    self.status = status
    headers = [("Content-Type", type)]
    self.body = .bytes(body)
  }

  init(_ answer: CKANAnswer) {
    status = answer.status
    let type = answer.headers.first { $0.name == "Content-Type" }?.value
    headers = [("Content-Type", type ?? "application/json;charset=utf-8")]
    body = .bytes(answer.body)
  }

  /// An error of the paths that are not CKAN's: one object.
  static func problem(_ status: Int, _ reason: String, _ message: String) -> SiteAnswer {
    let members: [(key: String, value: JSON)] = [
      ("reason", .string(reason)), ("message", .string(message)),
    ]
    return SiteAnswer(
      status, "application/json; charset=utf-8", JSON.object([("error", .object(members))]).bytes)
  }

  mutating func set(_ name: String, _ value: String) {
    headers.removeAll { $0.name.lowercased() == name.lowercased() }
    headers.append((name, value))
  }

  var length: Int {
    switch body {
    case .bytes(let bytes): bytes.readableBytes
    case .file(_, let range): range.count
    }
  }
}

extension SiteAnswer {
  private static let chunk = 256 << 10
  /// What is smaller is not worth packing.
  private static let packedFrom = 1_024

  /// Packed, where that is worth it.
  var packed: SiteAnswer {
    guard case .bytes(let bytes) = body, bytes.readableBytes >= Self.packedFrom,
      let small = Gzip.deflate(bytes)
    else { return self }
    var answer = self
    answer.body = .bytes(small)
    answer.set("Content-Encoding", "gzip")
    return answer
  }

  /// The HTTP response; empty to HEAD.
  func response(isHead: Bool, to connection: ClientConnection) -> Response {
    var fields = HTTPFields()
    func add(_ name: String, _ value: String) {
      guard let name = HTTPFields.Element.Name(name) else { return }
      fields.append(.init(name: name, value: value))
    }
    for header in headers { add(header.name, header.value) }
    var body = ResponseBody()
    switch self.body {
    case .bytes(let bytes):
      // In one piece, at once; a large one part by part, so that it can be seen to get on.
      body =
        bytes.readableBytes <= Self.chunk
        ? ResponseBody(byteBuffer: bytes) : Self.parts(of: bytes, to: connection)
    case .file(let file, let range):
      body = ResponseBody(contentLength: range.count) { writer in
        var offset = range.lowerBound
        while offset < range.upperBound {
          let end = min(offset + Self.chunk, range.upperBound)
          let part = try file.read(offset..<end)
          // Shorter than announced: the connection must not look whole.
          guard part.readableBytes == end - offset else { throw CancellationError() }
          let late = connection.hurry()
          defer { late.cancel() }
          try await writer.write(part)
          offset = end
        }
        try await writer.finish(nil)
      }
    }
    if status != 304 { add("Content-Length", "\(length)") }
    let isEmpty = isHead || status == 304
    return Response(
      status: .init(code: status), headers: fields, body: isEmpty ? ResponseBody() : body)
  }
  private static func parts(of bytes: ByteBuffer, to connection: ClientConnection) -> ResponseBody {
    ResponseBody(contentLength: bytes.readableBytes) { writer in
      var rest = bytes
      while let part = rest.readSlice(length: min(chunk, rest.readableBytes)),
        part.readableBytes > 0
      {
        let late = connection.hurry()
        defer { late.cancel() }
        try await writer.write(part)
      }
      try await writer.finish(nil)
    }
  }
}
