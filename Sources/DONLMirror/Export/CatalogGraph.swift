import Foundation

/// The catalogue as DCAT-AP, with the terms of DONL that the field table names (docs/export.md).
///
/// A field becomes what the table has in its column `dcat`; a field without one is left out. There are no
/// blank nodes: what has no address of its own has that of its dataset with a fragment.
struct CatalogGraph {
  private let snapshot: MirrorSnapshot
  private let catalog: String
  private let fields: [Place: FieldTable.Field]
  private let datasetRows: Statement
  private let values: Statement
  private let tags: Statement
  private let resources: Statement
  private let extras: Statement

  private struct Place: Hashable {
    var entity: FieldTable.Entity
    var field: String
  }

  /// - Parameter base: What IRIs begin with; nil: the portal's address.
  init(_ snapshot: MirrorSnapshot, base: String?) throws {
    self.snapshot = snapshot
    let source = snapshot.place.source
    let base = base ?? (source.contains("://") ? source : "urn:donl-mirror:\(source)")
    guard let catalog = RDFVocabulary.escapedIRI(base) else {
      throw Failure(
        .usage, reason: "usage",
        "--base takes an IRI such as https://data.example.org, not \(base).")
    }
    self.catalog = catalog.hasSuffix("/") ? String(catalog.dropLast()) : catalog
    fields = Dictionary(
      try FieldTable.standard().fields.map { (Place(entity: $0.entity, field: $0.name), $0) }
    ) { first, _ in first }
    let columns = DatasetColumn.names.joined(separator: ", ")
    datasetRows = try snapshot.statement("SELECT \(columns) FROM datasets WHERE id = ?")
    values = try snapshot.statement(
      """
      SELECT coalesce(resource_position, -1), field, value, uri FROM uri_values WHERE dataset_id = ?
      ORDER BY 1, field, position
      """)
    tags = try snapshot.statement("SELECT name FROM tags WHERE dataset_id = ? ORDER BY name")
    resources = try snapshot.statement(
      """
      SELECT position, name, description, url, size FROM resources WHERE dataset_id = ? ORDER BY position
      """)
    extras = try snapshot.statement(
      "SELECT coalesce(resource_position, -1), key, value, json_type FROM extras WHERE dataset_id = ? ORDER BY 1, 2"
    )
  }

  /// - Parameter ids: nil: all; else those of these that live.
  /// - Returns: how many datasets were written.
  func write(
    _ ids: [String]?, as format: ExportFormat, into sink: ExportSink,
    _ report: (_ done: Int, _ total: Int) -> Void
  ) throws -> Int {
    let writer: any GraphWriter =
      format == .jsonld ? JSONLDWriter(into: sink) : try SerdGraphWriter(format, into: sink)
    let total = try ids?.count ?? snapshot.liveCount()
    try writer.write(head())
    try writeConcepts(into: writer)
    var done = 0
    try eachID(ids) { id in
      for subject in try subjects(of: id) { try writer.write(subject) }
      done += 1
      if done.isMultiple(of: Export.reportEvery) { report(done, total) }
    }
    try writer.finish()
    return done
  }

  /// One dataset with its distributions, as JSON-LD.
  ///
  /// - Returns: false where no live dataset has this id.
  func write(dataset id: String, into sink: ExportSink) throws -> Bool {
    let subjects = try subjects(of: id)
    let writer = JSONLDWriter(into: sink)
    for subject in subjects { try writer.write(subject) }
    writer.finish()
    return !subjects.isEmpty
  }

  private func eachID(_ ids: [String]?, _ body: (String) throws -> Void) throws {
    let filter = ids == nil ? "" : " AND id IN (SELECT value FROM json_each(?))"
    try snapshot.eachRow(
      "SELECT id FROM all_datasets WHERE deleted_at IS NULL\(filter) ORDER BY id",
      try ids.map { [.text(try jsonArray($0))] } ?? []
    ) { row in
      if let id = row.text(0) { try body(id) }
    }
  }

  private func head() throws -> RDFSubject {
    var head = RDFSubject(catalog, a: Self.iri("dcat:Catalog"))
    let title = try snapshot.meta("portal_title") ?? snapshot.place.source
    head.add(Self.iri("dct:title"), .text(title))
    head.add(Self.iri("dct:description"), .text("A mirror of the catalogue of \(title)"))
    head.add(Self.iri("dct:publisher"), .iri(catalog + "#publisher"))
    head.add(Self.iri("dct:license"), .iri(Self.license))
    head.add(Self.iri("foaf:homepage"), .iri(catalog))
    return head
  }

