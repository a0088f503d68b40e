import CKANServer
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
    let (answer, fault) = await answer(asked)
    if let action = asked.action { remember(answer, to: action) }
    let response = response(to: asked, answer)
    let steps = fault?.steps(for: response, answer.body)
    let delivery = steps.map(Delivery.scripted) ?? .faithful
    try await delivery.deliver(response, to: writer, on: channel)
  }

  /// The answer, and what is to go wrong with it on its way.
  private func answer(_ request: Request) async -> (Answer, Fault?) {
    if settings.offersControl, let answer = control(request) { return (answer, nil) }
    switch note(request) {
    case .respond(let answer): return (answer, nil)
    case .delay(let wait):
      await wait()
      return (serve(request), nil)
    case .before(let change):
      update(change)
      return (serve(request), nil)
    case .after(let change):
      let answer = serve(request)
      update(change)
      return (answer, nil)
    case .rewrite(let rewrite):
      var answer = serve(request)
      rewrite(&answer)
      return (answer, nil)
    case .damage(let answer, let fault): return (answer, fault)
    case .fail(let fault): return (serve(request, under: fault), fault)
    case nil: return (serve(request), nil)
    }
  }

  /// - Parameter settings: for this request only.
  func serve(_ request: Request, as settings: Settings? = nil) -> Answer {
    guard ["GET", "HEAD", "POST"].contains(request.method) else {
      return .json(400, "Onjuiste aanvraag - method not allowed")
    }
    var (served, usual) = snapshot()
    if let list = served.catalogue.valueLists[request.path] { return list.answer(to: request) }
    served.settings = settings ?? usual
    return served.answer(request, siteURL: url)
  }

  /// What a portal with this catalogue would answer. Nothing is noted.
  public func answer(
    to request: Request, from catalogue: Catalogue, as settings: Settings
  ) -> Answer {
    MemoryCatalogue(catalogue, .init(catalogue), settings).answer(request, siteURL: url)
  }

  /// The HTTP response: the headers that CKAN sends and those of the proxy before it. CKAN
  /// has no ETag and no Last-Modified; the files of value lists bring theirs.
  private func response(to request: Request, _ answer: Answer) -> Response {
    var fields = HTTPFields()
    let settings = settings
    let date = Request.Item(name: "Date", value: settings.solrNow.httpDate)
    let headers = answer.headers + (settings.showsDate ? [date] : [])
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
