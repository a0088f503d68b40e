import NIOCore

/// What the server sends back, before it is packed.
public struct CKANAnswer: Sendable {
  public var status: Int
  /// Headers, in order, without `Date`, `Content-Length` and `Content-Encoding`.
  public var headers: [CKANRequest.Item]
  public var body: ByteBuffer

  /// The body as text.
  public var text: String {
    get { String(buffer: body) }
    set { body = ByteBuffer(string: newValue) }
  }

  public init(status: Int, headers: [CKANRequest.Item] = [], body: ByteBuffer) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  private static let apiHeaders = [
    CKANRequest.Item(name: "Content-Type", value: "application/json;charset=utf-8"),
    CKANRequest.Item(name: "Cache-Control", value: "public, max-age=0, must-revalidate"),
    CKANRequest.Item(name: "Vary", value: "Cookie"),
  ]

  package static func json(_ status: Int, _ value: JSON) -> CKANAnswer {
    CKANAnswer(status: status, headers: apiHeaders, body: value.bytes)
  }

  package static func notFoundPage() -> CKANAnswer {
    CKANAnswer(
      status: 404,
      headers: [
        .init(name: "Content-Type", value: "text/html; charset=utf-8"),
        .init(name: "Cache-Control", value: "private"),
        .init(name: "Vary", value: "Cookie"),
      ],
      body: ByteBuffer(
        string: """
          <!DOCTYPE html>
          <html lang="nl">
            <head>
              <meta charset="utf-8" />
              <title>404 Niet gevonden - Voorbeeldportaal</title>
            </head>
            <body>
              <h1>404 Niet gevonden</h1>
              <p>De pagina die u zoekt bestaat niet.</p>
            </body>
          </html>

          """))
  }
}

/// CKAN's errors, in the Dutch that data.overheid.nl speaks: nobody should match on their text.
package struct CKANError: Error {
  package var status: Int
  package var members: [(key: String, value: JSON)]

  private init(_ status: Int, _ members: [(key: String, value: JSON)]) {
    self.status = status
    self.members = members
  }

  private static func message(_ status: Int, _ type: String, _ message: String) -> CKANError {
    CKANError(status, [("__type", .string(type)), ("message", .string(message))])
  }

  package static func validation(_ field: String, _ messages: String...) -> CKANError {
    CKANError(409, [(field, .strings(messages)), ("__type", "Validation Error")])
  }

  package static func searchQuery(_ reason: String) -> CKANError {
    message(400, "Search Query Error", "Search Query is invalid: \(reason)")
  }

  package static func search(_ reason: String) -> CKANError {
    message(
      409, "Search Error",
      "Search error: 'SOLR returned an error running query: {} Error: \(reason)'")
  }

  package static let notFound = message(404, "Not Found Error", "Niet gevonden")

  package static func unauthorized(_ id: String) -> CKANError {
    message(
      403, "Authorization Error",
      "Toestemming geweigerd: Gebruiker  is niet gemachtigd om pakket \(id) te lezen ")
  }
}
