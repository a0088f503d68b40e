import Foundation

/// What one dataset's own address says about it (`package_show`).
enum Evidence: Sendable, Equatable {
  /// The record's bytes as sent. Its keys and dates differ from search: evidence only.
  case record([UInt8])
  /// CKAN itself says that there is no such dataset.
  case notFound
  /// CKAN itself says that we may not see it: deleted, private or a draft.
  case notAuthorized
}

/// An entry of `license_list`.
struct License: Sendable, Equatable {
  var id: String
  var title: String?
  var url: String?
}

/// What `status_show` tells; portals may hide any of it.
struct PortalStatus: Sendable, Equatable {
  var ckanVersion: String?
  var siteTitle: String?
  var siteURL: String?
  var locale: String?
  var extensions: [String] = []
}

extension Portal {
  /// One page of `package_search`.
  ///
  /// - Parameter reading: splits the page; it must throw when the JSON is not complete.
  func search<Page>(
    _ query: SearchQuery, retries: Int? = nil, reading: (PortalResponse) throws -> Page
  ) async throws(PortalError) -> Page {
    try await call("package_search", query.parameters, retries: retries, reading: reading)
  }

  /// Names of the public, active datasets, from the database and not the index; without a limit
  /// all at once.
  func packageList(limit: Int? = nil, offset: Int? = nil) async throws(PortalError) -> [String] {
    var query: [(name: String, value: String)] = []
    if let limit { query.append(("limit", String(limit))) }
    if let offset { query.append(("offset", String(offset))) }
    return try await call("package_list", query) { response in
      guard Envelope.isWhole(response.body) else { throw PortalAnswer.Incomplete() }
      guard let names = try Self.strings(ofResultIn: response) else {
        throw PortalAnswer.wrongShape(response)
      }
      return names
    }
  }

  /// Looks at one dataset's own address. Only CKAN's envelope is evidence that it is not there:
  /// a web page or any other 403 or 404 is thrown.
  ///
  /// - Parameter id: id or name.
  func packageShow(_ id: String) async throws(PortalError) -> Evidence {
    do {
      return try await call("package_show", [("id", id)]) { response in
        guard Envelope.isWhole(response.body) else { throw PortalAnswer.Incomplete() }
        guard let result = Envelope.value(of: "result", in: response.body) else {
          throw PortalAnswer.wrongShape(response)
        }
        return .record(Array(response.body[result]))
      }
    } catch {
      switch error.type {
      case "Not Found Error" where error.nature == .refused: return .notFound
      case "Authorization Error" where error.nature == .refused: return .notAuthorized
      default: throw error
      }
    }
  }

  /// All organizations with their fields.
  func organizations() async throws(PortalError) -> [CatalogGroup] {
    try await groups(from: "organization_list")
  }

  /// All groups with their fields.
  func groups() async throws(PortalError) -> [CatalogGroup] {
    try await groups(from: "group_list")
  }

  func licenses() async throws(PortalError) -> [License] {
    try await call("license_list") { response in
      try Self.entries(of: response) { license in
        guard let id = license.string("id", of: license.root) else { return nil }
        return License(
          id: id, title: license.string("title", of: license.root),
          url: license.string("url", of: license.root))
      }.entries
    }
  }

  func status() async throws(PortalError) -> PortalStatus {
    try await call("status_show") { response in
      guard let result = Envelope.value(of: "result", in: response.body) else {
        throw PortalAnswer.wrongShape(response)
      }
      var reader = JSONReader()
      let status = try reader.read(response.body[result]) { status -> PortalStatus? in
        guard status.kind(status.root) == .object else { return nil }
        let extensions = status.member("extensions", of: status.root)
        return PortalStatus(
          ckanVersion: status.string("ckan_version", of: status.root).map(secrets.redacted),
          siteTitle: status.string("site_title", of: status.root).map(secrets.redacted),
          siteURL: status.string("site_url", of: status.root),
          locale: status.string("locale_default", of: status.root),
          extensions: extensions.map { list in
            status.elements(of: list).filter { status.kind($0) == .string }.map { status.text($0) }
          } ?? [])
      }
      guard let status else { throw PortalAnswer.wrongShape(response) }
      return status
    }
  }

  /// CKAN serves at most 25 of these at a time and says so nowhere (docs/portal.md, "Asking for one").
  private static let groupsPerPage = 25
  /// More is no list of organizations but a portal that never ends.
  private static let groupsMax = 50_000