  private static let license = "http://creativecommons.org/publicdomain/zero/1.0/"

  // MARK: Value lists

  /// The entries of value lists, of now and of before, as SKOS has them.
  private func writeConcepts(into writer: any GraphWriter) throws {
    var publisher = RDFSubject(
      catalog + "#publisher", a: Self.iri("foaf:Agent"), Self.iri("foaf:Organization"))
    publisher.add(Self.iri("foaf:name"), .text(snapshot.place.source))
    try writer.write(publisher)
    var schemes: [String: String] = [:]
    try snapshot.eachRow("SELECT name, url FROM value_lists ORDER BY name") { row in
      guard let name = row.text(0), let url = row.text(1), let iri = RDFVocabulary.escapedIRI(url)
      else { return }
      schemes[name] = iri
      var scheme = RDFSubject(iri, a: Self.iri("skos:ConceptScheme"))
      scheme.add(Self.iri("dct:title"), .text(name))
      try writer.write(scheme)
    }
    // An entry of several lists is one subject.
    var last: RDFSubject?
    var preferred: Set<String> = []
    try snapshot.eachRow(
      "SELECT uri, list, label_nl, label_en, parent FROM concepts ORDER BY uri, list"
    ) { row in
      guard let iri = row.text(0).flatMap(RDFVocabulary.escapedIRI), let list = row.text(1) else {
        return
      }
      if last?.iri != iri {
        if let last { try writer.write(last) }
        last = RDFSubject(iri, a: Self.iri("skos:Concept"))
        preferred = []
      }
      for (place, language) in [(Int32(2), "nl"), (3, "en")] {
        guard let label = row.text(place), !label.isEmpty else { continue }
        // SKOS allows one preferred label a language.
        let isFirst = preferred.insert(language).inserted
        last?.add(
          Self.iri(isFirst ? "skos:prefLabel" : "skos:altLabel"), .text(label, language: language))
        if list == "DONL:Organization" {
          last?.add(Self.iri("foaf:name"), .text(label, language: language))
        }
      }
      if list == "DONL:Organization" { last?.add(RDFVocabulary.type, .iri(Self.iri("foaf:Agent"))) }
      if let scheme = schemes[list] { last?.add(Self.iri("skos:inScheme"), .iri(scheme)) }
      if let parent = row.text(4).flatMap(RDFVocabulary.escapedIRI) {
        last?.add(Self.iri("skos:broader"), .iri(parent))
      }
    }
    if let last { try writer.write(last) }
  }

  // MARK: A dataset

