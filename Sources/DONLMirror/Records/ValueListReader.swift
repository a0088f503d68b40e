/// Reads a value list, in whichever of the three shapes it is published (docs/portal.md, "Value lists"):
///
///     {"URI": {"labels": {"nl-NL": …, "en-US": …}, "parent": …, "type": …, "slug": …}, …}
///     [{"id": "URI", "title": …}, …]                                            a licence register
///     [{"identifier": "URI", "label_nl": …, "label_en": …, "children": […]}, …] the site's service
///
/// All of it can be read, or none: half a list would make the rest look removed.
enum ValueListReader {
  struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    enum Reason: String, Sendable {
      /// Not JSON, or only the beginning of it: a web page, a file that was half written.
      case badJSON = "bad_json"
      /// JSON of another shape.
      case notAList = "not_a_list"
    }

    var reason: Reason
    /// Completes "it …".
    var what: String

    var description: String { what }
  }

  /// The entries in the order as sent, each URI once; of one that comes again the last counts, as
  /// for all who load the list into a dictionary.
  static func concepts(in bytes: [UInt8]) throws(Fault) -> [Concept] {
    let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    var reader = JSONReader()
    let read: Result<[Concept], Fault>
    do {
      read = try reader.read(isMarked ? Array(bytes.dropFirst(3)) : bytes) { document in
        var reading = Reading(document)
        return Result { () throws(Fault) in try reading.all() }
      }
    } catch {
      throw Fault(reason: .badJSON, what: "is no JSON at \(error.detail)")
    }
    return try read.get()
  }

  private struct Reading {
    let document: JSONDocument
    private var concepts: [Concept] = []
    /// By the bytes of the URI: to Swift, two spellings of one letter would be the same text.
    private var places: [[UInt8]: Int] = [:]

    init(_ document: JSONDocument) { self.document = document }

    mutating func all() throws(Fault) -> [Concept] {
      switch document.kind(document.root) {
      case .object: try readStandard()
      case .array: try readEntries(of: document.root, below: nil)
      default: throw Fault(reason: .notAList, what: "is neither an object nor an array")
      }
      return concepts
    }

    private mutating func readStandard() throws(Fault) {
      // A key stands before its value; by place, because the reader sorts members by their bytes.
      for key in document.keys(of: document.root).sorted() {
        let uri = document.key(key).text
        let entry = document.value(ofKey: key)
        guard !uri.isEmpty, let labels = document.member("labels", of: entry),
          document.kind(labels) == .object
        else { throw Self.odd(uri) }
        take(
          Concept(
            uri: uri, labelNL: text("nl-NL", of: labels), labelEN: text("en-US", of: labels),
            parent: text("parent", of: entry), type: text("type", of: entry),
            slug: text("slug", of: entry)))
      }
    }

    /// Recursive, and no deeper than half of what `JSONReader` takes.
    private mutating func readEntries(of array: Int, below parent: String?) throws(Fault) {
      for entry in document.elements(of: array) {
        guard document.kind(entry) == .object else { throw Self.odd(parent ?? "") }
        guard
          let uri = text("field_identifier", of: entry) ?? text("identifier", of: entry)
        else {
          try readLicense(entry)
          continue
        }
        take(
          Concept(
            uri: uri, labelNL: text("label_nl", of: entry), labelEN: text("label_en", of: entry),
            parent: text("parent_identifier", of: entry) ?? text("parent", of: entry) ?? parent,
            type: text("organization_type", of: entry), slug: text("name_slug", of: entry)))
        guard let children = document.member("children", of: entry) else { continue }
        guard document.kind(children) == .array else { throw Self.odd(uri) }
        try readEntries(of: children, below: uri)
      }
    }

    private mutating func readLicense(_ entry: Int) throws(Fault) {
      guard let uri = text("id", of: entry), let title = text("title", of: entry) else {
        throw Self.odd("")
      }
      take(Concept(uri: uri, labelNL: title))
    }

    private mutating func take(_ concept: Concept) {
      let key = Array(concept.uri.utf8)
      if let place = places[key] {
        concepts[place] = concept
      } else {
        places[key] = concepts.count
        concepts.append(concept)
      }
    }

    /// Absent, null, empty and what is no string are one.
    private func text(_ name: StaticString, of object: Int) -> String? {
      guard let value = document.member(name, of: object), document.kind(value) == .string else {
        return nil
      }
      return document.text(value)
    }

    private static func odd(_ uri: String) -> Fault {
      let place = uri.isEmpty ? "" : " at \(uri.prefix(200))"
      return Fault(reason: .notAList, what: "holds what is no entry of a value list\(place)")
    }
  }
}
