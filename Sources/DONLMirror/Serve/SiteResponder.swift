import CKANServer
import Crypto
import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Answers the requests to a site: who answers, under which conditions, and with which headers.
final class SiteResponder: Sendable {
  let site: MirrorSite
  let options: SiteOptions
  private let files: SiteFiles
  private let counters = SiteCounters()
  private let quality = Kept(SiteQuality.init)
  private let counts = Kept(SiteCounts.init)
  private let themes = Kept { state in
    var datasets: [String: Set<Int>] = [:]
    try state.snapshot.eachRow(
      "SELECT t.theme, d.key FROM theme_datasets t JOIN all_datasets d ON d.id = t.dataset_id"
    ) { row in
      if let theme = row.text(0) { datasets[theme, default: []].insert(Int(row.integer(1))) }
    }
    return datasets
  }
  /// Reading waits for the disk; that is done here.
  private let threads: NIOThreadPool
  /// What takes seconds.
  private let slowThreads: NIOThreadPool
  private let logger: Logger

  private static let requestBytesMax = 1 << 20

  init(
    _ options: SiteOptions, threads: NIOThreadPool, slowThreads: NIOThreadPool, logger: Logger
  ) {
    self.options = options
    self.threads = threads
    self.slowThreads = slowThreads
    self.logger = logger
    site = MirrorSite(path: options.path)
    files = SiteFiles(
      site: site, threads: threads, slowThreads: slowThreads, now: options.now)
  }

  /// Makes the index ready, so that the first who asks need not wait.
  func warm() async throws {
    try await threads.runIfActive { [site] in
      try site.read(isPatient: true) { state in try state.withIndex(["text"]) { _ in } }
    }
  }

  func respond(
    to request: HummingbirdCore.Request, with writer: consuming ResponseWriter,
    on connection: ClientConnection, isOnLoopback: Bool
  ) async throws {
    let end = connection.hurry()
    let body = try? await request.body.collect(upTo: Self.requestBytesMax)
    end.cancel()
    let asked = CKANRequest(request, body: body ?? ByteBuffer())
    var answer =
      body == nil
      ? SiteAnswer.problem(413, "too_large", "A request may have a body of 1 MiB.")
      : try await self.answer(asked, isOnLoopback: isOnLoopback)
    counters.note(answer.status)
    logger.debug(
      "served", metadata: ["path": "\(asked.path)", "status": "\(answer.status)"])
    answer.set("Date", SolrDate(options.now()).httpDate)
    answer.set("X-Content-Type-Options", "nosniff")
    if asked.acceptEncoding?.lowercased().contains("gzip") ?? false {
      answer = try await onThread { [answer] in answer.packed }
    }
    let response = answer.response(isHead: asked.method == "HEAD", to: connection)
    try await writer.write(response: response.head, body: response.body)
  }

  private func answer(_ request: CKANRequest, isOnLoopback: Bool) async throws -> SiteAnswer {
    guard !isOnLoopback || options.isKnown(host: request.header("Host")) else {
      // A page elsewhere whose name was bound to this address (DNS rebinding).
      return .problem(
        421, "unknown_host",
        "This mirror is not served under that name; start it with --allow-host to allow it.")
    }
    let isAPI = request.action != nil
    guard ["GET", "HEAD"].contains(request.method) || (isAPI && request.method == "POST") else {
      var answer = SiteAnswer.problem(405, "read_only", "This is a read-only mirror.")
      answer.set("Allow", isAPI ? "GET, HEAD, POST" : "GET, HEAD")
      return answer
    }
    do {
      return try await route(request)
    } catch let failure as Failure {
      return refusal(failure, isAPI: isAPI)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      logger.error(
        "a request failed",
        metadata: ["reason": "request_failed", "path": "\(request.path)", "error": "\(error)"])
      return .problem(500, "internal", "Something went wrong here; the log of the server has it.")
    }
  }

  private func refusal(_ failure: Failure, isAPI: Bool) -> SiteAnswer {
    let status =
      switch failure.status {
      case .heldBack: 410
      case .usage: 400
      case .noDatabase where failure.isMissing: 404
      default: 503
      }
    if status == 503 {
      logger.error(
        "the mirror cannot be read",
        metadata: ["reason": "\(failure.reason)", "error": "\(failure.message)"])
    }
    // What a file is called here is nobody's business.
    let message =
      status == 503 ? "The mirror cannot be read now." : failure.message
    guard isAPI else {
      var answer = SiteAnswer.problem(status, failure.reason, message)
      if status == 503 { answer.set("Retry-After", "30") }
      return answer
    }
    return SiteAnswer(
      .json(
        status,
        .object([
          ("success", false),
          (
            "error",
            .object([
              ("__type", "Internal Server Error"), ("message", .string(message)),
            ])
          ),
        ])))
  }

