import Foundation
import Logging
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

/// A portal with forty small datasets, a mirror of it, and what a fault may do to them.
///
/// Read ten at a time, a full harvest asks for: the opening, then the pages at 0, 9, 18, 27 and 36
/// (each begins with the last record of the one before), then whatever proves the set.
struct FaultStory {
  typealias Fault = SamplePortal.Fault
  typealias Match = SamplePortal.Match
  /// Swift Testing has an ExitStatus too.
  typealias Exit = DONLMirror.ExitStatus

  let portal: SamplePortal
  let mirror: Mirror
  private let waited = Waits()

  private init(_ portal: SamplePortal, _ mirror: Mirror) {
    self.portal = portal
    self.mirror = mirror
  }

  static let size = 40
  /// In the mirror's folder, so that it must not turn up anywhere else.
  static let token = "s3cr3t-t0k3n"

  static let secondPage = Match(action: "package_search", start: 9, lacks: ["fl", "fq"])

  static func tell(
    _ body: nonisolated(nonsending) (FaultStory) async throws -> Void
  ) async throws {
    let records = (0..<size).map { record($0) }
    let mirror = try Mirror()
    var settings = SamplePortal.Settings()
    settings.now = { mirror.now }
    try await SamplePortal.run(Catalogue(records: records), settings: settings) { portal in
      try await body(FaultStory(portal, mirror))
    }
  }

  /// The record of a dataset, at an hour of 1 May 2026.
  static func record(_ number: Int, title: String = "Waterstanden", hour: Int = 8) -> String {
    let id = id(number)
    return """
      {"id": "\(id)", "name": "name-\(id)", "title": "\(title)", "notes": "Elke tien minuten.",
       "state": "active", "private": false, "type": "dataset",
       "metadata_modified": "2026-05-01T\(hour < 10 ? "0" : "")\(hour):00:00.000001",
       "theme": ["http://standaarden.overheid.nl/owms/terms/Water"],
       "tags": [{"name": "water"}, {"name": "\(id)"}],
       "resources": [{"id": "r-\(id)", "name": "csv", "url": "http://example.nl/\(id).csv"}]}
      """
  }

  static func id(_ number: Int) -> String { number < 10 ? "d0\(number)" : "d\(number)" }

  // MARK: - Harvests

  /// How long the run waited before it asked again.
  var waits: [Duration] { waited.all }

  /// - Parameter ahead: how far our clock is ahead of the portal's.
  @discardableResult
  func harvest(
    full isFull: Bool = false, ahead: Duration = .zero,
    _ change: (inout Settings) -> Void = { _ in }
  ) async throws -> RunSummary {
    let tokenFile = mirror.folder.appending(path: "token").path
    try Data(Self.token.utf8).write(to: URL(filePath: tokenFile))
    var job = mirror.job(portal.url)
    job.source = "faults"
    job.isFull = isFull
    job.settings.portal.rows = 10
    job.settings.portal.tokenFile = tokenFile
    change(&job.settings)
    job.clock.now = { [mirror] in mirror.now + ahead / .seconds(1) }
    job.clock.random = { 0.5 }
    job.clock.sleep = { [waited] duration in
      try Task.checkCancellation()
      waited.add(duration)
    }
    let summary = try await job.run()
    try expectLedger(tells: summary)
    return summary
  }

  /// As `HarvestJob` harvests, with what no configuration reaches: authorities to trust, speed.
  func harvest(
    from url: String, full isFull: Bool = true, recordBytesMax: Int = 32 << 20,
    patience: Duration = .seconds(30), transport change: (inout PortalSettings) -> Void
  ) async throws -> RunSummary {
    var settings = PortalSettings(address: try PortalAddress(url))
    change(&settings)
    let fields = try FieldTable.standard()
    let store = try Store(path: mirror.path, patience: patience)
    defer { try? store.close() }
    try store.claim("faults", rebinding: false, fields: fields)
    var options = Harvest.Options()
    options.isFull = isFull
    options.rows = 10
    let tally = PortalTally()
    let summary = try await Transport.using(settings, tally: tally, logger: mirror.log.logger) {
      transport in
      let portal = Portal(
        settings: settings,
        fetch: { (request) async throws(PortalError) in try await transport.get(request) },
        clock: PortalClock(sleep: { _ in try Task.checkCancellation() }), tally: tally,
        logger: mirror.log.logger)
      return try await Harvest(
        portal: portal, store: store,
        normalizer: Normalizer(fields: fields, recordBytesMax: recordBytesMax), options: options,
        logger: mirror.log.logger, now: { [mirror] in mirror.now }
      ).run()
    }
    try expectLedger(tells: summary)
    return summary
  }

