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
