import Hummingbird
import HummingbirdCore
import NIOCore

extension SamplePortal {
  /// The largest body of a request that is read; a request for 100 ids is some kilobytes.
  private static let requestBytesMax = 16 << 20

  /// Answers one request: notes it, lets an interceptor have its way, serves, packs, delivers.
  func respond(
    to request: Hummingbird.Request, with writer: consuming ResponseWriter, on channel: any Channel
  ) async throws {
    let body = try await request.body.collect(upTo: Self.requestBytesMax)
    let asked = Request(request, body: body)
    let answer = await answer(asked)
    let response = response(to: asked, answer)
    try await FaithfulDelivery().deliver(response, to: writer, on: channel)
  }

  private func answer(_ request: Request) async -> Answer {
    if settings.offersControl, request.path == "/_control/publish" { return control(request) }
    switch note(request) {
    case .respond(let answer): return answer
    case .delay(let wait):
      await wait()
      return serve(request)
    case .before(let change):
      update(change)
      return serve(request)
    case .after(let change):
      let answer = serve(request)
      update(change)
      return answer
    case .rewrite(let rewrite):
      var answer = serve(request)
      rewrite(&answer)
      return answer
    case nil: return serve(request)
    }
  }

  private func serve(_ request: Request) -> Answer {
    guard ["GET", "HEAD", "POST"].contains(request.method) else {
      return .json(400, "Onjuiste aanvraag - method not allowed")
    }
    let (catalogue, settings, revision) = snapshot()
    let actions = Actions(catalogue: catalogue, settings: settings) { search in
      if let matches = self.found(search.key) { return matches }
      let matches = try search.matches(in: catalogue, settings)
      self.keep(matches, for: search.key, revision: revision)
      return matches
    }
    return actions.answer(request, siteURL: url)
  }

  /// The HTTP response: the headers that CKAN sends and those of the proxy before it. There is no
  /// ETag and no Last-Modified, as there is none in CKAN.
  private func response(to request: Request, _ answer: Answer) -> Response {
    var fields = HTTPFields()
    let headers = answer.headers + [Request.Item(name: "Date", value: settings.solrNow.httpDate)]
    for header in headers where fields.isMissing(header.name) {
      fields.add(header.name, header.value)
    }
    var body = answer.body
    if settings.packsAnswers, fields.isMissing("Content-Encoding"), body.readableBytes > 0,
      request.acceptEncoding?.lowercased().contains("gzip") ?? false,
      let packed = Gzip.deflate(body)
    {
      body = packed
      fields.add("Content-Encoding", "gzip")
    }
    if fields.isMissing("Content-Length") {
      fields.add("Content-Length", String(body.readableBytes))
    }
    return Response(
      status: .init(code: answer.status), headers: fields,
      body: request.method == "HEAD" ? .init() : .init(byteBuffer: body))
  }
}

extension HTTPFields {
  fileprivate func isMissing(_ name: String) -> Bool {
    !contains { $0.name.rawName.lowercased() == name.lowercased() }
  }

  fileprivate mutating func add(_ name: String, _ value: String) {
    if let name = Element.Name(name) { append(.init(name: name, value: value)) }
  }
}
