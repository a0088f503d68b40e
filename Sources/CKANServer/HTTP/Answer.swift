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
