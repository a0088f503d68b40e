import Foundation
import Testing

@testable import DONLMirror

@Suite("Answers of other portals", .enabled(if: SharedData.isPresent)) struct OtherPortalsTests {
  @Test(
    "split into as many records as they hold, and all of them are read",
    arguments: [
      ("dados-gov-br__package_search_rows10.json", 13786, 10),
      ("data-gov-au__search-result.json", 3, 4), ("data-gov-uk__package_search.json", 10, 4),
      ("data-gov-uk__search_dataset.all_fields.json", 8627, 3),
      ("dkan-french__w-license.json", nil, 1), ("envidat-ch__organization_list.json", nil, 25),
      ("envidat-ch__package_search.json", 858, 2), ("envidat-ch__package_show.json", nil, 1),
      ("localhost-ckan__frictionless_package_show.json", nil, 1),
      ("magda__ckan-dataset-with-extras.json", nil, 1),
    ])
  func portals(_ file: String, _ count: Int?, _ records: Int) throws {
    let page = try Page(body: SharedData.bytes("portals/\(file)"))

    let datasets = try Normalizer.register().normalize(page).map { try $0.get() }

    #expect(page.count == count)
    #expect(datasets.count == records)
    #expect(datasets.allSatisfy { $0[.name] != .null })
  }

  @Test("name every file that is there")
  func complete() {
    #expect(SharedData.files(in: "portals").count == 10)
  }

  @Test("in the shapes of API 2 and DKAN keep what they say")
  func oddShapes() throws {
    let normalizer = try Normalizer.register()
    let legacy = try Page(
      body: SharedData.bytes("portals/data-gov-uk__search_dataset.all_fields.json"))
    let british = try normalizer.normalize(legacy[0])
    #expect(british.organization?.name == "stockport-metropolitan-borough-council")
    #expect(british[.metadataModified].text?.hasSuffix("Z") == true)
    #expect(british.tags.count == 7)
    #expect(british.extras.contains { $0.key == "data_dict" })

    let dkan = try Page(body: SharedData.bytes("portals/dkan-french__w-license.json"))
    let french = try normalizer.normalize(dkan[0])
    #expect(french[.metadataModified] == .text("2019-09-30T22:00:00.000000Z"))
    #expect(french[.metadataCreated] == .null)
    #expect(french.organization == nil)
    #expect(french.resources[0][.size] == .null)
    #expect(french.uriValues.contains { $0.field == "license_id" } == false)
    #expect(french[.licenseTitle].text?.hasPrefix("http://www.etalab") == true)
  }
}

@Suite("Answers of a real CKAN", .enabled(if: SharedData.isPresent)) struct CapturesTests {
  @Test("are pages or say why not, and every dataset in them is read")
  func captures() throws {
    let normalizer = try Normalizer.register()
    var tally: [String: Int] = [:]
    for file in SharedData.files(in: "ckan-captures") {
      let name = file.lastPathComponent
      let body = try body(of: file)
      do throws(PageError) {
        let page = try Page(body: body)
        tally["page", default: 0] += 1
        for (index, outcome) in normalizer.normalize(page).enumerated() {
          switch outcome {
          case .success(let dataset): #expect(page.ids[index] == dataset.id)
          // Lists of names are lists, but not of datasets.
          case .failure(let rejection):
            #expect(rejection.reason == .notAnObject || Self.withoutID.contains(name), "\(name)")
          }
        }
      } catch {
        switch error {
        case .unsuccessful: #expect(try status(of: file) >= 400, "\(name)")
        case .wrongShape: #expect(Self.otherShapes.contains(name), "\(name)")
        case .notJSON: #expect(name == "api_root_404_html.json")
        case .truncated: Issue.record("\(name) is truncated")
        }
        tally["other", default: 0] += 1
      }
    }

    #expect(tally["page", default: 0] > 25)
  }

  @Test("byte for byte split into the records that are in them")
  func raw() throws {
    let page = try Page(body: SharedData.bytes("ckan-captures/package_search_rows2.raw.body"))

    let datasets = try Normalizer.register().normalize(page).map { try $0.get() }

    #expect(page.count == 2433)
    #expect(page.sort == "name asc")
    #expect(datasets.count == 2)
    #expect(page.censusRows.map { $0?.id } == datasets.map(\.id))
    #expect(
      page.censusRows.map { $0?.metadataModified } == datasets.map { $0[.metadataModified].text })
  }

  /// Answers whose result is neither a list nor one record with an id.
  private static let otherShapes = [
    "api_3_root.json", "error_package_create_anonymous_403.json", "error_post_bad_json_400.json",
    "error_unknown_action.json", "error_unknown_parameter.json", "error_sort_bad_direction.json",
    "error_sort_no_direction.json", "help_show.json", "site_read.json", "status_show.json",
  ]
  /// Answers that list something without an id.
  private static let withoutID: [String] = []

  private func status(of file: URL) throws -> Int {
    let capture = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    return (capture as? [String: Any])?["status"] as? Int ?? 0
  }

  /// The body of a capture: a JSON value, a text, or (the raw one) the file itself.
  private func body(of file: URL) throws -> [UInt8] {
    let data = try Data(contentsOf: file)
    guard file.pathExtension == "json" else { return [UInt8](data) }
    let capture = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    guard let body = capture?["body"] else { return [] }
    if let text = body as? String, text.hasPrefix("<") { return Array(text.utf8) }
    return [UInt8](
      try JSONSerialization.data(withJSONObject: body, options: .fragmentsAllowed))
  }
}
