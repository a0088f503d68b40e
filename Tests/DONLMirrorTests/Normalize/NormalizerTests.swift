import Testing

@testable import DONLMirror

@Suite("The normalizer") struct NormalizerTests {
  @Test("reads a record of DONL 1.0 as it was checked by hand")
  func register() throws {
    let dataset = try Normalizer.register().normalize(fixture("donl-1.0-record.json")[...])

    let owms = "http://standaarden.overheid.nl/owms/terms/"
    let ministry = owms + "Ministerie_van_Onderwijs,_Cultuur_en_Wetenschap"
    #expect(dataset.id == "00000002-0000-4000-8000-000000000002")
    #expect(
      filled(dataset.columns, DatasetColumn.names) == [
        "id": "00000002-0000-4000-8000-000000000002",
        "name": "fietspaden-langs-het-kanaal",
        "title":
          "Fietspaden langs het kanaal",
        "notes": "Waar men langs het kanaal kan fietsen.", "state": "active", "type": "dataset",
        "private": "0", "owner_org": "00000001-0000-4000-8000-000000000001",
        "organization_title": "Voorbeeldregister", "maintainer": ministry,
        "license_id": "cc-by", "license_title": "CC-BY (voorbeeld)", "modified": "2015-03-02",
        "metadata_created": "2015-03-01T09:08:07.000506Z",
        "metadata_modified": "2015-04-05T06:07:08.910111Z", "num_resources": "1", "num_tags": "2",
      ])
    #expect(
      dataset.resources.map { filled($0.columns, ResourceColumn.names) } == [
        [
          "id": "00000005-0000-4000-8000-000000000005", "format": "CSV",
          "created": "2015-03-01T10:09:08.000607Z",
          "url": "https://example.org/fietspaden/01.%20lengte.csv",
        ]
      ])
    #expect(
      dataset.uriValues.map(Summary.init) == [
        Summary(
          nil, "theme", 0, owms + "Wegen_(thema)",
          "Verkeer | Wegen"),
        Summary(nil, "theme_facet", 0, owms + "Verkeer_(thema)"),
        Summary(nil, "subtheme_facet", 0, owms + "Wegen_(thema)"),
        Summary(
          nil, "maintainer", 0, ministry,
          "Ministeries | OCW"),
        Summary(nil, "maintainer_facet", 0, ministry),
        Summary(
          nil, "license_id", 0, "cc-by", "CC-BY (voorbeeld)", isMalformed: true),
        Summary(
          nil, "landingpage", 0,
          "https://example.org/fietspaden"),
        Summary(0, "format", 0, "CSV", nil, isMalformed: true),
        Summary(0, "url", 0, dataset.resources[0][.url].text ?? ""),
      ])
    #expect(
      dataset.extras.filter { $0.resourcePosition == nil }.map(\.key) == [
        "contact_point", "creator_user_id", "isopen", "language", "license_url", "lod_stars",
        "maintainer_email", "md_soortwijziging", "revision_id", "revision_timestamp", "source",
        "tracking_summary",
      ])
    #expect(
      dataset.extras.filter { $0.resourcePosition == 0 }.map(\.key) == [
        "resource_group_id", "revision_id", "revision_timestamp", "state", "tracking_summary",
      ])
    #expect(dataset.tags == ["fiets", "kanaal"])
    #expect(dataset.groups == [])
    #expect(
      dataset.organization
        == CatalogGroup(
          id: "00000001-0000-4000-8000-000000000001", name: "voorbeeldregister",
          title: "Voorbeeldregister", imageURL: "voorbeeld.png",
          state: "active", created: "2015-02-01T01:02:03.000405Z"))
  }

  @Test("keeps the bytes of the record and its hash")
  func bytes() throws {
    let record = Array(#"{ "id" : "a", "title":"\ud800" }"#.utf8)

    let dataset = try Normalizer.register().normalize(record[...])

    #expect(Array(dataset.record) == record)
    #expect(dataset.contentHash == (try ContentHash.hash(of: record)))
    #expect(dataset.isRepaired)
    #expect(dataset[.title] == .text("\u{FFFD}"))
  }

  @Test("reads a page record by record, the bad ones as rejections")
  func page() throws {
    let page = try Page(
      body: Array(
        #"{"result":[{"id":"a"},{"id":"b","n":1e},[],{"id":"c","t":"\ud800"}]}"#.utf8))

    let outcomes = try Normalizer.register().normalize(page)

    #expect(outcomes.map { (try? $0.get())?.id } == ["a", nil, nil, "c"])
    #expect(outcomes.map { (try? $0.get())?.isRepaired } == [false, nil, nil, true])
  }

  @Test(
    "rejects what it cannot read, and says of which dataset",
    arguments: [
      (#"{"id":"a","n":1e}"#, .badJSON, "a", "byte 16: a number without a digit here"),
      (#"{"n":1e,"id":"\u0061"}"#, .badJSON, "a", "byte 7: a number without a digit here"),
      ("{\"id\":\"a\",\"t\":\"\n\"}", .badText, "a", "byte 15: lone \\x0a in a string"),
      ("{\"t\":\"\n\",\"id\":\"a\u{1}\"}", .badText, nil, "byte 6: lone \\x0a in a string"),
      (#"{"id":"a","l":[["#, .badJSON, "a", "byte 16: the record ends here"),
      (#"{"x":{"id":"b"},"n":nul,"id":"a"}"#, .badJSON, "a", "byte 20: unexpected n"),
      (#"["id"]"#, .notAnObject, nil, "byte 0: not an object"),
      (#""id""#, .notAnObject, nil, "byte 1: not an object"),
      (#"{"name":"a"}"#, .noID, nil, "the record has no id"),
      (#"{"id":null}"#, .noID, nil, "the record has no id"),
      (#"{"id":7}"#, .badID, nil, "byte 6: an id that is no text"),
      (#"{"id":["a"]}"#, .badID, nil, "byte 6: an id that is no text"),
      (#"{"id":""}"#, .badID, nil, "byte 7: an id of 0 bytes, 1 to 200 are taken"),
      (#"{"id":"a\u0000"}"#, .badID, nil, "byte 7: \(oddID)"),
      (#"{"id":"a\n"}"#, .badID, nil, "byte 7: \(oddID)"),
      (#"{"id":"\ud800"}"#, .badID, nil, "byte 7: \(oddID)"),
      ("{\"id\":\"\u{FFFD}\"}", .badID, nil, "byte 7: \(oddID)"),
      ("", .badJSON, nil, "byte 0: the record ends here"),
    ] as [(String, Rejection.Reason, String?, String)])
  func rejections(
    _ record: String, _ reason: Rejection.Reason, _ id: String?, _ detail: String
  ) throws {
    let expected = Rejection(
      datasetID: id, reason: reason, detail: detail, record: Array(record.utf8)[...])
    #expect(throws: expected) { try Normalizer.register().normalize(Array(record.utf8)[...]) }
  }

  private static let oddID = "an id with a control character or half a character in it"

  @Test("rejects ids, depths and sizes beyond its limits")
  func limits() throws {
    let normalizer = try Normalizer.register()
    let longest = String(repeating: "é", count: 100)
    #expect(try normalizer.normalize(Array(#"{"id":"\#(longest)"}"#.utf8)[...]).id == longest)
    #expect(reason(of: #"{"id":"\#(longest)x"}"#, by: normalizer) == .badID)

    let deep = #"{"id":"a","d":"# + String(repeating: "[", count: 600)
    #expect(
      reason(of: deep + String(repeating: "]", count: 600) + "}", by: normalizer) == .tooDeep)

    let small = Normalizer(
      fields: try FieldTable(csv: FieldTable.header.joined(separator: ",")), recordBytesMax: 20)
    #expect(reason(of: #"{"id":"0123456789"}"#, by: small) == nil)
    #expect(reason(of: #"{"id":"0123456789AB"}"#, by: small) == .tooLarge)
  }

  private func reason(of record: String, by normalizer: Normalizer) -> Rejection.Reason? {
    do throws(Rejection) {
      _ = try normalizer.normalize(Array(record.utf8)[...])
      return nil
    } catch {
      return error.reason
    }
  }

  private func filled(_ cells: [Cell], _ names: [String]) -> [String: String] {
    var filled: [String: String] = [:]
    for (cell, name) in zip(cells, names) {
      switch cell {
      case .null: continue
      case .integer(let value): filled[name] = String(value)
      case .text(let value): filled[name] = value
      }
    }
    return filled
  }
}

/// A URI value in one line.
struct Summary: Equatable {
  var value: URIValue

  init(_ value: URIValue) { self.value = value }

  init(
    _ resource: Int?, _ field: String, _ position: Int, _ text: String, _ label: String? = nil,
    scheme: String? = nil, isMalformed: Bool = false
  ) {
    value = URIValue(
      resourcePosition: resource, field: field, position: position, value: text,
      isMalformed: isMalformed, portalLabel: label, scheme: scheme)
  }
}