  private func subjects(of id: String) throws -> [RDFSubject] {
    let iri = catalog + "/dataset/" + id.percentEncoded
    var dataset = RDFSubject(iri, a: Self.iri("dcat:Dataset"))
    var nodes = Nodes(of: iri)
    let columns = try columns(of: id)
    let language = Self.language(columns["metadata_language"]) ?? (isDutch ? "nl" : nil)
    for (field, text) in columns.sorted(by: { $0.key < $1.key }) {
      add(.dataset, field, text, language, to: &dataset, &nodes)
    }
    try tags.bind(id, at: 1)
    try tags.eachRow { row in
      if let tag = row.text(0) {
        dataset.add(Self.iri("dcat:keyword"), .text(tag, language: language))
      }
    }
    var distributions: [RDFSubject] = []
    try resources.bind(id, at: 1)
    try resources.eachRow { row in
      var distribution = RDFSubject(
        "\(iri)#distribution-\(row.integer(0))", a: Self.iri("dcat:Distribution"))
      for (place, field) in [(Int32(1), "name"), (2, "description"), (4, "size")] {
        if let text = row.text(place), !text.isEmpty {
          add(.resource, field, text, language, to: &distribution, &nodes)
        }
      }
      dataset.add(Self.iri("dcat:distribution"), .iri(distribution.iri))
      distributions.append(distribution)
    }
    func tell(_ resource: Int, _ field: String, _ text: String) {
      if resource < 0 {
        add(.dataset, field, text, language, to: &dataset, &nodes)
      } else if resource < distributions.count {
        add(.resource, field, text, language, to: &distributions[resource], &nodes)
      }
    }
    try values.bind(id, at: 1)
    try values.eachRow { row in
      guard let field = row.text(1) else { return }
      if let uri = row.text(3) {
        tell(Int(row.integer(0)), field, uri)
      } else if field == "identifier", let value = row.text(2) {
        tell(-1, field, value)
      }
    }
    try extras.bind(id, at: 1)
    try extras.eachRow { row in
      guard let field = row.text(1), let value = row.text(2), !value.isEmpty else { return }
      let isList = row.text(3) == "array"
      for text in isList ? Self.texts(of: value) : [value] {
        tell(Int(row.integer(0)), field, text)
      }
    }
    if dataset.statements.allSatisfy({ $0.predicate != Self.iri("dct:identifier") }) {
      dataset.add(Self.iri("dct:identifier"), .text(id))
    }
    var record = RDFSubject(iri + "#record", a: Self.iri("dcat:CatalogRecord"))
    record.add(Self.iri("foaf:primaryTopic"), .iri(iri))
    for (field, term) in [
      ("metadata_created", "dct:issued"), ("metadata_modified", "dct:modified"),
    ] {
      if let stamp = columns[field] {
        record.add(Self.iri(term), .value(stamp, type: Self.iri("xsd:dateTime")))
      }
    }
    if let type = nodes.changeType { record.add(Self.iri("adms:status"), .iri(type)) }
    for (predicate, node) in nodes.linked { dataset.add(predicate, .iri(node.iri)) }
    var member = RDFSubject(catalog)
    member.add(Self.iri("dcat:dataset"), .iri(iri))
    member.add(Self.iri("dcat:record"), .iri(record.iri))
    return [member, dataset] + distributions + nodes.linked.map(\.node) + [record]
  }

  private func columns(of id: String) throws -> [String: String] {
    try datasetRows.bind(id, at: 1)
    let cells = try datasetRows.first { $0.cells() } ?? []
    var columns: [String: String] = [:]
    for (name, cell) in zip(DatasetColumn.names, cells) {
      // What holds a URI comes from the values, where a malformed one has been found out.
      let kind = fields[Place(entity: .dataset, field: name)]?.kind
      if case .text(let text) = cell, !text.isEmpty,
        kind?.isURI != true || name == "metadata_language"
      {
        columns[name] = text
      }
    }
    return columns
  }

  /// What stands around a dataset and has no address of its own.
  private struct Nodes {
    let dataset: String
    var contact: RDFSubject?
    var period: RDFSubject?
    var rights: RDFSubject?
    var changeType: String?

    init(of dataset: String) { self.dataset = dataset }

    mutating func add(
      _ node: WritableKeyPath<Nodes, RDFSubject?>, _ name: String, a type: String,
      _ predicate: String, _ object: RDFObject
    ) {
      if self[keyPath: node] == nil {
        self[keyPath: node] = RDFSubject("\(dataset)#\(name)", a: CatalogGraph.iri(type))
      }
      self[keyPath: node]?.add(CatalogGraph.iri(predicate), object)
    }

    var linked: [(predicate: String, node: RDFSubject)] {
      [("dcat:contactPoint", contact), ("dct:temporal", period), ("dct:rights", rights)].compactMap
      {
        term, node in node.map { (CatalogGraph.iri(term), $0) }
      }
    }
  }

  /// Adds what a field says, as the field table has it.
  private func add(
    _ entity: FieldTable.Entity, _ field: String, _ text: String, _ language: String?,
    to subject: inout RDFSubject, _ nodes: inout Nodes
  ) {
    guard let known = fields[Place(entity: entity, field: field)], let term = known.dcat,
      // It says how to read the value beside it, and is no place.
      field != "spatial_scheme"
    else { return }
    if term.contains("/") { return addPart(term, text, language, to: &nodes) }
    guard let predicate = RDFVocabulary.iri(term) else { return }
    switch known.kind {
    case .uri, .uriList:
      if term == "dct:identifier" {
        subject.add(predicate, .text(text))
      } else if let iri = RDFVocabulary.escapedIRI(text) {
        subject.add(predicate, .iri(iri))
      }
    case .date, .stamp:
      if let object = Self.date(text) { subject.add(predicate, object) }
    case .number where term == "dcat:byteSize":
      if let size = Int(text), size >= 0 {
        subject.add(predicate, .value("\(size)", type: Self.iri("xsd:nonNegativeInteger")))
      }
    case .text, .textList:
      if term == "dct:rights" {
        if entity == .dataset {
          nodes.add(
            \.rights, "rights", a: "dct:RightsStatement", "rdfs:label",
            .text(text, language: language))
        }
      } else if Self.spoken.contains(term) {
        subject.add(predicate, .text(text, language: language))
      } else if Self.unspoken.contains(term) {
        subject.add(predicate, .text(text))
      }
    default: break
    }
  }

