import NIOCore

extension SamplePortal {
  /// What the portal sends back, before it is packed.
  public struct Answer: Sendable {
    public var status: Int
    /// Headers, in order, without `Date`, `Content-Length` and `Content-Encoding`.
    public var headers: [Request.Item]
    public var body: ByteBuffer

    /// The body as text.
    public var text: String {
      get { String(buffer: body) }
      set { body = ByteBuffer(string: newValue) }
    }

    public init(status: Int, headers: [Request.Item] = [], body: ByteBuffer) {
      self.status = status
      self.headers = headers
      self.body = body
    }

    private static let apiHeaders = [
      Request.Item(name: "Content-Type", value: "application/json;charset=utf-8"),
      Request.Item(name: "Cache-Control", value: "public, max-age=0, must-revalidate"),
      Request.Item(name: "Vary", value: "Cookie"),
    ]

    static func json(_ status: Int, _ value: JSON) -> Answer {
      Answer(status: status, headers: apiHeaders, body: value.bytes)
    }

    static func notFoundPage() -> Answer {
      Answer(
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
}

/// CKAN's errors, in the Dutch that data.overheid.nl speaks: nobody should match on their text.
struct CKANError: Error {
  var status: Int
  var members: [(key: String, value: JSON)]

  private init(_ status: Int, _ members: [(key: String, value: JSON)]) {
    self.status = status
    self.members = members
  }

  private static func message(_ status: Int, _ type: String, _ message: String) -> CKANError {
    CKANError(status, [("__type", .string(type)), ("message", .string(message))])
  }

  static func validation(_ field: String, _ messages: String...) -> CKANError {
    CKANError(409, [(field, .strings(messages)), ("__type", "Validation Error")])
  }

  static func searchQuery(_ reason: String) -> CKANError {
    message(400, "Search Query Error", "Search Query is invalid: \(reason)")
  }

  static func search(_ reason: String) -> CKANError {
    message(
      409, "Search Error",
      "Search error: 'SOLR returned an error running query: {} Error: \(reason)'")
  }

  static let notFound = message(404, "Not Found Error", "Niet gevonden")

  static func unauthorized(_ id: String) -> CKANError {
    message(
      403, "Authorization Error",
      "Toestemming geweigerd: Gebruiker  is niet gemachtigd om pakket \(id) te lezen ")
  }
}
