import Foundation
import SamplePortal

@testable import DONLMirror

/// A dataset as a test speaks of it: its id, when it was last modified, and the one odd thing.
struct Entry: Sendable {
  var id: String
  var name: String
  var title: String
  /// Hours after the first of May 2026.
  var hour: Int
  /// Their ids churn at data.overheid.nl.
  var resourceIDs: [String]
  var tags: [String]
  /// More members, as JSON: `, "theme": "…"`.
  var rest: String

  init(
    _ id: String, hour: Int = 0, title: String? = nil, name: String? = nil,
    resources: [String] = ["r0", "r1"], tags: [String] = ["water"], rest: String = ""
  ) {
    self.id = id
    self.hour = hour
    self.title = title ?? "Title of \(id)"
    self.name = name ?? "name-\(id)"
    resourceIDs = resources
    self.tags = tags
    self.rest = rest
  }

  var json: String {
    let resources = resourceIDs.enumerated().map { position, resource in
      """
      {"id": "\(resource)", "name": "File \(position)", "format": "CSV", \
      "url": "https://example.org/\(id)/\(position)", "created": "2026-01-02T03:04:05.678901"}
      """
    }
    let tags = tags.map { #"{"name": "\#($0)", "id": "tag-\#($0)"}"# }
    return """
      {"id": "\(id)", "name": "\(name)", "title": "\(title)", "state": "active", \
      "private": false, "license_id": "http://creativecommons.org/publicdomain/zero/1.0/deed.nl", \
      "authority": "http://standaarden.overheid.nl/owms/terms/Utrecht_(gemeente)", \
      "metadata_created": "2026-01-01T00:00:00.000000", "metadata_modified": "\(stamp)", \
      "organization": {"id": "org", "name": "utrecht", "title": "Utrecht"}, \
      "resources": [\(resources.joined(separator: ", "))], \
      "tags": [\(tags.joined(separator: ", "))]\(rest)}
      """
  }

  /// As CKAN writes it: naive UTC.
  var stamp: String { String(Timestamp.text(Self.moment(hour)).dropLast()) }

  static func moment(_ hour: Int) -> Date {
    // 2026-05-01T00:00:00Z
    Date(timeIntervalSince1970: 1_777_593_600 + Double(hour) * 3600)
  }

  /// `count` datasets with ids that ascend as the numbers do, an hour apart.
  static func row(_ count: Int) -> [Entry] {
    (0..<count).map { Entry(id($0), hour: $0) }
  }

  static func id(_ number: Int) -> String {
    String(repeating: "0", count: 4 - String(number).count) + "\(number)"
  }
}

extension Catalogue {
  init(_ entries: [Entry]) throws {
    try self.init(records: entries.map(\.json))
  }

  mutating func put(_ entry: Entry) {
    // An entry is JSON by construction.
    try? put(entry.json)
  }

  /// The records by id, as text.
  var recordsByID: [String: String] {
    Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0.json) })
  }
}
