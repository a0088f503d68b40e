import NIOCore

/// A catalogue that the API answers from: what the sample portal has in memory, or a mirror's file.
package protocol ServedCatalogue {
  /// Looks at the index, in which these fields are ready. Nobody else does meanwhile.
  func withIndex<Result>(
    _ fields: Set<String>, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result

  /// The record of a document of the index, as it is served; nil if it has gone since.
  func record(_ key: Int) throws -> ByteBuffer?

  /// What `package_show` is asked for.
  func find(_ idOrName: String) throws -> FoundPackage

  /// What `package_search` answers.
  ///
  /// - Throws: `CKANError`.
  func search(_ search: PackageSearch) throws -> SearchResult

  /// What `license_list` says.
  func licenses() throws -> [ServedLicense]

  /// What `status_show` says.
  func site() throws -> ServedSite

  /// The latest changes, the newest first; nil where nobody keeps them.
  func activities(limit: Int, offset: Int) throws -> [ServedActivity]?
}

/// What became of a dataset that was asked for.
package enum FoundPackage: Sendable {
  case record(ByteBuffer)
  /// It was there once, or is not for everybody: refused, not denied.
  case withdrawn
  case unknown
}

/// One page of what a search found.
package struct SearchResult: Sendable {
  package var count: Int
  package var page: [ByteBuffer]
  package var facets: [PackageSearch.Facet]

  package init(count: Int, page: [ByteBuffer], facets: [PackageSearch.Facet]) {
    self.count = count
    self.page = page
    self.facets = facets
  }
}