  /// Entries that are passed over because they cannot be had even alone.
  private static let groupsSkippedMax = 10
  /// Pages in a row on which nothing can be read. A portal that ignores the offset serves them for ever.
  private static let idlePagesMax = 3

  private func groups(from action: String) async throws(PortalError) -> [CatalogGroup] {
    var groups: [CatalogGroup] = []
    var ids: Set<String> = []
    var (offset, limit, skipped, idlePages) = (0, Self.groupsPerPage, 0, 0)
    while groups.count < Self.groupsMax, idlePages < Self.idlePagesMax {
      let query: [(name: String, value: String)] = [
        ("all_fields", "true"), ("limit", String(limit)), ("offset", String(offset)),
      ]
      let page: (count: Int, entries: [CatalogGroup])
      do {
        page = try await call(action, query, retries: limit < Self.groupsPerPage ? 0 : nil) {
          try Self.entries(of: $0) { group in
            // A name alone is no entry of a list that was asked for with its fields.
            guard group.string("id", of: group.root) != nil else { return nil }
            return group.group(of: group.root, id: nil).map { CatalogGroup($0, group.texts) }
          }
        }
      } catch {
        // A page can fail for its size, or for one of its entries.
        guard error.isAboutQuestion, !groups.isEmpty || limit > 1 else { throw error }
        if limit > 1 {
          limit = (limit + 1) / 2 == limit ? 1 : (limit + 1) / 2
          continue
        }
        skipped += 1
        guard skipped <= Self.groupsSkippedMax else { throw error }
        logger.warning(
          "\(action) cannot serve its entry \(offset): \(error.message)",
          metadata: ["reason": "\(error.reason)"])
        offset += 1
        continue
      }
      // Some portals ignore the offset and begin again.
      let fresh = page.entries.filter { ids.insert($0.id).inserted }
      guard page.count > 0, !fresh.isEmpty || page.entries.isEmpty else { break }
      idlePages = fresh.isEmpty ? idlePages + 1 : 0
      groups += fresh
      offset += page.count
    }
    guard !groups.isEmpty || offset == 0 else {
      throw PortalError(
        reason: .notCKAN, nature: .notCKAN,
        message: "The portal's answer to \(action) has not the shape that CKAN gives it.")
    }
    return groups
  }

  /// The entries of a list, read one by one: what cannot be read costs no other.
  ///
  /// - Returns: how many the portal sent, and what became of those that could be read.
  private static func entries<Entry>(
    of response: PortalResponse, _ read: (JSONDocument) -> Entry?
  ) throws -> (count: Int, entries: [Entry]) {
    let page = try Page(body: response.body)
    var reader = JSONReader()
    let entries = page.records.indices.compactMap { index in
      (try? reader.read(page[index], read)) ?? nil
    }
    return (page.records.count, entries)
  }

  /// The strings of a `result` that is a list of nothing else; nil where it is another thing.
  private static func strings(ofResultIn response: PortalResponse) throws -> [String]? {
    guard let result = Envelope.value(of: "result", in: response.body) else { return nil }
    var reader = JSONReader(bytesMax: result.count)
    return try reader.read(response.body[result]) { list -> [String]? in
      guard list.kind(list.root) == .array else { return nil }
      var strings: [String] = []
      for element in list.elements(of: list.root) {
        guard list.kind(element) == .string else { return nil }
        strings.append(list.text(element))
      }
      return strings
    }
  }
}

extension JSONDocument {
  /// What a member of that name says as one text, a translation included; nil when it says nothing.
  fileprivate func string(_ name: StaticString, of object: Int) -> String? {
    member(name, of: object).flatMap { translated($0) }.map { text($0) }
  }
}

/// A question to `package_search`. CKAN refuses parameters that it does not know, so these are all.
struct SearchQuery: Sendable, Equatable {
  var start = 0
  /// The portal may serve fewer, silently.
  var rows: Int
  /// Only `id` is a total order at every portal (docs/portal.md, "Searching").
  var sort = "id asc"
  /// Never with a bare `OR`: CKAN then ignores all of it. Write `+(a OR b)`.
  var filter: String?
  var words: String?
  /// Slim rows with these fields only; empty asks for whole records.
  var fields: [String] = []

