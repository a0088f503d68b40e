import Foundation

/// Value lists: what is read has a URI of its own each, and reads the same when written again.
func checkValueList(_ input: [UInt8]) {
  guard let concepts = try? ValueListReader.concepts(in: input) else { return }
  let uris = concepts.map { Array($0.uri.utf8) }
  demand(Set(uris).count == uris.count, "each URI is there once")
  demand(!uris.contains([]), "an entry has a URI")
  for concept in concepts {
    let texts = [
      concept.uri, concept.labelNL, concept.labelEN, concept.parent, concept.type, concept.slug,
    ].compactMap(\.self)
    demand(!texts.contains { $0.isEmpty || $0.utf8.contains(0) }, "text is there, and without NUL")
  }
  let written = written(concepts)
  let again = try? ValueListReader.concepts(in: Array(written.utf8))
  demand(again?.map(bytes) == concepts.map(bytes), "\(written) reads as written")
}

/// In the shape of the site's service, which can say all of it.
private func written(_ concepts: [Concept]) -> String {
  let encoder = JSONEncoder()
  let entries = concepts.map { concept in
    let members = [
      ("identifier", concept.uri), ("label_nl", concept.labelNL), ("label_en", concept.labelEN),
      ("parent", concept.parent), ("organization_type", concept.type), ("name_slug", concept.slug),
    ].compactMap { name, text -> String? in
      guard let text, let data = try? encoder.encode(text) else { return nil }
      return "\"\(name)\": " + String(decoding: data, as: UTF8.self)
    }
    return "{" + members.joined(separator: ", ") + "}"
  }
  return "[" + entries.joined(separator: ", ") + "]"
}

private func bytes(_ concept: Concept) -> [[UInt8]?] {
  [
    concept.uri, concept.labelNL, concept.labelEN, concept.parent, concept.type, concept.slug,
  ].map { $0.map { Array($0.utf8) } }
}
