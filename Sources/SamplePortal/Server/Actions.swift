import NIOCore

/// The actions of the API, each a question to the catalogue.
struct Actions: Sendable {
  let catalogue: Catalogue
  let settings: SamplePortal.Settings
  let search: @Sendable (PackageSearch) throws -> [Catalogue.Record]

  /// The answer to a request, wrapped in CKAN's envelope.
  func answer(_ request: SamplePortal.Request, siteURL: String) -> SamplePortal.Answer {
    guard let action = request.action else {
      return Self.isRoot(request.path) ? .json(200, ["version": 3]) : .notFoundPage()
    }
    if request.jsonBodyIsBad {
      return .json(
        400, "Onjuiste aanvraag - JSON Error: Error decoding JSON data. Error: 400: Bad Request")
    }
    let help = JSON.string("\(siteURL)/api/3/action/help_show?name=\(action)")
    do {
      guard let result = try result(of: action, request) else {
        return .json(400, .string("Onjuiste aanvraag - Action name not known: \(action)"))
      }
      return .json(200, ["help": help, "success": true, "result": result])
    } catch let error as CKANError {
      return .json(
        error.status, ["help": help, "error": .object(error.members), "success": false])
    } catch {
      return .json(
        500, ["help": help, "error": ["__type": "Internal Server Error"], "success": false])
    }
  }

  private static func isRoot(_ path: String) -> Bool {
    ["/data/api/3", "/api/3", "/data/api", "/api"].contains(
      path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
  }

  /// nil if there is no such action.
  private func result(of action: String, _ request: SamplePortal.Request) throws -> JSON? {
    switch action {
    case "package_search":
      var search = try PackageSearch(request, rowsCap: settings.rowsCap)
      if settings.ignoresFields { search.fields = [] }
      return search.result(
        try self.search(search), unserved: catalogue.unserved, startMax: settings.startMax)
    case "package_list": return try packageList(request)
    case "package_show": return try packageShow(request)
    case "organization_list": return try Groups(.organization, catalogue).list(request)
    case "group_list": return try Groups(.group, catalogue).list(request)
    case "organization_show": return try Groups(.organization, catalogue).show(request)
    case "group_show": return try Groups(.group, catalogue).show(request)
    case "tag_list": return tagList()
    case "license_list": return Licence.register
    case "status_show": return status()
    case "site_read": return true
    default: return nil
    }
  }

  private func packageList(_ request: SamplePortal.Request) throws -> JSON {
    let names = catalogue.records.filter(\.isListed).map { ByteOrdered($0.name) }.sorted()
    return .strings(try Window(request).of(names.map(\.text)))
  }

  private func packageShow(_ request: SamplePortal.Request) throws -> JSON {
    guard let id = request["id"] ?? request["name_or_id"], !id.isEmpty else {
      throw CKANError.validation("name_or_id", "Missende waarde")
    }
    guard let record = catalogue.find(id) else {
      throw catalogue.isWithdrawn(id) ? CKANError.unauthorized(id) : CKANError.notFound
    }
    guard record.isListed else { throw CKANError.unauthorized(id) }
    return .raw(record.bytes)
  }

  private func tagList() -> JSON {
    var seen: Set<String> = []
    let tags = catalogue.records.filter(\.isListed).flatMap { $0.indexed("tags") }
    return .strings(tags.filter { seen.insert($0).inserted })
  }

  private func status() -> JSON {
    [
      "site_title": "Voorbeeldportaal", "site_description": "", "site_url": "http://127.0.0.1",
      "error_emails_to": nil, "locale_default": "nl", "extensions": ["dataoverheid"],
      "ckan_version": .string(settings.ckanVersion),
    ]
  }
}

/// `limit` and `offset` of the list actions.
struct Window {
  private let limit: Int?
  private let offset: Int

  init(_ request: SamplePortal.Request) throws {
    limit = try Self.natural(request, "limit")
    offset = try Self.natural(request, "offset") ?? 0
  }

  private static func natural(_ request: SamplePortal.Request, _ name: String) throws -> Int? {
    guard let text = request[name], !text.isEmpty else { return nil }
    guard let number = Int(text) else {
      throw CKANError.validation(name, "Ongeldig geheel getal", "Vul een geheel getal in")
    }
    guard number >= 0 else {
      throw CKANError.validation(name, "Moet een natuurlijk getal zijn")
    }
    return number
  }

  /// The part of the list in the window; a limit of 0 is no limit, and a cap is silent.
  func of<Element>(_ list: [Element], cap: Int = .max) -> [Element] {
    let asked = limit.flatMap { $0 == 0 ? nil : $0 } ?? .max
    return Array(list.dropFirst(offset).prefix(min(asked, cap)))
  }
}