  var parameters: [(name: String, value: String)] {
    var parameters = [("start", String(start)), ("rows", String(rows)), ("sort", sort)]
    if let filter { parameters.append(("fq", filter)) }
    if let words { parameters.append(("q", words)) }
    if !fields.isEmpty { parameters.append(("fl", fields.joined(separator: ","))) }
    return parameters.map { (name: $0.0, value: $0.1) }
  }
}

/// One GET.
struct PortalRequest: Sendable, Equatable {
  /// Fully percent-encoded.
  var url: String
  /// How long the whole of it may take, redirects and body included.
  var timeout: Duration
  /// Besides those that every request has.
  var headers: [String: String] = [:]
}

/// What came, whatever its status; the body is whole and decompressed.
struct PortalResponse: Sendable, Equatable {
  var status: Int
  /// By lower-case name; of a repeated header the first.
  var headers: [String: String]
  var body: [UInt8]
  /// What was sent with the request, and may have come back.
  private let secrets: Secrets

  init(
    status: Int, headers: [String: String] = [:], body: [UInt8], secrets: Secrets = .none
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.secrets = secrets
  }

  /// The beginning of the body, without what is secret. That is taken out before the text is cut:
  /// half a secret would not be recognized.
  var excerpt: String? { excerpt(of: body) }

  func excerpt(of bytes: some Collection<UInt8>) -> String? {
    Excerpt.of(secrets.redacted(Array(bytes.prefix(Self.inspectedBytes))))
  }

  /// Far more than an excerpt shows, however it is escaped.
  private static let inspectedBytes = 16 * Excerpt.bytesMax

  /// The portal's time when it answered: its `Date` header.
  var date: Date? { headers["date"].flatMap { HTTPDate.parse($0, now: Date()) } }
}

/// The way to the portal; a test gives another.
typealias Fetch = @Sendable (PortalRequest) async throws(PortalError) -> PortalResponse

/// What asking for a value list brought.
enum ListAnswer: Sendable, Equatable {
  /// The server says that the content is still the one with these validators.
  case unchanged
  case content([Concept], ListValidators)
}

extension Portal {
  /// Of a request for a list: what is not mended by then can wait for the next run.
  private static let listRetries = 2

  /// Reads a value list, or learns that it has not changed.
  ///
  /// - Parameter validators: of the content that we have; nil asks for the whole.
  /// - Throws: why there is none; a list that cannot be read to its end is an error too.
  func valueList(
    _ list: ValueList, unlessStill validators: ListValidators?
  ) async throws(PortalError) -> ListAnswer {
    var conditions: [String: String] = [:]
    conditions["If-None-Match"] = validators?.etag
    conditions["If-Modified-Since"] = validators?.lastModified
    let isConditional = !conditions.isEmpty
    return try await get(
      list.url, headers: conditions, called: list.name,
      retries: min(settings.retries, Self.listRetries)
    ) { response in
      if response.status == 304, isConditional { return .unchanged }
      return try Self.content(of: response, from: list.url, now: clock.now())
    }
  }

  private static func content(
    of response: PortalResponse, from url: String, now: Date
  ) throws(PortalError) -> ListAnswer {
    guard response.status == 200 else {
      var error = PortalAnswer.error(status: response, now: now)
      error.message = "\(url) answered with HTTP \(response.status)."
      error.excerpt = nil
      throw error
    }
    do {
      return .content(
        try ValueListReader.concepts(in: response.body),
        ListValidators(
          etag: response.headers["etag"], lastModified: response.headers["last-modified"]))
    } catch {
      throw unusable(response, from: url, error)
    }
  }

  private static func unusable(
    _ response: PortalResponse, from url: String, _ fault: ValueListReader.Fault
  ) -> PortalError {
    var error = PortalError(
      reason: .notAList, nature: .notCKAN, message: "\(url) is no value list: it \(fault.what)",
      status: 200, excerpt: response.excerpt)
    guard fault.reason == .badJSON else { return error }
    error.reason = .notJSON
    // The publisher writes its files in place: half of one is whole a moment later.
    let begins = response.body.first { !Envelope.isSpace($0) }
    let ends = response.body.last { !Envelope.isSpace($0) }
    let isHalf =
      begins == .openBrace && ends != .closeBrace
      || begins == .openBracket && ends != .closeBracket
    if isHalf || begins == nil {
      error.reason = begins == nil ? .empty : .truncatedJSON
      error.nature = .temporary
    }
    return error
  }
}
