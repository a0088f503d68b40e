import NIOCore

/// One dataset as it is served: its bytes, untouched, and what the index knows of it.
public struct PackageRecord: Sendable {
  package let bytes: ByteBuffer
  public let id: String
  public let name: String
  public let state: String
  public let isPrivate: Bool
  /// `metadata_modified` as written in the record.
  public let metadataModified: String
  package let modified: SolrDate?
  package let created: SolrDate?

  /// The JSON text of the record as it is served.
  public var json: String { String(buffer: bytes) }

  /// Anonymous visitors see active and public datasets only.
  public var isListed: Bool { state == "active" && !isPrivate }

  /// - Throws: `JSONScanner.Malformed` if the bytes are no object or bear no string `id`.
  package init(_ bytes: ByteBuffer) throws {
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

  /// Where its members stand.
  package var fields: RecordFields { RecordFields(bytes) }

  /// The JSON of a top-level value, as written; nil if there is no such key.
  package func raw(_ field: String) -> ByteBuffer? { fields.raw(field) }

  /// The values of a top-level field: a string, each string of a list, the spelling of a number
  /// or a boolean; empty for null, for objects and for a key that is not there.
  public func strings(_ field: String) -> [String] { fields.strings(field) }
}

/// The members of one record, found once.
package struct RecordFields {
  private let bytes: ByteBuffer
  /// In the order in which they stand; a later one of the same key wins, as in the parsers of CKAN and ours.
  private var places: [(key: Range<Int>, value: Range<Int>)] = []

  package init(_ bytes: ByteBuffer) {
    self.bytes = bytes
    var places: [(key: Range<Int>, value: Range<Int>)] = []
    places.reserveCapacity(96)
    bytes.withUnsafeReadableBytes { raw in
      do {
        try JSONScanner.places(of: raw) { key, value in places.append((key, value)) }
      } catch {
        // What stands before the fault can still be read.
      }
    }
    self.places = places
  }

  package var keys: [String] {
    bytes.withUnsafeReadableBytes { raw in
      places.compactMap { JSONScanner.string(raw, $0.key) }
    }
  }

  package func raw(_ field: String) -> ByteBuffer? {
    let found = bytes.withUnsafeReadableBytes { raw in
      places.last { JSONScanner.isKey(raw, $0.key, field) }?.value
    }
    return found.flatMap { range in
      bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
    }
  }

  /// The strings that the objects of a field have under one key.
  private func strings(_ key: String, ofEach field: String) -> [String] {
    guard let value = raw(field) else { return [] }
    return value.withUnsafeReadableBytes { raw in
      let objects =
        raw.first == UInt8(ascii: "{")
        ? [0..<raw.count] : JSONScanner.elements(of: raw, 0..<raw.count)
      return objects.compactMap { range in
        let object = UnsafeRawBufferPointer(rebasing: raw[range])
        var found: Range<Int>?
        try? JSONScanner.places(of: object) { name, value in
          if JSONScanner.isKey(object, name, key) { found = value }
        }
        return found.flatMap { JSONScanner.string(object, $0) }
      }
    }
  }

  package func strings(_ field: String) -> [String] {
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
  package func objects(_ field: String) -> [ByteBuffer] {
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

  /// What the index holds under a field name; the names that CKAN maps are mapped
  /// (`PackageSearchIndex.index_package`).
  package func indexed(_ field: String) -> [String] {
    switch field {
    case "title_string": strings("title")
    case "dataset_type": strings("type")
    case "entity_type": ["package"]
    case "capacity": [strings("private") == ["true"] ? "private" : "public"]
    case "organization", "groups", "tags": strings("name", ofEach: field)
    case "res_format", "res_name", "res_url", "res_description", "res_id":
      strings(String(field.dropFirst(4)), ofEach: "resources")
    default: strings(field)
    }
  }

  /// The texts that a word is looked for in.
  package func texts(_ field: String) -> [String] {
    field == "text"
      ? ["name", "title", "notes", "tags", "groups", "organization", "res_name", "res_description"]
        .flatMap(indexed) : strings(field)
  }
}

/// The string members of a nested object.
package struct Members {
  private var values: [String: String] = [:]

  package init(_ object: ByteBuffer) {
    object.withUnsafeReadableBytes { raw in
      try? JSONScanner.members(of: raw) { key, value in
        values[key] = JSONScanner.string(raw, value)
      }
    }
  }

  package subscript(key: String) -> String? { values[key] }
}
