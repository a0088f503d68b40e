import NIOCore

/// The tags of a catalogue.
struct Tags<Catalogue: ServedCatalogue> {
  private let catalogue: Catalogue

  init(_ catalogue: Catalogue) { self.catalogue = catalogue }

  /// - Returns: by name; CKAN gives no order.
  func list(_ request: CKANRequest) throws -> JSON {
    let window = try Window(request)
    let wanted = request["query"]?.lowercased() ?? ""
    let names = try catalogue.withIndex(["tags"]) { $0.newest(by: "tags").map(\.value) }
    return .strings(
      window.of(
        names.filter { wanted.isEmpty || $0.lowercased().contains(wanted) }.map(ByteOrdered.init)
          .sorted().map(\.text)))
  }

  func show(_ request: CKANRequest) throws -> JSON {
    guard let id = request["id"], !id.isEmpty else {
      throw CKANError.validation("id", "Missende waarde")
    }
    let tags = try catalogue.withIndex(["tags"]) { $0.newest(by: "tags") }
    guard let tag = tags.first(where: { $0.value.utf8.elementsEqual(id.utf8) }),
      let record = try catalogue.record(tag.key),
      let object = RecordFields(record).objects("tags").first(where: { Members($0)["name"] == id })
    else { throw CKANError.notFound }
    return .raw(object)
  }
}
