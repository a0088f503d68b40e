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
      guard let entries = try Self.result(response) as? [Any] else {
        throw PortalAnswer.wrongShape(response)
      }
      return entries.compactMap { entry in
        guard let entry = entry as? [String: Any], let id = Self.text(entry, "id") else {
          return nil
        }
        return License(id: id, title: Self.text(entry, "title"), url: Self.text(entry, "url"))
      }
    }
  }

  func status() async throws(PortalError) -> PortalStatus {
    try await call("status_show") { response in
      guard let status = try Self.result(response) as? [String: Any] else {
        throw PortalAnswer.wrongShape(response)
      }
      return PortalStatus(
        ckanVersion: Self.text(status, "ckan_version"),
        siteTitle: Self.text(status, "site_title"),
        siteURL: Self.text(status, "site_url"),
        locale: Self.text(status, "locale_default"),
        extensions: (status["extensions"] as? [Any])?.compactMap { $0 as? String } ?? [])
    }
  }

  /// CKAN serves at most 25 of these at a time and says so nowhere (CKAN-OBSERVED.md).
  private static let groupsPerPage = 25
  /// More is no list of organizations but a portal that never ends.
  private static let groupsMax = 50_000

  private func groups(from action: String) async throws(PortalError) -> [CatalogGroup] {
    var groups: [CatalogGroup] = []
    var ids: Set<String> = []
    var offset = 0
    while groups.count < Self.groupsMax {
      let query: [(name: String, value: String)] = [
        ("all_fields", "true"), ("limit", String(Self.groupsPerPage)), ("offset", String(offset)),
      ]
      let page = try await call(action, query) { response in
        guard let entries = try Self.result(response) as? [[String: Any]] else {
          throw PortalAnswer.wrongShape(response)
        }
        return (count: entries.count, groups: entries.compactMap(Self.group))
      }
      // Some portals ignore the offset and begin again.
      let fresh = page.groups.filter { ids.insert($0.id).inserted }
      guard !fresh.isEmpty else { break }
      groups += fresh
      offset += page.count
    }
    return groups
  }

  private static func group(_ entry: [String: Any]) -> CatalogGroup? {
    guard let id = text(entry, "id") else { return nil }
    return CatalogGroup(
      id: id,
      name: text(entry, "name"),
      title: text(entry, "title") ?? text(entry, "display_name"),
      description: text(entry, "description"),
      imageURL: text(entry, "image_url") ?? text(entry, "image_display_url"),
      state: text(entry, "state"),
      created: text(entry, "created"))
  }

  /// The `result` of a small answer.
  private static func result(_ response: PortalResponse) throws -> Any? {
    let object = try JSONSerialization.jsonObject(with: Data(response.body))
    return (object as? [String: Any])?["result"]
  }

  /// Absent, null and empty are one.
  private static func text(_ object: [String: Any], _ key: String) -> String? {
    guard let text = object[key] as? String, !text.isEmpty else { return nil }
    return text
  }
}
