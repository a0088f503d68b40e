import Foundation
import Testing

@Suite("The field table")
struct FieldTableFileTests {
  private let rows: [Row]

  init() throws {
    let text = try String(
      contentsOfFile: ConfigFileTests.projectRoot + "/config/fields.csv", encoding: .utf8)
    let lines = text.split(separator: "\n").map(String.init)
    try #require(lines.first == Row.header)
    rows = try lines.dropFirst().map { line in try #require(Row(line), "\(line)") }
  }

  @Test("names each field of an entity once")
  func uniqueness() {
    let names = rows.map { "\($0.entity).\($0.field)" }

    #expect(names.count == Set(names).count)
    #expect(Set(rows.map(\.entity)) == ["dataset", "resource"])
    #expect(rows.allSatisfy { $0.field.wholeMatch(of: /[a-z][a-z_]*/) != nil })
  }

  @Test("gives each field a kind that the normalizer knows")
  func kinds() {
    let known: Set = [
      "text", "text list", "uri", "uri list", "date", "stamp", "boolean", "number", "object",
      "object list", "display name",
    ]

    #expect(Set(rows.map(\.kind)).subtracting(known).isEmpty)
  }

  @Test("lets every display name, and nothing else, name a URI field of the same entity")
  func displayNames() {
    for row in rows {
      #expect((row.kind == "display name") == !row.names.isEmpty, "\(row.field)")
      guard !row.names.isEmpty else { continue }
      let named = rows.first { $0.entity == row.entity && $0.field == row.names }
      #expect(named?.kind.hasPrefix("uri") == true, "\(row.field)")
    }
    let pairs = rows.filter { !$0.names.isEmpty }.map { "\($0.field) → \($0.names)" }
    #expect(
      Set(pairs) == [
        "license_title → license_id", "theme_displayname → theme",
        "maintainer_displayname → maintainer",
      ])
  }

  @Test("knows the value lists by the names that the portal gives them")
  func valueLists() {
    let known: Set = [
      "", "ADMS:Changetype", "ADMS:DistributieStatus", "DONL:Catalogs", "DONL:Communities",
      "DONL:DistributionType", "DONL:Language", "DONL:License", "DONL:Organization",
      "DONL:WOBUitzondering", "IANA:Mediatypes", "MDR:FiletypeNAL", "Overheid:DatasetStatus",
      "Overheid:Frequency", "Overheid:Openbaarheidsniveau", "Overheid:SpatialScheme",
      "Overheid:TaxonomieBeleidsagenda", "@spatial_scheme",
    ]

    #expect(Set(rows.map(\.valueList)) == known)
    #expect(rows.filter { $0.valueList.hasPrefix("@") }.map(\.field) == ["spatial_value"])
  }

  @Test("says of the fields of DONL 1.0 what they became, as a field of the same entity")
  func renames() {
    let fields = Set(rows.map { "\($0.entity).\($0.field)" })
    let renamed = rows.filter { !$0.renamedTo.isEmpty }

    #expect(renamed.count == 19)
    for row in renamed {
      #expect(fields.contains("\(row.entity).\(row.renamedTo)"), "\(row.field)")
      #expect(row.since == "DONL 1.0", "\(row.field)")
      // It lives on with another meaning.
      #expect(row.until == "DONL 1.0" || row.field == "source", "\(row.field)")
    }
  }

  @Test("has the renames of the reference", .enabled(if: Reference.isThere))
  func referenceRenames() throws {
    let named = try Reference.renames()
    let ours = Set(rows.filter { !$0.renamedTo.isEmpty }.map(\.field))

    #expect(named.count > 12)
    #expect(named.subtracting(ours) == [])
  }

  @Test(
    "knows every field as one of URIs that is one in the reference", .enabled(if: Reference.isThere)
  )
  func referenceURIs() throws {
    let ours = Set(rows.filter { $0.kind.hasPrefix("uri") }.map { "\($0.entity).\($0.field)" })
    let named = try Reference.uriFields()

    #expect(named.count > 35)
    #expect(named.subtracting(ours).sorted() == [])
  }

