import HummingbirdCore
import NIOCore

/// A request as the server read it.
public struct CKANRequest: Sendable {
  /// `GET`, `HEAD` or `POST`.
  public let method: String
  /// The path, without the query.
  public let path: String
  /// The query as it was sent, still escaped.
  public let query: String
  /// The decoded parameters in the order sent: of the query, then of a JSON body, where a list
  /// gives one item per element.
  public private(set) var items: [Item]
  /// The headers in the order sent.
  public let headers: [Item]
  package let body: ByteBuffer
  package let jsonBodyIsBad: Bool

  /// A name and its value.
  public struct Item: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The action that the path names, if it is a path of the API.
  public var action: String? {
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
    // Some portals stand behind a gateway with addresses of its own.
    if parts.first == "gateway" {
      guard parts.firstIndex(of: "action") == parts.endIndex - 2 else { return nil }
      return parts.last.map(String.init)
    }
    if parts.first == "data" { parts = parts.dropFirst() }
    guard parts.first == "api" else { return nil }
    parts = parts.dropFirst()
    if parts.first == "3" { parts = parts.dropFirst() }
    guard parts.count == 2, parts.first == "action" else { return nil }
    return parts.last.map(String.init)
  }

  /// The last value of a parameter.
  public subscript(name: String) -> String? { items.last { $0.name == name }?.value }

  /// The same request with another value of a parameter; nil leaves the parameter out.
  public func with(_ name: String, _ value: String?) -> CKANRequest {
    var other = self
    other.items.removeAll { $0.name == name }
    if let value { other.items.append(Item(name: name, value: value)) }
    return other
  }

  /// The same request with these parameters and no others.
  package func only(_ items: [(name: String, value: String?)]) -> CKANRequest {
    var other = self
    other.items = items.compactMap { item in item.value.map { Item(name: item.name, value: $0) } }
    return other
  }

  /// The value of a header, by its name in any case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  public var acceptEncoding: String? { header("Accept-Encoding") }
  public var userAgent: String? { header("User-Agent") }

  package init(_ request: HummingbirdCore.Request, body: ByteBuffer) {
    method = request.method.rawValue
    path = Self.decode(request.uri.path)
    // The library sets the host apart from the other headers.
    headers =
      (request.head.authority.map { [Item(name: "Host", value: $0)] } ?? [])
      + request.headers.map { Item(name: $0.name.rawName, value: $0.value) }
    self.body = body
    query = request.uri.query ?? ""
    let posted = Self.posted(request, body)
    items = Self.items(ofQuery: query) + (posted ?? [])
    jsonBodyIsBad = posted == nil
  }

  /// The parameters in the body; nil if it should be JSON and is not. What begins with a brace is
  /// taken for JSON whatever its type, as CKAN does for the sake of `curl -d`.
  private static func posted(_ request: HummingbirdCore.Request, _ body: ByteBuffer) -> [Item]? {
    guard request.method == .post, body.readableBytes > 0 else { return [] }
    let isForm = request.headers[.contentType]?.hasPrefix("application/x-www-form") ?? false
    let isBraced = body.readableBytesView.first == UInt8(ascii: "{")
    return isForm && !isBraced ? items(ofQuery: String(buffer: body)) : items(ofJSON: body)
  }

  private static func items(ofQuery query: String) -> [Item] {
    query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return Item(
        name: decode(parts[0].replacing("+", with: " ")),
        value: parts.count == 2 ? decode(parts[1].replacing("+", with: " ")) : "")
    }
  }

  /// nil if the body is no JSON object.
  private static func items(ofJSON body: ByteBuffer) -> [Item]? {
    body.withUnsafeReadableBytes { raw in
      var items: [Item] = []
      do {
        try JSONScanner.members(of: raw) { key, value in
          let isList = raw[value.lowerBound] == UInt8(ascii: "[")
          for range in isList ? JSONScanner.elements(of: raw, value) : [value] {
            guard !raw[range].elementsEqual("null".utf8) else { continue }
            let text =
              JSONScanner.string(raw, range) ?? String(decoding: raw[range], as: UTF8.self)
            items.append(Item(name: key, value: text))
          }
        }
      } catch {
        return nil
      }
      return items
    }
  }

  /// Percent-decoding; what is no escape stays as it is.
  private static func decode(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2,
        let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        bytes.append(decoded)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
