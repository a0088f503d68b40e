import CKANServer
import NIOCore
import Synchronization

/// A catalogue in memory as the API serves it, with the habits of the portal that it plays.
struct MemoryCatalogue: ServedCatalogue {
  /// The records that anonymous visitors see, and the index over them. Shared by all requests until
  /// the catalogue changes.
  final class Documents: Sendable {
    let records: [PackageRecord]
    let index: Mutex<RecordIndex>

    init(_ catalogue: Catalogue) {
      records = catalogue.records.filter(\.isListed)
      let entries = records.enumerated().map { key, record in
        RecordIndex.Entry(
          key: key, id: record.id, name: record.name, modified: record.modified,
          created: record.created)
      }
      index = Mutex(RecordIndex(entries))
    }
  }

  let catalogue: Catalogue
  let documents: Documents
  var settings: SamplePortal.Settings

  init(_ catalogue: Catalogue, _ documents: Documents, _ settings: SamplePortal.Settings) {
    self.catalogue = catalogue
    self.documents = documents
    self.settings = settings
  }

  func answer(_ request: CKANRequest, siteURL: String) -> CKANAnswer {
    let actions = Actions(
      self, rowsCap: settings.rowsCap, base: siteURL, ignoresFields: settings.ignoresFields)
    do {
      return try actions.answer(request)
    } catch {
      return .json(500, ["error": ["__type": "Internal Server Error"], "success": false])
    }
  }

  func withIndex<Result>(
    _ fields: Set<String>, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result {
    try documents.index.withLock { index in
      try index.prepare(fields) { visit in
        for (key, record) in documents.records.enumerated() { try visit(key, record.bytes) }
      }
      return try body(&index)
    }
  }

  func record(_ key: Int) -> ByteBuffer? { documents.records[key].bytes }

  func find(_ idOrName: String) -> FoundPackage {
    guard let record = catalogue.find(idOrName) else {
      return catalogue.isWithdrawn(idOrName) ? .withdrawn : .unknown
    }
    return record.isListed ? .record(record.bytes) : .withdrawn
  }

  func search(_ search: PackageSearch) throws -> SearchResult {
    var habits = PackageSearch.Habits()
    habits.ignoresFilter = settings.ignoresFilter
    habits.filterMatchesNothing = settings.filterMatchesNothing
    habits.ignoresSort = settings.ignoresSort
    habits.holds = held
    let matches = try search.matches(
      in: self, now: settings.solrNow, isStrict: false, habits: habits)
    let served = try matches.keys.flatMap(rows)
    let page = served.dropFirst(min(search.start, settings.startMax)).prefix(search.rows)
      .filter { row in row.id.map { !catalogue.unserved.contains($0) } ?? true }
    return SearchResult(count: served.count, page: page.map(\.bytes), facets: matches.facets)
  }

  /// What the index holds, when that is not all.
  private var held: Set<Int>? {
    guard settings.indexHolds != nil || !catalogue.hidden.isEmpty else { return nil }
    let shown = documents.records.indices.filter {
      !catalogue.hidden.contains(documents.records[$0].id)
    }
    return Set(shown.prefix(settings.indexHolds ?? .max))
  }

  private typealias Row = (id: String?, bytes: ByteBuffer)

  /// A document as often as the index has it.
  private func rows(_ key: Int) throws -> [Row] {
    let record = documents.records[key]
    let row: Row = (record.id, record.bytes)
    guard !catalogue.doubled.isEmpty || !settings.twins.isEmpty else { return [row] }
    let own = catalogue.doubled.contains(record.id) ? [row, row] : [row]
    guard let twin = settings.twins[record.id] else { return own }
    return own.flatMap { [(record.id, ByteBuffer(string: twin)), $0] }
  }

  func licenses() -> [ServedLicense] { Licence.all.map(\.served) }

  func site() -> ServedSite {
    ServedSite(
      title: "Voorbeeldportaal", url: "http://127.0.0.1", ckanVersion: settings.ckanVersion,
      extensions: ["dataoverheid"])
  }

  func activities(limit: Int, offset: Int) -> [ServedActivity]? { nil }
}
