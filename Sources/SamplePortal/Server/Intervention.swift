extension SamplePortal {
  /// What a test does to one request instead of letting it be served.
  public enum Intervention: Sendable {
    /// Sends this, whatever was asked.
    case respond(Answer)
    /// Waits until the closure returns, then serves what the catalogue holds by then.
    case delay(@Sendable () async -> Void)
    /// Changes the catalogue, then serves: the answer shows the change.
    case before(@Sendable (inout Catalogue) -> Void)
    /// Finds the answer, then changes the catalogue: the next answer is the first to show it.
    case after(@Sendable (inout Catalogue) -> Void)
    /// Serves what this makes of the answer.
    case rewrite(@Sendable (inout Answer) -> Void)
    /// Sends this answer, damaged on its way.
    case damage(Answer, Fault)
    /// Lets this go wrong.
    case fail(Fault)

    /// Sends a status and a body, as HTML unless said otherwise.
    public static func respond(
      status: Int, headers: [(String, String)] = [("Content-Type", "text/html; charset=utf-8")],
      body: String = ""
    ) -> Intervention {
      .respond(
        Answer(
          status: status, headers: headers.map { Request.Item(name: $0.0, value: $0.1) },
          body: .init(string: body)))
    }
  }

  /// Decides about a request; the ordinal counts the requests from 1. nil serves it as usual.
  public typealias Intercept = @Sendable (_ request: Request, _ ordinal: Int) -> Intervention?
}
