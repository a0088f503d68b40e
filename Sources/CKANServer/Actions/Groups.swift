import NIOCore

/// The organizations or the groups of a catalogue, as found in its datasets.
///
/// Datasets carry copies that can differ; the newest dataset's copy is what the portal says now.
struct Groups<Catalogue: ServedCatalogue> {
  private struct Entry {
    var members: Members
    var count: Int

    var name: String { members["name"] ?? "" }
    var title: String { members["title"] ?? "" }
  }

  private let kind: GroupKind
  private let catalogue: Catalogue

  init(_ kind: GroupKind, _ catalogue: Catalogue) {
    self.kind = kind
    self.catalogue = catalogue
  }

  /// CKAN's caps per call (`ckan.group_and_organization_list_max`, `…_all_fields_max`); nothing in
  /// an answer tells that one was met.
  private static var namesMax: Int { 1_000 }
  private static var allFieldsMax: Int { 25 }

  /// By name.
  private func entries() throws -> [Entry] {
    let found = try catalogue.withIndex([kind.field]) { $0.newest(by: kind.field) }
    return try found.sorted { ByteOrdered($0.value) < ByteOrdered($1.value) }.compactMap { group in
      try entry(group)
    }
  }

  private func entry(_ group: (value: String, count: Int, key: Int)) throws -> Entry? {
    guard let record = try catalogue.record(group.key) else { return nil }
    let copies = RecordFields(record).objects(kind.field).map(Members.init)
    return copies.last { $0["name"] == group.value }.map { Entry(members: $0, count: group.count) }
  }

  func list(_ request: CKANRequest) throws -> JSON {
    let window = try Window(request)
    let isWhole = ["true", "1", "yes", "on"].contains(request["all_fields"]?.lowercased() ?? "")
    let (key, ascending) = try order(request)
    guard isWhole || key != .name else {
      let names = try catalogue.withIndex([kind.field]) { $0.newest(by: kind.field).map(\.value) }
      let sorted = names.map(ByteOrdered.init).sorted().map(\.text)
      return .strings(window.of(ascending ? sorted : sorted.reversed(), cap: Self.namesMax))
    }
    var entries = try entries()
    switch key {
    case .name: break
    case .title: entries.sort { ByteOrdered($0.title) < ByteOrdered($1.title) }
    case .count: entries.sort { $0.count < $1.count }
    }
    if !ascending { entries.reverse() }
    return isWhole
      ? .array(window.of(entries, cap: Self.allFieldsMax).map(describe))
      : .strings(window.of(entries, cap: Self.namesMax).map(\.name))
  }

  private enum Key: String {
    case name, title
    case count = "package_count"
  }

  private func order(_ request: CKANRequest) throws -> (Key, ascending: Bool) {
    let text = request["sort"].flatMap { $0.isEmpty ? nil : $0 } ?? "name asc"
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let key = words.first.flatMap({ Key(rawValue: String($0)) }),
      words.count == 1 || (words.count == 2 && ["asc", "desc"].contains(words[1].lowercased()))
    else {
      throw CKANError.validation("sort", "Cannot sort by field `\(text)`")
    }
    return (key, words.last?.lowercased() != "desc")
  }

  func show(_ request: CKANRequest) throws -> JSON {
    guard let id = request["id"], !id.isEmpty else {
      throw CKANError.validation("id", "Missende waarde")
    }
    let groups = try catalogue.withIndex([kind.field]) { $0.newest(by: kind.field) }
    let found =
      try groups.first { $0.value.utf8.elementsEqual(id.utf8) }.flatMap { try entry($0) }
      ?? entries().first { $0.members["id"] == id }
    guard let found else { throw CKANError.notFound }
    guard ["true", "1", "yes"].contains(request["include_datasets"]?.lowercased() ?? "") else {
      return describe(found)
    }
    let filter =
      "\(kind.field):\"\(found.name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    let search = try PackageSearch(
      request.only([("fq", filter), ("rows", "1000")]), rowsCap: Self.namesMax)
    guard case .object(let members) = describe(found) else { return describe(found) }
    let packages = try catalogue.search(search).page.map(JSON.raw)
    return .object(members + [(key: "packages", value: .array(packages))])
  }

  private func describe(_ entry: Entry) -> JSON {
    let text = { (key: String) in JSON.string(entry.members[key] ?? "") }
    return [
      "approval_status": "approved", "created": entry.members["created"].map(JSON.string) ?? nil,
      "description": text("description"),
      "display_name": .string(entry.members["title"] ?? entry.members["display_name"] ?? ""),
      "id": text("id"), "image_display_url": text("image_display_url"),
      "image_url": text("image_url"), "is_organization": .bool(kind == .organization),
      "name": text("name"), "num_followers": 0, "package_count": .int(entry.count),
      "state": "active", "title": text("title"), "type": .string(kind.rawValue),
    ]
  }
}

enum GroupKind: String {
  case organization, group

  /// Of a record, and of the index.
  var field: String { self == .organization ? "organization" : "groups" }
}
