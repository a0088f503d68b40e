import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SamplePortal

/// Asks a portal over a real socket and reads what it says.
struct Client {
  let portal: SamplePortal

  /// It takes bodies as they come: what is packed stays packed.
  private static let http = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .init(decompression: .disabled))

  struct Reply {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer

    var text: String { String(buffer: body) }

    /// The body as JSON; `NSNull` where it is none.
    var json: Any {
      (try? JSONSerialization.jsonObject(
        with: Data(body.readableBytesView), options: .fragmentsAllowed))
        ?? NSNull()
    }

    var envelope: [String: Any] { json as? [String: Any] ?? [:] }
    var result: [String: Any] { envelope["result"] as? [String: Any] ?? [:] }
    var list: [String] { envelope["result"] as? [String] ?? [] }
    var objects: [[String: Any]] { envelope["result"] as? [[String: Any]] ?? [] }
    var count: Int? { result["count"] as? Int }
    var rows: [[String: Any]] { result["results"] as? [[String: Any]] ?? [] }
    var ids: [String] { rows.compactMap { $0["id"] as? String } }
    var error: [String: Any] { envelope["error"] as? [String: Any] ?? [:] }
    var errorType: String? { error["__type"] as? String }
  }

  /// Calls an action with a query that is escaped here.
  func get(_ action: String, _ query: KeyValuePairs<String, String> = [:]) async throws -> Reply {
    try await send(path: "/data/api/3/action/\(action)", query)
  }

  func search(_ query: KeyValuePairs<String, String> = [:]) async throws -> Reply {
    try await get("package_search", query)
  }

  func send(
    _ method: HTTPMethod = .GET, path: String, _ query: KeyValuePairs<String, String> = [:],
    headers: HTTPHeaders = [:], body: String? = nil
  ) async throws -> Reply {
    let escaped = query.map { "\(Self.escape($0.key))=\(Self.escape($0.value))" }
    let suffix = escaped.isEmpty ? "" : "?" + escaped.joined(separator: "&")
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(portal.port)\(path)\(suffix)")
    request.method = method
    request.headers = headers
    request.body = body.map { .bytes(ByteBuffer(string: $0)) }
    let response = try await Self.http.execute(request, timeout: .seconds(600))
    return Reply(
      status: Int(response.status.code), headers: response.headers,
      body: try await response.body.collect(upTo: 1 << 28))
  }

  private static func escape(_ text: String) -> String {
    let plain = CharacterSet.alphanumerics.intersection(.init(charactersIn: "\u{0}"..."\u{7F}"))
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
  }
}

/// A catalogue of records that have little more than an id, a name and a stamp.
func catalogue(_ records: (id: String, modified: String)...) throws -> Catalogue {
  try Catalogue(records: records.map { record($0.id, modified: $0.modified) })
}

/// A record with the keys that every dataset has, and `more` members as JSON text.
func record(
  _ id: String, name: String? = nil, modified: String = "2026-11-01T12:00:00.000001",
  _ more: String = ""
) -> String {
  """
  {"id": "\(id)", "name": "\(name ?? "name-\(id)")", "title": "Dataset \(id)", \
  "state": "active", "private": false, "type": "dataset", "metadata_modified": "\(modified)"\
  \(more.isEmpty ? "" : ", \(more)")}
  """
}
