import SamplePortal
import Testing

@testable import DONLMirror

/// The faults with which other harvesters lose records while their totals add up, at
/// the size at which they do.
@Suite("Harvest of 5,000 datasets")
struct LargeCatalogueFaultTests {
  private typealias Rule = SamplePortal.FaultScript.Rule

  private static let records = (0..<5_000).map { number in
    let id = String(number + 100_000)
    return """
      {"id": "\(id)", "name": "n-\(id)", "title": "Dataset \(id)", "state": "active",\
       "metadata_modified": "2026-05-01T08:00:00.\(id)"}
      """
  }

  @Test("is complete when pages are capped at", arguments: [100, 50])
  func capped(rows: Int) async throws {
    try await isComplete([Rule(.rowsCap(rows))]) { mirror in
      #expect(mirror.log.reasons.contains("rows_capped"))
    }
  }

  @Test("is complete when a record goes after two pages")
  func removed() async throws {
    let match = SamplePortal.Match(
      action: "package_search", lacks: ["fl"], nth: 1, isMet: { ($0["start"] ?? "0") == "498" })
    try await isComplete([Rule(when: match, .deletes(ids: ["100100"]))], without: ["100100"]) {
      mirror in
      #expect(mirror.log.reasons.contains("moving_catalogue"))
    }
  }

  @Test("is complete when every third answer is 503 with Retry-After")
  func unavailable() async throws {
    let fault = SamplePortal.Fault.answers(
      status: 503, headers: ["Retry-After": "2"], body: nil)
    try await isComplete([Rule(when: .init(every: 3), fault)]) { mirror in
      #expect(mirror.log.reasons.contains("http_503"))
    }
  }

  @Test("is complete when every fourth body is cut short")
  func truncated() async throws {
    try await isComplete([Rule(when: .init(every: 4), .cut(after: 60))]) { mirror in
      #expect(mirror.log.reasons.contains("truncated"))
    }
  }

  @Test("is complete when every fourth answer is a page of HTML with 200")
  func maintenance() async throws {
    let fault = SamplePortal.Fault.answers(
      status: 200, headers: ["Content-Type": "text/html"], body: "<html>Even geduld</html>")
    try await isComplete([Rule(when: .init(every: 4), fault)]) { mirror in
      #expect(mirror.log.reasons.contains("not_json"))
    }
  }

  /// The set of ids and every record are the portal's, from one run.
  private func isComplete(
    _ rules: [Rule], without removed: Set<String> = [], _ also: (Mirror) throws -> Void
  ) async throws {
    let mirror = try Mirror()
    try await SamplePortal.run(Catalogue(records: Self.records)) { portal async throws in
      portal.fail(.init(rules))

      let summary = try await mirror.harvest(portal)

      #expect(summary.outcome == .complete)
      #expect(summary.exitStatus == .done)
      let mirrored = try mirror.strings("SELECT json FROM records ORDER BY dataset_id")
      #expect(mirrored == portal.catalogue.records.sorted { $0.id < $1.id }.map(\.json))
      #expect(mirrored.count == 5_000 - removed.count)
      let gone = try mirror.strings("SELECT id FROM deleted_datasets").compactMap(\.self)
      #expect(Set(gone) == removed)
      #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
      try also(mirror)
    }
  }
}