  /// Edits one dataset, withdraws one and adds one.
  func moveCatalogue() throws {
    try portal.update { catalogue in
      try catalogue.put(Self.record(3, title: "Golfhoogten", hour: 10))
      catalogue.delete(Self.id(20))
      try catalogue.put(Self.record(Self.size, hour: 11))
    }
  }

  // MARK: - What must hold

  /// The run's row says what the process answers (I5).
  private func expectLedger(tells summary: RunSummary) throws {
    let row = try mirror.rows(
      "SELECT outcome, exit_code, reason FROM runs WHERE id = ?", [summary.id]
    ).first
    #expect(
      row == [
        summary.outcome.rawValue.databaseValue, summary.exitStatus.rawValue.databaseValue,
        summary.reason.databaseValue,
      ])
  }

  /// Ends all faults, runs again, and holds the mirror against one that never met any (I2), and
  /// against its own feed (I3), the portal (I4), its folder (I6) and its log (I8).
  func expectRecovery(exit: Exit = .done) async throws {
    let epoch = try mirror.strings("SELECT value FROM meta WHERE key = 'epoch'")
    portal.fail(.init())
    portal.intercept(nil)

    let next = try await harvest()

    #expect(next.outcome == .complete)
    #expect(next.exitStatus == exit)
    try await expectSameContent()
    try expectFeed()
    #expect(try mirror.strings("SELECT value FROM meta WHERE key = 'epoch'") == epoch)
    let allowed: Set = [
      "mirror.db", "mirror.db.lock", "mirror.db.mark", "mirror.db-wal", "mirror.db-shm", "token",
    ]
    let files = try FileManager.default.contentsOfDirectory(atPath: mirror.folder.path)
    #expect(Set(files).subtracting(allowed).isEmpty)
    #expect(!mirror.log.lines.contains { "\($0)".contains(Self.token) })
  }

  private func expectSameContent() async throws {
    let reference = try await References.shared.content(of: portal)
    #expect(try mirror.content() == reference)
    #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
    #expect(try mirror.rows("PRAGMA foreign_key_check").isEmpty)
    let live = Set(portal.catalogue.records.map(\.id))
    let deleted = try mirror.strings("SELECT id FROM deleted_datasets").compactMap(\.self)
    #expect(live.isDisjoint(with: deleted))
  }

  /// Replaying the feed gives the live datasets, and it only ever grows.
  private func expectFeed() throws {
    #expect(
      try mirror.count(
        """
        SELECT count(*) FROM (SELECT run_id < lag(run_id) OVER (ORDER BY seq) AS isBack FROM changes)
        WHERE isBack
        """) == 0)
    let replayed = try mirror.strings(
      """
      SELECT dataset_id || ' ' || content_hash FROM changes AS change
      WHERE kind <> 'delete' AND seq =
        (SELECT max(seq) FROM changes WHERE dataset_id = change.dataset_id)
      ORDER BY 1
      """)
    #expect(
      try replayed == mirror.strings("SELECT id || ' ' || content_hash FROM datasets ORDER BY 1"))
  }
}

/// What undisturbed harvests make of a catalogue, each harvested once.
private actor References {
  static let shared = References()

  private var contents: [String: [String: [String]]] = [:]

  func content(of portal: SamplePortal) async throws -> [String: [String]] {
    let catalogue = portal.catalogue.records.map(\.json).joined()
    if let content = contents[catalogue] { return content }
    let mirror = try Mirror()
    try await mirror.harvest(portal) { $0.source = "faults" }
    let content = try mirror.content()
    contents[catalogue] = content
    return content
  }
}

/// The waits of the runs, in order.
private final class Waits: Sendable {
  private let state = Mutex<[Duration]>([])

  var all: [Duration] { state.withLock { $0 } }
  func add(_ wait: Duration) { state.withLock { $0.append(wait) } }
}

extension Mirror {
  /// What readers see, without the times of our own runs.
  func content() throws -> [String: [String]] {
    let tables = [
      "datasets": "id, name, title, notes, state, metadata_modified, content_hash",
      "resources": "dataset_id, position, id, name, url",
      "uri_values": "dataset_id, resource_position, field, position, value, uri",
      "tags": "dataset_id, name", "records": "dataset_id, json",
      "extras": "dataset_id, resource_position, key, value",
      "datasets_fts": "name, title, notes, tags, resources",
    ]
    return try tables.reduce(into: [:]) { content, table in
      content[table.key] = try strings(
        "SELECT json_array(\(table.value)) FROM \(table.key) ORDER BY 1"
      ).compactMap(\.self)
    }
  }
}