  /// Of the texts, those whose terms take a literal.
  private static let spoken: Set = ["dct:title", "dct:description", "adms:versionNotes"]
  private static let unspoken: Set = ["owl:versionInfo", "overheid:grondslag"]

  /// What belongs to a node behind the dataset: `dcat:contactPoint/vcard:fn`.
  private func addPart(_ term: String, _ text: String, _ language: String?, to nodes: inout Nodes) {
    func contact(_ predicate: String, _ object: RDFObject?) {
      if let object { nodes.add(\.contact, "contact", a: "vcard:Kind", predicate, object) }
    }
    switch term {
    case "dcat:contactPoint/vcard:fn": contact("vcard:fn", .text(text))
    case "dcat:contactPoint/vcard:title": contact("vcard:title", .text(text))
    case "dcat:contactPoint/vcard:adr": contact("vcard:street-address", .text(text))
    case "dcat:contactPoint/vcard:email":
      let address = text.lowercased().hasPrefix("mailto:") ? text : "mailto:" + text
      contact(
        "vcard:hasEmail",
        text.contains("@") ? RDFVocabulary.escapedIRI(address).map(RDFObject.iri) : nil)
    case "dcat:contactPoint/vcard:web":
      contact("vcard:hasURL", RDFVocabulary.escapedIRI(text).map(RDFObject.iri))
    case "dcat:contactPoint/vcard:tel":
      let digits = text.filter { $0.isASCII && ($0.isNumber || $0 == "+") }
      contact("vcard:hasTelephone", digits.isEmpty ? nil : .iri("tel:" + digits))
    case "dct:temporal/rdfs:label":
      nodes.add(
        \.period, "period", a: "dct:PeriodOfTime", "rdfs:label", .text(text, language: language))
    case "dct:temporal/schema:startDate", "dct:temporal/schema:endDate":
      // DCAT 2 has them itself; DCAT-AP 1 took those of schema.org.
      let name = term.split(separator: ":").last ?? ""
      if let date = Self.date(text) {
        nodes.add(\.period, "period", a: "dct:PeriodOfTime", "dcat:\(name)", date)
        nodes.add(\.period, "period", a: "dct:PeriodOfTime", "schema:\(name)", date)
      }
    case "dcat:CatalogRecord/adms:status":
      nodes.changeType = RDFVocabulary.escapedIRI(text) ?? nodes.changeType
    default: break
    }
  }

  // MARK: Forms

  fileprivate static func iri(_ term: String) -> String { RDFVocabulary.iri(term) ?? term }

  /// What is no date of the calendar is left out.
  private static func date(_ text: String) -> RDFObject? {
    guard let date = PortalDate(text) else { return nil }
    let local = date.local
    return .value(local, type: iri(local.count > 10 ? "xsd:dateTime" : "xsd:date"))
  }

  private static func texts(of json: String) -> [String] {
    var reader = JSONReader()
    let texts = try? reader.read(Array(json.utf8)) { document in
      document.elements(of: document.root).filter { document.kind($0) == .string }.map(
        document.text)
    }
    return texts?.filter { !$0.isEmpty } ?? []
  }

  /// `http://publications.europa.eu/resource/authority/language/NLD` is `nl`.
  private static func language(_ uri: String?) -> String? {
    uri.flatMap { $0.split(separator: "/").last }.flatMap { languages[$0.uppercased()] }
  }

  private static let languages = [
    "NLD": "nl", "ENG": "en", "FRY": "fy", "DEU": "de", "FRA": "fr", "PAP": "pap", "NLD_NL": "nl",
  ]

  /// Records of data.overheid.nl are Dutch where they do not say so.
  private var isDutch: Bool {
    let source = snapshot.place.source
    return source == "sample" || source.contains("overheid.nl")
  }
}