  @Test("is the page docs/fields.md, made by Scripts/field-table")
  func page() throws {
    let script = Process()
    script.executableURL = URL(fileURLWithPath: "/bin/sh")
    script.arguments = [ConfigFileTests.projectRoot + "/Scripts/field-table"]
    let output = Pipe()
    script.standardOutput = output
    try script.run()
    let made = output.fileHandleForReading.readDataToEndOfFile()
    script.waitUntilExit()
    let page = try String(
      contentsOfFile: ConfigFileTests.projectRoot + "/docs/fields.md", encoding: .utf8)

    #expect(script.terminationStatus == 0)
    #expect(String(decoding: made, as: UTF8.self) == page, "Scripts/field-table > docs/fields.md")
    #expect(rows.allSatisfy { page.contains("| `\($0.field)` |") })
  }

  @Test("labels every field in Dutch and in English")
  func labels() {
    #expect(rows.allSatisfy { !$0.labelNL.isEmpty && !$0.labelEN.isEmpty })
  }

  @Test("dates every field by a profile or a day")
  func eras() {
    let isEra = { (era: String) in
      ["CKAN", "DONL 1.0", "DONL 1.1"].contains(era)
        || era.wholeMatch(of: /\d{4}(-\d\d(-\d\d)?)?/) != nil
    }

    #expect(rows.allSatisfy { isEra($0.since) && ($0.until.isEmpty || isEra($0.until)) })
  }

  @Test("uses prefixed terms for DCAT")
  func terms() {
    let prefixes: Set = [
      "adms", "dcat", "dcatap", "dct", "donl", "foaf", "overheid", "owl", "rdfs", "schema", "spdx",
      "vcard",
    ]
    let steps = rows.flatMap { $0.dcat.split(separator: "/") }

    #expect(
      steps.allSatisfy { step in
        let parts = step.split(separator: ":")
        return parts.count == 2 && prefixes.contains(String(parts[0]))
      })
  }

  @Test("covers every key that the real records of 2015 bear", .enabled(if: Register.isThere))
  func register() throws {
    let known = Set(rows.map { "\($0.entity).\($0.field)" })

    #expect(try Register.keys().subtracting(known).isEmpty)
  }

  @Test("has every field of the reference", .enabled(if: Reference.isThere))
  func reference() throws {
    let known = Set(rows.map { "\($0.entity).\($0.field)" })
    let named = try Reference.fields()

    #expect(named.count > 140)
    #expect(named.subtracting(known).sorted() == [])
  }
}

/// A line of `config/fields.csv`. No value holds a comma or a quote, so a line splits at commas.
private struct Row {
  static let header =
    "entity,field,kind,value_list,dcat,iso19115,label_nl,label_en,names,since,until,renamed_to"

  let entity, field, kind, valueList, dcat, iso19115, labelNL, labelEN, names, since, until: String
  let renamedTo: String

  init?(_ line: String) {
    let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard cells.count == 12, !line.contains("\"") else { return nil }
    entity = cells[0]
    field = cells[1]
    kind = cells[2]
    valueList = cells[3]
    dcat = cells[4]
    iso19115 = cells[5]
    labelNL = cells[6]
    labelEN = cells[7]
    names = cells[8]
    since = cells[9]
    until = cells[10]
    renamedTo = cells[11]
  }
}

/// The tables of the reference, which lies beside the project where it is developed.
private enum Reference {
  static let path = ConfigFileTests.projectRoot + "/../shared/reference/FIELDS.md"

  static var isThere: Bool { FileManager.default.fileExists(atPath: path) }

