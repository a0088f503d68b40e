import Foundation
import Testing

@testable import DONLMirror

@Suite("The reader of value lists")
struct ValueListReaderTests {
  private func read(_ json: String) throws -> [Concept] {
    try ValueListReader.concepts(in: Array(json.utf8))
  }

  @Test("takes the standard shape, with what some lists have besides")
  func standard() throws {
    let concepts = try read(
      #"""
      {"http://data.overheid.nl/organisatie/Stichting IPSE Studies":
         {"labels": {"nl-NL": "IPSE ", "en-US": "IPSE "}, "type": null},
       "urn:sub": {"labels": {"nl-NL": "Onder", "en-US": "Below"}, "parent": "urn:top"},
       "urn:top": {"labels": {"nl-NL": "Boven", "en-US": "Above"}, "parent": null,
         "type": "Rijk", "slug": "boven"}}
      """#)

    #expect(
      concepts == [
        Concept(
          uri: "http://data.overheid.nl/organisatie/Stichting IPSE Studies", labelNL: "IPSE ",
          labelEN: "IPSE "),
        Concept(uri: "urn:sub", labelNL: "Onder", labelEN: "Below", parent: "urn:top"),
        Concept(
          uri: "urn:top", labelNL: "Boven", labelEN: "Above", type: "Rijk", slug: "boven"),
      ])
  }

  @Test("takes a licence register")
  func licenses() throws {
    let concepts = try read(
      #"[{"id": "urn:cc0", "url": "https://cc0.example/", "title": "CC-0", "status": "active"}]"#)

    #expect(concepts == [Concept(uri: "urn:cc0", labelNL: "CC-0")])
  }

  @Test("takes what the site's service says, children below their parents")
  func drupal() throws {
    let concepts = try read(
      #"""
      [{"name": "A", "identifier": "urn:a", "label_nl": "a", "label_en": "A", "children": [
         {"identifier": "urn:b", "label_nl": "b", "organization_type": "Rijk", "children": [
           {"identifier": "urn:c", "label_nl": "c", "parent_identifier": "urn:z"}]}]},
       {"field_identifier": "urn:d", "identifier": "urn:x", "name_slug": "d", "children": []}]
      """#)

    #expect(
      concepts == [
        Concept(uri: "urn:a", labelNL: "a", labelEN: "A"),
        Concept(uri: "urn:b", labelNL: "b", parent: "urn:a", type: "Rijk"),
        Concept(uri: "urn:c", labelNL: "c", parent: "urn:z"),
        Concept(uri: "urn:d", slug: "d"),
      ])
  }

  @Test("leaves a URI as it was sent", arguments: ["http://a/é", "http://a/e\u{301}", "a b,'&()"])
  func opaque(_ uri: String) throws {
    let concept = try #require(try read(#"{"\#(uri)": {"labels": {"nl-NL": "x"}}}"#).first)

    #expect(Array(concept.uri.utf8) == Array(uri.utf8))
  }

  @Test("keeps http and https, a slash and two spellings of a letter apart")
  func twins() throws {
    let uris = ["http://a.nl", "https://a.nl", "http://a.nl/", "urn:é", "urn:e\u{301}"]
    let entries = uris.map { #"{"identifier": "\#($0)", "label_nl": "x"}"# }

    #expect(try read("[\(entries.joined(separator: ","))]").count == 5)
  }

  @Test("takes the last of two entries with one URI")
  func twice() throws {
    let list = #"[{"id": "urn:a", "title": "eerst"}, {"id": "urn:a", "title": "later"}]"#

    #expect(try read(list).map(\.labelNL) == ["later"])
  }

  @Test("takes an empty list for one", arguments: ["{}", "[]", "\u{FEFF} [ ] \n"])
  func empty(_ text: String) throws {
    #expect(try read(text).isEmpty)
  }

  @Test(
    "takes no part of what is not one",
    arguments: [
      ("", "bad_json"), ("<html>", "bad_json"), (#"{"a": {"labels": {"#, "bad_json"),
      ("[] []", "bad_json"), ("null", "not_a_list"), ("\"x\"", "not_a_list"),
      (#"{"success": false}"#, "not_a_list"), (#"{"": {"labels": {"nl-NL": "x"}}}"#, "not_a_list"),
      (#"{"a": {"labels": "x"}}"#, "not_a_list"),
      (#"[{"identifier": "a", "children": 1}]"#, "not_a_list"), ("[[]]", "not_a_list"),
      (#"[{"id": "a", "title": "x"}, {"id": "b"}]"#, "not_a_list"),
    ])
  func refused(_ text: String, _ reason: String) {
    let fault = #expect(throws: ValueListReader.Fault.self) { try read(text) }

    #expect(fault?.reason.rawValue == reason)
  }

  @Test("follows children as deep as JSON may go")
  func deep() throws {
    let depth = 255
    let list =
      String(repeating: #"[{"identifier": "a", "children": "#, count: depth) + "[]"
      + String(repeating: "}]", count: depth)

    #expect(try read(list).count == 1)
  }

  @Test(
    "reads the lists as they were captured, every entry", .enabled(if: SharedData.isPresent),
    arguments: [
      ("donl_language", 4), ("donl_organization", 1649), ("donl_spatial_scheme", 6),
      ("donl_spatial_value_gemeente", 595), ("donl_spatial_value_koninkrijksdeel", 5),
      ("donl_spatial_value_provincie", 12), ("donl_spatial_value_waterschap", 32),
      ("overheid_taxonomiebeleidsagenda", 110),
    ])
  func captured(_ file: String, _ entries: Int) throws {
    let bytes = try SharedData.bytes("valuelists/\(file).json")
    let concepts = try ValueListReader.concepts(in: bytes)
    let object = try JSONSerialization.jsonObject(with: Data(bytes))
    let theirs = try #require(object as? [String: [String: Any]])

    #expect(concepts.count == entries)
    for concept in concepts {
      let entry = theirs[concept.uri]
      let labels = entry?["labels"] as? [String: String]
      #expect(concept.labelNL == labels?["nl-NL"])
      #expect(concept.labelEN == labels?["en-US"])
      #expect(concept.parent == entry?["parent"] as? String)
    }
  }
}
