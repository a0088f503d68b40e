import AsyncHTTPClient
import Foundation
import SamplePortal
import Testing

/// Captured answers of a real CKAN, where they are at hand beside the project.
private enum Captures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data/ckan-captures").standardized

  static var arePresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

  static func read(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }
}

@Suite("Held against a real CKAN, the sample portal", .enabled(if: Captures.arePresent))
struct CaptureTests {
  private static let names = [
    "api_3_root", "error_fq_date_without_Z", "error_fq_unbalanced", "error_package_show_404",
    "error_package_show_deleted_anonymous", "error_package_show_no_id",
    "error_package_show_private_anonymous", "error_post_bad_json_400", "error_rows_negative",
    "error_rows_not_a_number", "error_sort_bad_direction", "error_sort_no_direction",
    "error_unknown_action", "error_unknown_parameter", "group_list", "group_list_all_fields",
    "license_list", "organization_list", "organization_list_all_fields", "package_list",
    "package_list_limit3_offset2", "package_search_default", "package_search_facets",
    "package_search_fl", "package_search_fq_or_unwrapped_matches_all",
    "package_search_fq_or_wrapped", "package_search_post_json", "package_search_range",
    "package_search_rows0", "package_search_rows2_sorted", "package_search_rows5000_cap",
    "package_search_sort_unknown_field", "package_search_start_overflow",
    "package_search_start_past_end", "package_search_tie_page", "package_show", "status_show",
    "tag_list",
  ]

  /// Datasets of the captures, and the two that visitors may not see.
  private static func catalogue() throws -> Catalogue {
    let search = try #require(try Captures.read("package_search_default")["body"] as? [String: Any])
    let result = try #require(search["result"] as? [String: Any])
    let show = try #require(try Captures.read("package_show")["body"] as? [String: Any])
    var rows = try #require(result["results"] as? [[String: Any]])
    rows[0]["groups"] = [["id": "g", "name": "groep", "title": "Groep"]]
    var records = try (rows + [try #require(show["result"] as? [String: Any])]).map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
    }
    records.append(#"{"id": "0385ce1a-9533-5631-88f0-30e59773f7c2", "private": true}"#)
    records.append(record("05581530-bde1-5e0e-995c-5062c6a08496"))
    var catalogue = try Catalogue(records: records)
    catalogue.delete("05581530-bde1-5e0e-995c-5062c6a08496")
    return catalogue
  }

  @Test("gives the same status, headers and shape for the same request", arguments: names)
  func sameAnswer(name: String) async throws {
    let capture = try Captures.read(name)
    let request = try #require(capture["request"] as? [String: Any])
    let url = try #require(request["url"] as? String)
    let path = url.replacingOccurrences(of: "http://127.0.0.1:5000", with: "")
    let body = request["body"] as? String
    try await SamplePortal.run(Self.catalogue()) { portal in
      let reply = try await Client(portal: portal).send(
        body == nil ? .GET : .POST, path: path,
        headers: body == nil ? [:] : ["Content-Type": "application/json"], body: body)

      #expect(reply.status == capture["status"] as? Int)
      for header in ["Content-Type", "Cache-Control", "Vary"] {
        let sent = (capture["headers"] as? [[String]])?.first { $0.first == header }?.last
        #expect(reply.headers.first(name: header) == sent)
      }
      let theirs = try #require(capture["body"])
      #expect(shape(reply.json, depth: 3) == shape(theirs, depth: 3))
      let envelope = theirs as? [String: Any]
      let error = envelope?["error"] as? [String: Any]
      #expect(reply.errorType == error?["__type"] as? String)
      let sort = (envelope?["result"] as? [String: Any])?["sort"] as? String
      #expect(reply.result["sort"] as? String == sort)
      // Whole where no data is in it; the Solr messages differ in their details.
      if error != nil, reply.errorType != "Search Error" {
        #expect(reply.error as NSDictionary == (error ?? [:]) as NSDictionary)
      }
    }
  }

  @Test("spells an empty answer byte for byte")
  func spelling() async throws {
    let rows = try Data(
      contentsOf: Captures.folder.appendingPathComponent("package_search_rows2.raw.body"))
    let theirs = String(decoding: rows, as: UTF8.self)
    try await SamplePortal.run(Catalogue()) { portal in
      let ours = try await Client(portal: portal).search(["rows": "0"]).text
        .replacingOccurrences(of: ":\(portal.port)/", with: ":5000/")
        .replacingOccurrences(of: "\"count\": 0", with: "\"count\": 2433")
      let parts = ours.components(separatedBy: "[]")
      let start = try #require(parts.first)

      #expect(theirs.hasPrefix(start))
      #expect(theirs.hasSuffix("\"search_facets\": {}}}"))
      #expect(parts.last?.hasSuffix("\"search_facets\": {}}}") == true)
    }
  }

  /// The keys and kinds of a value, down to a depth; of a list the first element.
  private func shape(_ value: Any, depth: Int) -> String {
    switch value {
    case let object as [String: Any]:
      if depth == 0 { return "{}" }
      if object.isEmpty { return "{}" }
      let members = object.sorted { $0.key < $1.key }
      // Facets are keyed by data.
      return "{"
        + members.map { key, value in
          ["facets", "search_facets", "results"].contains(key)
            ? key : "\(key):\(shape(value, depth: depth - 1))"
        }.joined(separator: ",") + "}"
    case let list as [Any]: return "[\(list.first.map { shape($0, depth: depth - 1) } ?? "")]"
    default: return "·"
    }
  }
}
