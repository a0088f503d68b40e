import NIOCore

extension Catalogue {
  /// One dataset as it is served: its bytes, untouched, and what the index knows of it.
  public struct Record: Sendable {
    let bytes: ByteBuffer
    public let id: String
    public let name: String
    public let state: String
    public let isPrivate: Bool
    /// `metadata_modified` as written in the record.
    public let metadataModified: String
    let modified: SolrDate?
    let created: SolrDate?

    /// The JSON text of the record as it is served.
    public var json: String { String(buffer: bytes) }

    /// Anonymous visitors see active and public datasets only.
    public var isListed: Bool { state == "active" && !isPrivate }

    /// - Throws: `JSONScanner.Malformed` if the bytes are no object or bear no string `id`.
    init(_ bytes: ByteBuffer) throws {
      var id = ""
      var name = ""
      var state = "active"
      var isPrivate = false
      var modified = ""
      var created = ""
      try bytes.withUnsafeReadableBytes { raw in
        try JSONScanner.members(of: raw) { key, value in
          // A later key of the same name wins, as in the parsers of CKAN and ours.
          switch key {
          case "id": id = JSONScanner.string(raw, value) ?? ""
          case "name": name = JSONScanner.string(raw, value) ?? ""
          case "state": state = JSONScanner.string(raw, value) ?? "active"
          case "private": isPrivate = raw[value.lowerBound] == UInt8(ascii: "t")
          case "metadata_modified": modified = JSONScanner.string(raw, value) ?? ""
          case "metadata_created": created = JSONScanner.string(raw, value) ?? ""
          default: break
          }
        }
      }
      guard !id.isEmpty else { throw JSONScanner.Malformed() }
      self.bytes = bytes
      self.id = id
      self.name = name
      self.state = state
      self.isPrivate = isPrivate
      self.metadataModified = modified
      self.modified = SolrDate(naive: modified)
      self.created = SolrDate(naive: created)
    }

    /// The JSON of a top-level value, as written; nil if there is no such key.
    func raw(_ field: String) -> ByteBuffer? {
      var found: Range<Int>?
      bytes.withUnsafeReadableBytes { raw in
        try? JSONScanner.members(of: raw) { key, value in
          if key == field { found = value }
        }
      }
      return found.flatMap { range in
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
      }
    }

    /// The values of a top-level field: a string, each string of a list, the spelling of a number
    /// or a boolean; empty for null, for objects and for a key that is not there.
    public func strings(_ field: String) -> [String] {
      raw(field)?.withUnsafeReadableBytes { raw in
        let whole = 0..<raw.count
        switch raw.first {
        case UInt8(ascii: "["):
          return JSONScanner.elements(of: raw, whole).compactMap { JSONScanner.string(raw, $0) }
        case UInt8(ascii: "\""): return JSONScanner.string(raw, whole).map { [$0] } ?? []
        case UInt8(ascii: "{"), UInt8(ascii: "n"), nil: return []
        default: return [String(decoding: raw, as: UTF8.self)]
        }
      } ?? []
    }

    /// The objects of a top-level field that is an object or a list of objects.
    func objects(_ field: String) -> [ByteBuffer] {
      guard let value = raw(field) else { return [] }
      let ranges = value.withUnsafeReadableBytes { raw in
        raw.first == UInt8(ascii: "{")
          ? [0..<raw.count]
          : JSONScanner.elements(of: raw, 0..<raw.count).filter {
            raw[$0.lowerBound] == UInt8(ascii: "{")
          }
      }
      return ranges.compactMap {
        value.getSlice(at: value.readerIndex + $0.lowerBound, length: $0.count)
      }
    }

    /// What the index holds under a field name; the names that CKAN maps are mapped.
    func indexed(_ field: String) -> [String] {
      switch field {
      case "id": [id]
      case "name": [name]
      case "title_string": strings("title")
      case "dataset_type": strings("type")
      case "entity_type": ["package"]
      case "capacity": [isPrivate ? "private" : "public"]
      case "organization": objects("organization").flatMap { Members($0).strings("name") }
      case "groups", "tags": objects(field).flatMap { Members($0).strings("name") }
      case "res_format", "res_name", "res_url", "res_description":
        objects("resources").flatMap { Members($0).strings(String(field.dropFirst(4))) }
      default: strings(field)
      }
    }

    /// The words that a text search sees: lower-cased, of name, title, notes and tags.
    var words: Set<String> {
      let texts = [name] + strings("title") + strings("notes") + indexed("tags")
      return Set(texts.flatMap(splitIntoWords))
    }
  }

  /// The string members of a nested object.
  struct Members {
    private var values: [String: String] = [:]

    init(_ object: ByteBuffer) {
      object.withUnsafeReadableBytes { raw in
        try? JSONScanner.members(of: raw) { key, value in
          values[key] = JSONScanner.string(raw, value)
        }
      }
    }

    subscript(key: String) -> String? { values[key] }

    func strings(_ key: String) -> [String] { values[key].map { [$0] } ?? [] }
  }
}

func splitIntoWords(_ text: String) -> [String] {
  text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
}