  private func route(_ request: CKANRequest) async throws -> SiteAnswer {
    let path = request.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    switch path.first {
    case "health" where path.count == 1: return try await onThread { try self.health() }
    case "metrics" where path.count == 1: return try await onThread { try self.metrics() }
    case "changes" where path.count == 1:
      return try await SiteFeed(self).entries(request)
    case "changes.atom" where path.count == 1:
      return try await conditional(request) { try SiteFeed(self).atom(request, $0) }
    case "download" where path.count == 1:
      return try await file(request, .database)
    case let name? where path.count == 1 && SiteFile(rdf: name) != nil:
      return try await file(request, SiteFile(rdf: name) ?? .database)
    case "dataset" where path.count == 2 && path[1].hasSuffix(".jsonld"):
      return try await conditional(request) { state in
        try SiteFiles.dataset(String(path[1].dropLast(7)), state)
      }
    case "waardelijsten" where path.count == 2, "service" where path.count == 3:
      return try await conditional(request) { try SiteLists(state: $0).answer(path.last ?? "") }
    case "api", "data", "gateway":
      return try await api(request)
    default:
      if let page = path.first(where: { $0 != "en" }), ["owners", "owner"].contains(page) {
        let tag = try await onThread { [site] in try site.read { $0.tag } }
        try await quality.prepare(tag, of: site, on: slowThreads)
      }
      // How the mirror is changes with the time, and not with the file alone.
      let health = try await onThread { [options] in
        path.isEmpty || path == ["en"] ? options.health() : nil
      }
      return try await conditional(request, of: health?.digest) { state in
        let pages = SitePages(self, state, request, path: path)
        do {
          return try pages.answer(health)
        } catch let failure as Failure where failure.isMissing {
          return try pages.missing()
        }
      }
    }
  }

  private func api(_ request: CKANRequest) async throws -> SiteAnswer {
    try await conditional(request, isMoving: request.asksForNow) { state in
      let catalogue = SiteCatalogue(state: state, now: self.options.now())
      let actions = Actions(
        catalogue, rowsCap: 1_000, base: self.options.base(for: request) + "/data")
      return SiteAnswer(try actions.answer(request))
    }
  }

  /// Reads one state; 304 where the client has what would be answered.
  ///
  /// - Parameters:
  ///   - part: what else decides about the answer.
  ///   - isMoving: the answer can be another one although the state is the same.
  private func conditional(
    _ request: CKANRequest, of part: String? = nil, isMoving: Bool = false,
    _ work: @escaping @Sendable (SiteState) throws -> SiteAnswer
  ) async throws -> SiteAnswer {
    try await onThread { [self] in
      try site.read { state in
        let parts = [state.tag, toolVersion, part].compactMap(\.self)
        let tag = "W/\"\(parts.joined(separator: "-"))\""
        var answer: SiteAnswer
        if !isMoving, request.method != "POST", request.knows(tag) {
          answer = SiteAnswer(304, "", ByteBuffer())
          answer.headers = []
        } else {
          answer = try work(state)
        }
        if !isMoving, answer.status == 200 || answer.status == 304 { answer.set("ETag", tag) }
        for header in state.description(at: options.now()) { answer.set(header.name, header.value) }
        if isMoving { answer.set("Cache-Control", "no-cache") }
        answer.set("Vary", "Accept-Encoding")
        return answer
      }
    }
  }

  private func file(_ request: CKANRequest, _ file: SiteFile) async throws -> SiteAnswer {
    let served = try await files.open(file)
    return request.knows(served.validator) && request.header("Range") == nil
      ? served.unchanged : served.answer(to: request)
  }

  /// The quality of this state.
  func quality(_ state: SiteState) throws -> SiteQuality { try quality.value(of: state) }

  /// Which datasets have a theme, or one below it, by `all_datasets.key`.
  func themes(_ state: SiteState) throws -> [String: Set<Int>] { try themes.value(of: state) }

  func counts(_ state: SiteState) throws -> SiteCounts { try counts.value(of: state) }

  func onThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await threads.runIfActive(work)
  }

  private func health() throws -> SiteAnswer {
    let health = options.health()
    let text = try JSONOutput.text(of: health, pretty: true) {
      $0.keyEncodingStrategy = .convertToSnakeCase
    }
    return SiteAnswer(
      health.state < .critical ? 200 : 503, "application/json; charset=utf-8",
      ByteBuffer(string: text + "\n"))
  }

  private func metrics() throws -> SiteAnswer {
    let text = try site.read { state in
      try counters.metrics(state)
    }
    return SiteAnswer(200, "text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: text))
  }
}

extension Health {
  /// Another one where a page says something else.
  fileprivate var digest: String {
    let words = findings.map { "\($0.state)\($0.message)" }.joined(separator: "\n")
    return String(SHA256.hash(data: Array(words.utf8)).hex.prefix(8))
  }
}

extension CKANRequest {
  /// `NOW` in a question moves with the clock.
  fileprivate var asksForNow: Bool {
    items.contains { ["q", "fq", "fq_list"].contains($0.name) && $0.value.contains("NOW") }
  }
}

extension Failure {
  /// What was asked for is not in the mirror; the mirror itself is.
  fileprivate var isMissing: Bool {
    ["no_dataset", "no_owner", "unknown_list", "no_history"].contains(reason)
  }
}

extension CKANRequest {
  /// Whether the client has the representation with this validator (RFC 9110, 13.1.2: compared weakly).
  fileprivate func knows(_ tag: String) -> Bool {
    guard let known = header("If-None-Match") else { return false }
    func opaque(_ tag: some StringProtocol) -> Substring {
      let trimmed = Substring(tag).drop { $0 == " " }.prefix { $0 != " " }
      return trimmed.hasPrefix("W/") ? trimmed.dropFirst(2) : trimmed
    }
    return known == "*" || known.split(separator: ",").contains { opaque($0) == opaque(tag) }
  }
}
