import CSerd

/// What a statement of RDF says of its subject.
enum RDFObject: Hashable {
  case iri(String)
  /// - Parameter language: a tag of BCP 47.
  case text(String, language: String? = nil)
  /// - Parameter type: the IRI of a datatype.
  case value(String, type: String)
}

/// The statements of one subject, each once, in the order in which they were made.
struct RDFSubject {
  let iri: String
  private(set) var statements: [(predicate: String, object: RDFObject)] = []
  private var known: Set<Statement> = []

  private struct Statement: Hashable {
    var predicate: String
    var object: RDFObject
  }

  init(_ iri: String, a types: String...) {
    self.iri = iri
    for type in types { add(Vocabulary.type, .iri(type)) }
  }

  mutating func add(_ predicate: String, _ object: RDFObject) {
    guard known.insert(Statement(predicate: predicate, object: object)).inserted else { return }
    statements.append((predicate, object))
  }

  typealias Vocabulary = RDFVocabulary
}

/// The namespaces that a graph of ours names.
enum RDFVocabulary {
  static let type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

  /// In the order in which they are declared.
  static let prefixes: [(name: String, iri: String)] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcatap", "http://data.europa.eu/r5r/"),
    ("dct", "http://purl.org/dc/terms/"),
    // DCAT-AP-DONL names terms of its own and publishes no namespace for them.
    ("donl", "urn:dcat-ap-donl:"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("overheid", "http://standaarden.overheid.nl/owms/terms/"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("schema", "http://schema.org/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
  ]

  private static let namespaces = Dictionary(
    uniqueKeysWithValues: prefixes.map { ($0.name, $0.iri) })

  /// The IRI of a term such as `dct:title`; nil where the prefix is none of ours, or more stands there.
  static func iri(_ term: String) -> String? {
    let parts = term.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let namespace = namespaces[String(parts[0])],
      parts[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { return nil }
    return namespace + parts[1]
  }

  /// A text as an IRI: what no IRI may hold is percent-encoded (RFC 3987, 3.1). Nil where there is no
  /// scheme, or nothing behind it, or the scheme is a prefix of ours (`dct:x` is an abbreviation).
  static func escapedIRI(_ text: String) -> String? {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
      text.utf8.index(after: colon) < text.utf8.endIndex,
      let first = text.utf8.first, isLetter(first),
      text.utf8[..<colon].allSatisfy({
        isLetter($0) || $0.isDigit || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E
      }), namespaces[String(text[..<colon])] == nil
    else { return nil }
    if text.utf8.allSatisfy({ isPlain($0) }) { return text }
    var escaped = ""
    let scalars = Array(text.unicodeScalars)
    var hasFragment = false
    for (index, scalar) in scalars.enumerated() {
      let isEscape =
        scalar == "%" && index + 2 < scalars.count
        && scalars[(index + 1)...(index + 2)].allSatisfy(\.properties.isASCIIHexDigit)
      // A second number sign ends no fragment.
      let isAllowed = isEscape || (isAllowed(scalar) && !(scalar == "#" && hasFragment))
      hasFragment = hasFragment || scalar == "#"
      if isAllowed {
        escaped.unicodeScalars.append(scalar)
      } else {
        for byte in String(scalar).utf8 {
          escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
      }
    }
    return escaped
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// Unreserved or reserved, but for the brackets and the number sign, which are not allowed everywhere.
  private static func isPlain(_ byte: UInt8) -> Bool {
    isLetter(byte) || byte.isDigit || "-._~:/?@!$&'()*+,;=".utf8.contains(byte)
  }

  /// `ucschar` and `iprivate` of RFC 3987, without the marks that turn the direction of text (4.1).
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x80 else {
      return isPlain(UInt8(scalar.value)) || scalar == "#"
    }
    guard scalar.value >= 0xA0, !scalar.isUnsafeToShow, scalar.value & 0xFFFF < 0xFFFE else {
      return false
    }
    return switch scalar.value {
    case 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xFFF0...0xFFFF, 0xE0000...0x10FFFF: false
    default: !scalar.properties.isWhitespace
    }
  }
}

/// Writes subjects one after the other.
protocol GraphWriter {
  func write(_ subject: RDFSubject) throws
  func finish() throws
}

/// N-Triples and Turtle, as libserd writes them (drobilla.net/software/serd).
final class SerdGraphWriter: GraphWriter {
  private let writer: OpaquePointer
  private let environment: OpaquePointer
  private let sink: ExportSink

  init(_ format: ExportFormat, into sink: ExportSink) throws {
    self.sink = sink
    let syntax = format == .turtle ? SERD_TURTLE : SERD_NTRIPLES
    let style = SerdStyle(
      rawValue: format == .turtle ? SERD_STYLE_ABBREVIATED.rawValue | SERD_STYLE_CURIED.rawValue : 0
    )
    let stream = Unmanaged.passUnretained(sink.buffer).toOpaque()
    guard let environment = serd_env_new(nil) else { throw Self.failure(SERD_ERR_INTERNAL) }
    guard
      let writer = serd_writer_new(
        syntax, style, environment, nil,
        { bytes, count, stream in
          Unmanaged<ByteWriter>.fromOpaque(stream).takeUnretainedValue()
            .append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
          return count
        }, stream)
    else {
      serd_env_free(environment)
      throw Self.failure(SERD_ERR_INTERNAL)
    }
    self.environment = environment
    self.writer = writer
    guard format == .turtle else { return }
    for (name, iri) in RDFVocabulary.prefixes {
      try with(SERD_LITERAL, name) { name in
        try with(SERD_URI, iri) { iri in
          serd_env_set_prefix(environment, name, iri)
          try check(serd_writer_set_prefix(writer, name, iri))
        }
      }
    }
  }

  deinit {
    serd_writer_free(writer)
    serd_env_free(environment)
  }

  func write(_ subject: RDFSubject) throws {
    try with(SERD_URI, subject.iri) { node in
      for (predicate, object) in subject.statements {
        try with(SERD_URI, predicate) { try write(node, $0, object) }
      }
    }
    try sink.drain()
  }

  private func write(
    _ subject: UnsafePointer<SerdNode>, _ predicate: UnsafePointer<SerdNode>, _ object: RDFObject
  ) throws {
    func tell(
      _ object: UnsafePointer<SerdNode>, _ type: UnsafePointer<SerdNode>?,
      _ language: UnsafePointer<SerdNode>?
    ) throws {
      try check(
        serd_writer_write_statement(writer, 0, nil, subject, predicate, object, type, language))
    }
    switch object {
    case .iri(let iri): try with(SERD_URI, iri) { try tell($0, nil, nil) }
    case .text(let text, nil): try with(SERD_LITERAL, text) { try tell($0, nil, nil) }
    case .text(let text, let language?):
      try with(SERD_LITERAL, text) { node in
        try with(SERD_LITERAL, language) { try tell(node, nil, $0) }
      }
    case .value(let text, let type):
      try with(SERD_LITERAL, text) { node in
        try with(SERD_URI, type) { try tell(node, $0, nil) }
      }
    }
  }

  func finish() throws { try check(serd_writer_finish(writer)) }

  private func with(
    _ kind: SerdType, _ text: String, _ body: (UnsafePointer<SerdNode>) throws -> Void
  ) throws {
    var text = text
    try text.withUTF8 { bytes in
      var node = serd_node_from_substring(kind, bytes.baseAddress, bytes.count)
      try body(&node)
    }
  }

  private func check(_ status: SerdStatus) throws {
    guard status == SERD_SUCCESS else { throw Self.failure(status) }
  }

  private static func failure(_ status: SerdStatus) -> Failure {
    Failure(
      .internalError, reason: "rdf",
      "libserd refuses what we write: \(String(cString: serd_strerror(status))).")
  }
}

/// JSON-LD 1.1 in its compact form: one context, one object a subject.
final class JSONLDWriter: GraphWriter {
  private let sink: ExportSink
  private var isFirst = true

  init(into sink: ExportSink) {
    self.sink = sink
    let out = sink.buffer
    out.append("{\"@context\":")
    var context = JSONLine(out)
    for (name, iri) in RDFVocabulary.prefixes { context.add(member: name, iri) }
    context.close()
    out.append(",\"@graph\":[\n")
  }

  func write(_ subject: RDFSubject) throws {
    let out = sink.buffer
    if !isFirst { out.append(",\n") }
    isFirst = false
    var line = JSONLine(out)
    line.add("@id", subject.iri)
    let types = subject.statements.filter { $0.predicate == RDFVocabulary.type }
    line.add("@type", json: Self.list(types.map { Self.json($0.object, isType: true) }))
    var seen: Set<String> = [RDFVocabulary.type]
    for (predicate, _) in subject.statements where seen.insert(predicate).inserted {
      let objects = subject.statements.filter { $0.predicate == predicate }.map {
        Self.json($0.object)
      }
      line.add(member: Self.compact(predicate), json: Self.list(objects))
    }
    line.close()
    try sink.drain()
  }

  func finish() { sink.buffer.append("\n]}\n") }

  private static func list(_ values: [[UInt8]]) -> [UInt8] {
    guard values.count != 1 else { return values[0] }
    return [.openBracket] + values.joined(separator: [.comma]) + [.closeBracket]
  }

  private static func json(_ object: RDFObject, isType: Bool = false) -> [UInt8] {
    let out = ByteWriter(capacity: 256)
    switch object {
    case .iri(let iri) where isType: compact(iri).withView { JSONText.write($0, into: out) }
    case .iri(let iri):
      var line = JSONLine(out)
      line.add("@id", iri)
      line.close()
    case .text(let text, nil): text.withView { JSONText.write($0, into: out) }
    case .text(let text, let language?):
      var line = JSONLine(out)
      line.add("@language", language)
      line.add("@value", text)
      line.close()
    case .value(let text, let type):
      var line = JSONLine(out)
      line.add("@type", compact(type))
      line.add("@value", text)
      line.close()
    }
    return Array(out.bytes)
  }

  private static func compact(_ iri: String) -> String {
    for (name, namespace) in RDFVocabulary.prefixes where iri.hasPrefix(namespace) {
      return "\(name):\(iri.dropFirst(namespace.count))"
    }
    return iri
  }
}
