import NIOCore

/// The organizations or the groups of a catalogue, as found in its datasets.
///
/// Datasets carry copies that can differ; the newest dataset's copy is what the portal says now.
struct Groups {
  enum Kind: String { case organization, group }

  private struct Entry {
    var members: Catalogue.Members
    var count = 0
    var asOf: SolrDate
  }

  /// CKAN's caps per call (`ckan.group_and_organization_list_max`, `…_all_fields_max`); nothing in
  /// an answer tells that one was met.
  private static let namesMax = 1_000
  private static let allFieldsMax = 25

  private let kind: Kind
  private let entries: [Entry]

  init(_ kind: Kind, _ catalogue: Catalogue) {
    self.kind = kind
    var byName: [String: Entry] = [:]
    for record in catalogue.records where record.isListed {
      for object in record.objects(kind == .organization ? "organization" : "groups") {
        let members = Catalogue.Members(object)
        guard let name = members["name"] else { continue }
        let asOf = record.modified ?? SolrDate(milliseconds: .min)
        var entry = byName[name] ?? Entry(members: members, asOf: asOf)
        if entry.asOf < asOf { (entry.members, entry.asOf) = (members, asOf) }
        entry.count += 1
        byName[name] = entry
      }
    }
    entries = byName.sorted { $0.key < $1.key }.map(\.value)
  }

  func list(_ request: SamplePortal.Request) throws -> JSON {
    let window = try Window(request)
    let allFields = ["true", "1", "yes", "on"].contains(request["all_fields"]?.lowercased() ?? "")
    return allFields
      ? .array(window.of(entries, cap: Self.allFieldsMax).map(describe))
      : .strings(window.of(entries, cap: Self.namesMax).compactMap { $0.members["name"] })
  }

  func show(_ request: SamplePortal.Request) throws -> JSON {
    guard let id = request["id"], !id.isEmpty else {
      throw CKANError.validation("id", "Missende waarde")
    }
    let found = entries.first { $0.members["id"] == id || $0.members["name"] == id }
    guard let found else { throw CKANError.notFound }
    return describe(found)
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