  /// `entity.field` of the first columns of the tables in sections 2 to 4, of the display names of
  /// 2b, and of the keys that section 5 counts.
  static func fields() throws -> Set<String> {
    var fields: Set<String> = []
    var section = ""
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("##") { section = String(line.drop { "# ".contains($0) }) }
      let entity =
        section.hasPrefix("4") || line.hasPrefix("Resource:") ? "resource" : "dataset"
      let names =
        switch section.prefix(2) {
        case "2.", "3.", "4.": firstColumn(of: line)
        case "2b": line.matches(of: /`(\w+_(?:displayname|facet))`/).map { String($0.1) }
        case "5." where !line.hasPrefix("Renames"): keys(of: line)
        default: [String]()
        }
      fields.formUnion(names.map { "\(entity).\($0)" })
    }
    return fields
  }

  /// `entity.field` of the rows of sections 2 and 4 that say URI where it says what the values are.
  static func uriFields() throws -> Set<String> {
    var fields: Set<String> = []
    var section = ""
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("##") { section = String(line.drop { "# ".contains($0) }) }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard ["2.", "4."].contains(section.prefix(2)), cells.count > 4,
        cells[4].contains("URI") || cells[4].contains("list:")
      else { continue }
      let entity = section.hasPrefix("4") ? "resource" : "dataset"
      // Of legal_foundation_label / _ref / _uri only the last; a title is no URI, whatever it names.
      let names = firstColumn(of: line).filter { name in
        (!cells[4].contains("_uri is") || name.hasSuffix("_uri")) && !name.hasSuffix("_title")
      }
      fields.formUnion(names.map { "\(entity).\($0)" })
    }
    return fields
  }

  /// The old names of the line of renames, whatever they became.
  static func renames() throws -> Set<String> {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    guard let start = text.range(of: "Renames 1.0 -> 1.1: ") else { return [] }
    let rest = text[start.upperBound...]
    let line = rest[..<(rest.range(of: ". **")?.lowerBound ?? rest.endIndex)]
    let old = line.replacing("resource ", with: "").replacing(", ", with: "; ").split(
      separator: ";"
    )
    .compactMap { $0.split(separator: " ").first.map(String.init) }
    return Set(old.filter { $0.wholeMatch(of: /[a-z_]+/) != nil })
  }

  /// `a`, `a / b`, `a, b`, `x_label / _ref`: the names that a cell lists.
  private static func firstColumn(of line: Substring) -> [String] {
    guard line.hasPrefix("| "), let cell = line.split(separator: "|").first else { return [] }
    let names = cell.split { ",/ ".contains($0) }.map(String.init)
    guard let first = names.first, !["field", "key"].contains(first) else { return [] }
    let stem = first.split(separator: "_").dropLast().joined(separator: "_")
    return names.map { $0.hasPrefix("_") ? stem + $0 : $0 }
  }

  /// The names in backticks, but not the values in parentheses: `name` 12 S (`value`).
  private static func keys(of line: Substring) -> [String] {
    line.replacing(/\([^)]*\)/, with: "").matches(of: /`([a-z_\/]+)`/).flatMap { match in
      let names = match.1.split(separator: "/").map(String.init)
      let stem = names.first?.split(separator: "_").dropLast().joined(separator: "_") ?? ""
      return names.enumerated().map { $0.offset == 0 ? $0.element : "\(stem)_\($0.element)" }
    }
  }
}

/// The real records of April 2015, beside the project where it is developed.
private enum Register {
  static let path =
    ConfigFileTests.projectRoot + "/../shared/data/register-2015/2015-04-17.jsonl.gz"

  static var isThere: Bool { FileManager.default.fileExists(atPath: path) }

  /// `entity.key` of all records.
  static func keys() throws -> Set<String> {
    let gunzip = Process()
    gunzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
    gunzip.arguments = ["-dc", path]
    let output = Pipe()
    gunzip.standardOutput = output
    try gunzip.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    gunzip.waitUntilExit()
    var keys: Set<String> = []
    for line in data.split(separator: 0x0A) {
      let record = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      keys.formUnion(record.keys.map { "dataset.\($0)" })
      let resources = record["resources"] as? [[String: Any]] ?? []
      keys.formUnion(resources.flatMap(\.keys).map { "resource.\($0)" })
    }
    return keys
  }
}
