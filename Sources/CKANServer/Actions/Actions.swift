import NIOCore

/// The actions of the API (`ckan/logic/action/get.py`), each a question to the catalogue.
package struct Actions<Catalogue: ServedCatalogue> {
  private let catalogue: Catalogue
  private let rowsCap: Int
  private let ignoresFields: Bool
  /// What stands before `/api` in the address of this server.
  private let base: String

  package init(_ catalogue: Catalogue, rowsCap: Int, base: String, ignoresFields: Bool = false) {
    self.catalogue = catalogue
    self.rowsCap = rowsCap
    self.base = base
    self.ignoresFields = ignoresFields
  }

  /// The answer to a request, wrapped in CKAN's envelope.
  ///
  /// - Throws: what is no fault of the request.
  package func answer(_ request: CKANRequest) throws -> CKANAnswer {
    guard let action = request.action else {
      return isRoot(request.path) ? .json(200, ["version": 3]) : .notFoundPage()
    }
    if request.jsonBodyIsBad {
      return .json(
        400, "Onjuiste aanvraag - JSON Error: Error decoding JSON data. Error: 400: Bad Request")
    }
    let help = JSON.string("\(base)/api/3/action/help_show?name=\(action)")
    do {
      guard let result = try result(of: action, request) else {
        return .json(400, .string("Onjuiste aanvraag - Action name not known: \(action)"))
      }
      return .json(200, ["help": help, "success": true, "result": result])
    } catch let error as CKANError {
      return .json(
        error.status, ["help": help, "error": .object(error.members), "success": false])
    }
  }

  private func isRoot(_ path: String) -> Bool {
    ["/data/api/3", "/api/3", "/data/api", "/api"].contains(
      path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
  }

  /// nil if there is no such action.
  private func result(of action: String, _ request: CKANRequest) throws -> JSON? {
    switch action {
    case "package_search": return try packageSearch(request)
    case "package_list": return try packageList(request)
    case "package_show": return try packageShow(request)
    case "current_package_list_with_resources": return try currentPackages(request)
    case "resource_show": return try Resources(catalogue).show(request)
    case "resource_search": return try Resources(catalogue).search(request)
    case "organization_list": return try Groups(.organization, catalogue).list(request)
    case "group_list": return try Groups(.group, catalogue).list(request)
    case "organization_show": return try Groups(.organization, catalogue).show(request)
    case "group_show": return try Groups(.group, catalogue).show(request)
    case "tag_list": return try Tags(catalogue).list(request)
    case "tag_show": return try Tags(catalogue).show(request)
    case "license_list": return .array(try catalogue.licenses().map(\.json))
    case "status_show": return try catalogue.site().json
    case "site_read": return true
    case "help_show": return try help(request)
    case "recently_changed_packages_activity_list": return try activities(request)
    default: return nil
    }
  }

  private func packageSearch(_ request: CKANRequest) throws -> JSON {
    var search = try PackageSearch(request, rowsCap: rowsCap)
    if ignoresFields { search.fields = [] }
    let found = try catalogue.search(search)
    return search.result(count: found.count, page: found.page, facets: found.facets)
  }

  /// `package_search` by another name: newest first, `limit` and `offset` for `rows` and `start`.
  private func currentPackages(_ request: CKANRequest) throws -> JSON {
    _ = try Window(request)
    let asked = request.only([
      ("rows", request["limit"]), ("start", request["offset"]),
      ("sort", "metadata_modified desc, id asc"),
    ])
    return .array(
      try catalogue.search(PackageSearch(asked, rowsCap: rowsCap)).page.map(JSON.raw))
  }

  private func packageList(_ request: CKANRequest) throws -> JSON {
    let window = try Window(request)
    return .strings(
      try catalogue.withIndex([]) { index in
        window.of(index.ordered(by: .byName, named: "name asc")).map {
          index.entries[Int($0)].name
        }
      })
  }

  private func packageShow(_ request: CKANRequest) throws -> JSON {
    guard let id = request["id"] ?? request["name_or_id"], !id.isEmpty else {
      throw CKANError.validation("name_or_id", "Missende waarde")
    }
    switch try catalogue.find(id) {
    case .record(let bytes): return .raw(bytes)
    case .withdrawn: throw CKANError.unauthorized(id)
    case .unknown: throw CKANError.notFound
    }
  }

  private func activities(_ request: CKANRequest) throws -> JSON? {
    let window = try Window(request)
    let activities = try catalogue.activities(
      limit: min(window.limit ?? Self.activitiesUsual, Self.activitiesMax), offset: window.offset)
    return activities.map { .array($0.map(\.json)) }
  }

  /// `ckan.activity_list_limit` and `ckan.activity_list_limit_max`.
  private static var activitiesUsual: Int { 31 }
  private static var activitiesMax: Int { 100 }

  private func help(_ request: CKANRequest) throws -> JSON {
    guard let name = request["name"], !name.isEmpty else {
      throw CKANError.validation("name", "Missende waarde")
    }
    guard let text = actionHelp[name] else { throw CKANError.notFound }
    return .string(text)
  }
}

private let actionHelp = [
  "package_search":
    "Searches for datasets: q, fq, fq_list, sort, rows, start, fl, facet.field, facet.limit.",
  "package_list": "The names of all datasets: limit, offset.",
  "package_show": "One dataset: id, which is its id or its name.",
  "current_package_list_with_resources": "Datasets, the newest first: limit, offset.",
  "resource_show": "One resource: id.",
  "resource_search":
    "Searches for resources: query (field:term, also as a list), order_by, offset, limit.",
  "organization_list": "The names of all organizations: all_fields, sort, limit, offset.",
  "organization_show": "One organization: id, which is its id or its name; include_datasets.",
  "group_list": "The names of all groups: all_fields, sort, limit, offset.",
  "group_show": "One group: id, which is its id or its name; include_datasets.",
  "tag_list": "The names of all tags: query, limit, offset.",
  "tag_show": "One tag: id, which is its name.",
  "license_list": "The licenses that datasets can have.",
  "status_show": "What this site is.",
  "site_read": "True.",
  "help_show": "What an action does: name.",
  "recently_changed_packages_activity_list": "The latest changes, the newest first: limit, offset.",
]
