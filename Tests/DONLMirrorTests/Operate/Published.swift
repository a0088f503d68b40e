import Foundation
import GRDB
import SamplePortal

@testable import DONLMirror

extension Mirror {
  /// Where a run publishes in these stories: `public/catalog.db` beside the mirror.
  var publicFolder: URL { folder.appending(path: "public") }
  var published: String { publicFolder.appending(path: "catalog.db").path }

  func makePublicFolder() throws {
    try FileManager.default.createDirectory(at: publicFolder, withIntermediateDirectories: true)
  }

  /// A harvest that publishes, and whatever else `change` sets up.
  @discardableResult
  func tended(
    _ portal: SamplePortal, _ change: (inout HarvestJob) -> Void = { _ in }
  ) async throws -> RunSummary {
    try makePublicFolder()
    let job = job(portal.url) { job in
      job.settings.publish.path = published
      change(&job)
    }
    return try await TendedRun(job).run()
  }

  /// The files in the public folder, hidden ones included.
  var publicFiles: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: publicFolder.path)) ?? []).sorted()
  }

  /// What the link points to.
  var generation: String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: published)
  }

  /// The first column of a query on the published copy.
  func publishedStrings(_ sql: String) throws -> [String?] {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: published, configuration: configuration).read {
      try Optional<String>.fetchAll($0, sql: sql)
    }
  }
}
