import CKANServer
import Foundation
import NIOCore

/// One state of the mirror as CKAN's API serves it.
struct SiteCatalogue: ServedCatalogue {
  let state: SiteState
  var now: Date

  func withIndex<Result>(
    _ fields: Set<String>, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result {
    try state.withIndex(fields, body)
  }

  func record(_ key: Int) throws -> ByteBuffer? { try state.record(key) }

  func find(_ idOrName: String) throws -> FoundPackage {
    var key: Int?
    try state.snapshot.eachRow(
      """
      SELECT key FROM all_datasets WHERE id = ?1 AND deleted_at IS NULL
      UNION ALL SELECT * FROM (
        SELECT key FROM all_datasets WHERE name = ?1 AND deleted_at IS NULL ORDER BY id LIMIT 1)
      LIMIT 1
      """, [.text(idOrName)]
    ) { key = Int($0.integer(0)) }
    if let record = try key.flatMap(state.record) { return .record(record) }
    var isGone = false
    try state.snapshot.eachRow(
      "SELECT 1 FROM all_datasets WHERE deleted_at IS NOT NULL AND (id = ?1 OR name = ?1) LIMIT 1",
      [.text(idOrName)]
    ) { _ in isGone = true }
    return isGone ? .withdrawn : .unknown
  }

  func search(_ search: PackageSearch) throws -> SearchResult {
    let milliseconds = Int((now.timeIntervalSince1970 * 1_000).rounded(.down))
    let (matches, facets) = try search.matches(
      in: self, now: SolrDate(milliseconds: milliseconds), isStrict: true)
    let page = try matches.keys.dropFirst(search.start).prefix(search.rows).compactMap(state.record)
    return SearchResult(count: matches.keys.count, page: page, facets: facets)
  }

  /// In CKAN's shape; what the mirror does not know of a license is as CKAN has it where nobody said.
  func licenses() throws -> JSON {
    var licenses: [JSON] = []
    try state.snapshot.eachRow("SELECT id, title, url FROM licenses ORDER BY id") { row in
      let license: [(key: String, value: JSON)] = [
        ("domain_content", false), ("id", .string(row.text(0) ?? "")), ("domain_data", false),
        ("domain_software", false), ("family", ""), ("is_generic", false),
        ("od_conformance", "not reviewed"), ("osd_conformance", "not reviewed"),
        ("maintainer", ""), ("status", "active"), ("url", .string(row.text(2) ?? "")),
        ("title", .string(row.text(1) ?? "")),
      ]
      licenses.append(.object(license))
    }
    return .array(licenses)
  }

  func status() throws -> JSON {
    let title = try state.snapshot.meta("portal_title")
    let version = try state.snapshot.meta("ckan_version")
    let members: [(key: String, value: JSON)] = [
      ("site_title", title.map(JSON.string) ?? nil), ("site_description", ""),
      ("site_url", .string(state.place.source)), ("error_emails_to", nil),
      ("locale_default", "nl"), ("extensions", ["donl_mirror"]),
      ("ckan_version", version.map(JSON.string) ?? nil),
    ]
    return .object(members)
  }

  /// From the feed, as `ckanext-activity` tells it.
  func activities(limit: Int, offset: Int) throws -> JSON? {
    var activities: [JSON] = []
    try state.snapshot.eachRow(
      """
      SELECT c.seq, c.kind, c.dataset_id, c.name, c.recorded_at, d.title
      FROM changes c LEFT JOIN all_datasets d ON d.id = c.dataset_id
      ORDER BY c.seq DESC LIMIT ? OFFSET ?
      """, [.integer(Int64(limit)), .integer(Int64(offset))]
    ) { row in
      let kind =
        switch row.text(1) {
        case "create": "new package"
        case "delete": "deleted package"
        default: "changed package"
        }
      let id = JSON.string(row.text(2) ?? "")
      let package: [(key: String, value: JSON)] = [
        ("id", id), ("name", row.text(3).map(JSON.string) ?? nil),
        ("title", row.text(5).map(JSON.string) ?? nil),
      ]
      let activity: [(key: String, value: JSON)] = [
        ("id", .string("\(state.place.epoch)-\(row.integer(0))")),
        // CKAN's stamps are UTC and do not say so.
        ("timestamp", .string(String((row.text(4) ?? "").dropLast()))), ("user_id", ""),
        ("object_id", id), ("activity_type", .string(kind)),
        ("data", .object([(key: "package", value: .object(package))])),
      ]
      activities.append(.object(activity))
    }
    return .array(activities)
  }
}
