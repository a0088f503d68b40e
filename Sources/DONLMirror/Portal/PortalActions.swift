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
      guard let names = try Self.result(response) as? [String] else {
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

  /// CKAN serves at most 25 of these at a time and says so nowhere (CKAN-OBSERVED.md).
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

  /// The `result` of a small answer.
  private static func result(_ response: PortalResponse) throws -> Any? {
    let object = try JSONSerialization.jsonObject(with: Data(response.body))
    return (object as? [String: Any])?["result"]
  }
}

extension JSONDocument {
  /// What a member of that name says as one text, a translation included; nil when it says nothing.
  fileprivate func string(_ name: StaticString, of object: Int) -> String? {
    member(name, of: object).flatMap { translated($0) }.map { text($0) }
  }
}
