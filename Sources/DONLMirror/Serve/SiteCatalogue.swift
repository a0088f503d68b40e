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
    if let live = try state.live(idOrName), let record = try state.record(live.key) {
      return .record(record)
    }
    var isGone = false
    try state.snapshot.eachRow(
      "SELECT 1 FROM all_datasets WHERE deleted_at IS NOT NULL AND (id = ?1 OR name = ?1) LIMIT 1",
      [.text(idOrName)]
    ) { _ in isGone = true }
    return isGone ? .withdrawn : .unknown
  }

  func search(_ search: PackageSearch) throws -> SearchResult {
    let matches = try search.matches(in: self, now: SolrDate(now), isStrict: true)
    let page = try matches.keys.dropFirst(search.start).prefix(search.rows).compactMap(state.record)
    return SearchResult(count: matches.keys.count, page: page, facets: matches.facets)
  }

  /// Of the portal's own list.
  func licenses() throws -> [ServedLicense] {
    var licenses: [ServedLicense] = []
    try state.snapshot.eachRow("SELECT id, title, url FROM licenses ORDER BY id") { row in
      licenses.append(
        ServedLicense(id: row.text(0) ?? "", title: row.text(1) ?? "", url: row.text(2) ?? ""))
    }
    return licenses
  }

  func site() throws -> ServedSite {
    ServedSite(
      title: try state.snapshot.meta("portal_title"), url: state.place.source,
      ckanVersion: try state.snapshot.meta("ckan_version"), extensions: ["donl_mirror"])
  }

  /// From the feed.
  func activities(limit: Int, offset: Int) throws -> [ServedActivity]? {
    var activities: [ServedActivity] = []
    try state.snapshot.eachRow(
      """
      SELECT c.seq, c.kind, c.dataset_id, c.name, c.recorded_at, d.title
      FROM changes c LEFT JOIN all_datasets d ON d.id = c.dataset_id
      ORDER BY c.seq DESC LIMIT ? OFFSET ?
      """, [.integer(Int64(limit)), .integer(Int64(offset))]
    ) { row in
      let kind: ServedActivity.Kind =
        switch row.text(1).flatMap(Change.Kind.init) {
        case .create: .new
        case .delete: .deleted
        case .update, nil: .changed
        }
      activities.append(
        ServedActivity(
          id: "\(state.place.epoch)-\(row.integer(0))", kind: kind,
          timestamp: String((row.text(4) ?? "").dropLast()), packageID: row.text(2) ?? "",
          name: row.text(3), title: row.text(5)))
    }
    return activities
  }
}
