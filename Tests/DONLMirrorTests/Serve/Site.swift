import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import SamplePortal
import Synchronization

@testable import DONLMirror

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A mirror that is served over a real socket.
struct Site: Sendable {
  let port: Int

  var url: String { "http://127.0.0.1:\(port)" }

  /// Serves a file while the body runs.
  static func serve<Result: Sendable>(
    _ path: String, now: @escaping @Sendable () -> Date = { Date() },
    allowing hosts: Set<String> = [], body: @escaping @Sendable (Site) async throws -> Result
  ) async throws -> Result {
    var options = SiteOptions(path: path, address: .host("127.0.0.1", port: 0)) {
      var settings = Settings()
      settings.database.path = path
      var check = HealthCheck(settings)
      check.now = now
      return check.run()
    }
    options.now = now
    options.allowedHosts = hosts
    let server = SiteServer(
      options, logger: Logger(label: "site", factory: { _ in SwiftLogNoOpLogHandler() }))
    let (ports, listens) = AsyncStream.makeStream(of: Int.self)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask {
        defer { listens.finish() }
        try await server.run { listens.yield($0 ?? 0) }
        return nil
      }
      guard let port = await ports.first(where: { _ in true }) else {
        try await group.waitForAll()
        throw CancellationError()
      }
      group.addTask { try await body(Site(port: port)) }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  struct Reply: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer

    var text: String { String(buffer: body) }
    var json: [String: Any] {
      let object = try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))
      return object as? [String: Any] ?? [:]
    }
    subscript(header: String) -> String? { headers.first(name: header) }
  }

  private static let http = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .init(decompression: .disabled))

  /// - Parameter path: with its query, escaped.
  func get(
    _ path: String, _ method: HTTPMethod = .GET, headers: HTTPHeaders = [:], body: String? = nil
  ) async throws -> Reply {
    try await Self.get(url + path, method, headers: headers, body: body)
  }

  static func get(
    _ url: String, _ method: HTTPMethod = .GET, headers: HTTPHeaders = [:], body: String? = nil
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: url)
    request.method = method
    request.headers = headers
    request.body = body.map { .bytes(ByteBuffer(string: $0)) }
    let response = try await http.execute(request, timeout: .seconds(120))
    return Reply(
      status: Int(response.status.code), headers: response.headers,
      body: try await response.body.collect(upTo: 1 << 28))
  }

  /// Says these bytes to the server and reads until it closes, or has answered and falls silent.
  func say(
    _ bytes: [UInt8], patience: Int = 5, isClosing: Bool = false
  ) async throws -> String {
    // Waiting here would take a thread from the server.
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try exchange(bytes, patience, isClosing) })
      }
    }
  }

  private func exchange(
    _ bytes: [UInt8], _ patience: Int, _ isClosing: Bool
  ) throws -> String {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw CancellationError() }
    var wait = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    _ = bytes.withUnsafeBytes {
      send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if isClosing { shutdown(client, Int32(SHUT_WR)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(client, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}

extension Mirror {
  /// A mirror of the sample, its lists included, on the first day or after the second.
  static func ofSample(days: Int = 1) async throws -> Mirror {
    let mirror = try Mirror()
    try await SamplePortal.run(.sample(day: 1)) { portal in
      portal.settings.now = { mirror.now }
      let lists = portal.listsURL
      for day in 1...days {
        if day > 1 {
          portal.publish(.sample(day: day))
          mirror.advance(by: .seconds(86_400))
        }
        try await mirror.harvest(portal) { $0.settings.lists.url = lists }
      }
    }
    return mirror
  }

  /// Serves the mirror while the body runs, by the clock of the mirror.
  func serve<Result: Sendable>(
    allowing hosts: Set<String> = [], body: @escaping @Sendable (Site) async throws -> Result
  ) async throws -> Result {
    try await Site.serve(path, now: { [self] in now }, allowing: hosts, body: body)
  }
}

/// Escaped for a query.
func escaped(_ text: String) -> String {
  let plain = CharacterSet.alphanumerics.intersection(.init(charactersIn: "\u{0}"..."\u{7F}"))
  return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
}

/// `parse()` alone says true of what is none.
func isWellFormed(_ xml: String) -> Bool {
  let parser = XMLParser(data: Data(xml.utf8))
  return parser.parse() && parser.parserError == nil
}
