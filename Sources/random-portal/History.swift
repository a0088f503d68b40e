import DONLMirror
import Foundation
import GRDB
import Logging
import SamplePortal
import Synchronization

/// One history: what happened, and which promises did not hold.
struct History: Sendable {
  let seed: UInt64
  private(set) var violations: [String] = []
  private(set) var runs = 0
  private(set) var completeRuns = 0
  private(set) var requests = 0
  private var notes: [String] = []

  /// Both, for a person.
  var text: String {
    let head = violations.isEmpty ? "seed \(seed)" : violations.map { "seed \(seed): \($0)" }
      .joined(separator: "\n")
    return head + "\n" + notes.map { "  " + $0 }.joined(separator: "\n")
  }

  private init(seed: UInt64) { self.seed = seed }

  static func play(_ seed: UInt64) async throws -> History {
    var history = History(seed: seed)
    let chance = Chance(seed: seed)
    let records = (0..<chance.number(in: 0..<50)).map { record($0, hour: $0, chance) }
    let clock = SimulatedClock()
    var settings = SamplePortal.Settings()
    settings.now = { clock.now }
    // A portal may have its own way for good; what is right is then read all the same.
    let quirk = chance.happens(0.3) ? chance.number(in: 0..<6) : -1
    if quirk == 0 { settings.rowsCap = chance.number(in: 2..<9) }
    if quirk == 1 { settings.showsDate = false }
    if quirk == 2 { settings.startMax = chance.number(in: 0..<20) }
    if quirk == 3 { settings.ignoresFields = true }
    if quirk == 4 { settings.filterMatchesNothing = true }
    chance.note("\(records.count) datasets, quirk \(quirk)")
    let quirks = settings
    history = try await SamplePortal.run(Catalogue(records: records), settings: quirks) { portal in
      var scene = try Scene(history, portal, chance, clock)
      defer { scene.leave() }
      for _ in 0..<chance.number(in: 2..<6) { try await scene.round() }
      try await scene.end()
      var told = scene.history
      told.notes = chance.notes
      return told
    }
    return history
  }

  static func id(_ number: Int) -> String { "d\(number + 100)" }

  /// A record with a name, a stamp of its own and a title.
  static func record(_ number: Int, hour: Int, _ chance: Chance) -> String {
    let id = id(number)
    let second = 1_777_593_600 + hour * 3600 + chance.serial()
    let stamp = Date(timeIntervalSince1970: Double(second))
      .formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
      .replacing("Z", with: "")
    return """
      {"id": "\(id)", "name": "name-\(id)", "title": "T\(chance.number(in: 0..<1000))", \
      "state": "active", "private": \(chance.happens(0.03)), "metadata_modified": "\(stamp).000001", \
      "tags": [{"name": "water"}], \
      "resources": [{"id": "r-\(id)", "name": "csv", "url": "http://example.nl/\(id).csv"}]}
      """
  }

  /// A portal, its mirror, and the runs between them.
  private struct Scene {
    var history: History
    let portal: SamplePortal
    let chance: Chance
    let clock: SimulatedClock
    let truth = Truth()
    let folder: URL
    let path: String

    init(
      _ history: History, _ portal: SamplePortal, _ chance: Chance, _ clock: SimulatedClock
    ) throws {
      self.history = history
      self.portal = portal
      self.chance = chance
      self.clock = clock
      let memory = URL(filePath: "/dev/shm")
      let place =
        FileManager.default.isWritableFile(atPath: memory.path)
        ? memory : FileManager.default.temporaryDirectory
      folder = place.appending(path: "random-portal-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      path = folder.appending(path: "mirror.db").path
    }

    func leave() { try? FileManager.default.removeItem(at: folder) }

    // MARK: - What happens

    mutating func round() async throws {
      for _ in 0..<chance.number(in: 0..<5) { portal.update(move) }
      clock.advance(by: chance.one(of: [600, 3600, 90_000]))
      let likelihood = chance.one(of: [0, 0.02, 0.1, 0.3])
      chance.note("a run; \(Int(likelihood * 100)) % of its questions go wrong")
      let hour = clock.hour
      truth.begin(portal.catalogue)
      portal.intercept { [chance, truth, portal] request, ordinal in
        guard chance.happens(likelihood) else { return nil }
        let fault = RandomFault(chance) { catalogue in
          Self.move(&catalogue, chance, hour: hour)
          truth.note(catalogue)
        }
        _ = portal
        chance.note("  \(ordinal) \(request.action ?? "") \(request.query): \(fault.name)")
        return fault.intervention
      }
      let before = try lastChange()
      let (rows, isFull) = (chance.number(in: 2..<13), chance.happens(0.3))
      let limits = (percent: Double(chance.number(in: 0..<40)), count: chance.number(in: 0..<6))
      let accepts = chance.happens(0.05)
      let summary = try await run { job in
        job.settings.portal.rows = rows
        job.settings.deletions.limitPercent = limits.percent
        job.settings.deletions.limitCount = limits.count
        job.isFull = isFull
        job.acceptsDeletions = accepts
      }
      try judge(summary, since: before)
    }

    /// Everything is sound again: one run mends all, a second where a person has to release what is
    /// held, or where the first had to learn that the portal is well.
    mutating func end() async throws {
      portal.intercept(nil)
      var settings = SamplePortal.Settings()
      settings.now = portal.settings.now
      portal.settings = settings
      portal.update { $0.hidden = [] }
      portal.update { $0.unserved = [] }
      clock.advance(by: 90_000)
      chance.note("all is sound")
      for attempt in 1...2 {
        truth.begin(portal.catalogue)
        let before = try lastChange()
        let summary = try await run { job in
          job.settings.deletions.limitPercent = 100
          job.settings.deletions.limitCount = 1000
          job.acceptsDeletions = attempt == 2
          // Another day: what was held is ripe, and a full walk is due.
          job.isFull = attempt == 2
        }
        try judge(summary, since: before)
        if summary.exitStatus == .done { break }
        clock.advance(by: 90_000)
      }
      let mirrored = try rows("SELECT dataset_id, json FROM records").map { Self.value(of: $0[1]) }
      let served = portal.catalogue.records.filter(\.isListed).map { Self.value(of: $0.json) }
      expect(Set(mirrored) == Set(served), "at the end the mirror is not the portal")
      let left = try rows(
        """
        SELECT 'absence' FROM absences UNION ALL SELECT 'rejection' FROM rejections
        UNION ALL SELECT 'unserved' FROM unserved_records
        """)
      expect(left.isEmpty, "at the end there are \(left.joined())")
      let broken = try MirrorReader(path: path).check().filter { !$0.isPassed }
      expect(broken.isEmpty, "check: \(broken.map { "\($0.name) \($0.examples)" })")
    }

    /// A record, whatever the order of its keys.
    private static func value(of json: String) -> NSDictionary {
      (try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary) ?? [:]
    }

    private func move(_ catalogue: inout Catalogue) {
      Self.move(&catalogue, chance, hour: clock.hour)
      truth.note(catalogue)
    }

    private static func move(_ catalogue: inout Catalogue, _ chance: Chance, hour: Int) {
      let number = chance.number(in: 0..<60)
      let id = History.id(number)
      let what: String
      switch chance.number(in: 0..<12) {
      case 0, 1:
        catalogue.delete(id)
        what = "delete"
      case 2:
        catalogue.purge(id)
        what = "purge"
      case 3:
        catalogue.hidden.formSymmetricDifference([id])
        what = "hide or show"
      case 4:
        catalogue.unserved.formSymmetricDifference([id])
        what = "serve or not"
      case 5:
        // Stamps can go back, or lie ahead.
        let other = hour + chance.one(of: [-200, -1, 0, 500])
        try? catalogue.put(record(number, hour: other, chance))
        what = "put at hour \(other)"
      default:
        try? catalogue.put(record(number, hour: hour, chance))
        what = "put"
      }
      chance.note("  move: \(what) \(id)")
    }

    private mutating func run(_ change: (inout HarvestJob) -> Void) async throws -> RunSummary {
      var settings = Settings()
      settings.portal.url = portal.url
      settings.database.path = path
      let logger = Logger(label: "random-portal") { _ in SwiftLogNoOpLogHandler() }
      var job = HarvestJob(settings: settings, logger: logger)
      job.source = "random"
      job.clock.sleep = { _ in try Task.checkCancellation() }
      job.clock.now = { [clock] in clock.now }
      job.clock.random = { 0.5 }
      change(&job)
      portal.resetRequests()
      let summary = try await job.run()
      history.runs += 1
      history.completeRuns += summary.outcome == .complete ? 1 : 0
      history.requests += portal.requests.count
      chance.note(
        "  \(summary.outcome) \(summary.exitStatus) \(summary.reason ?? "-"): "
          + "\(summary.message ?? "-") \(summary.tally) \(portal.requests.count) requests")
      return summary
    }

    // MARK: - What must hold

    /// More than any run needs that is not caught in a circle: a walk, three censuses, each page at
    /// its smallest, and all retries.
    private static let requestsMax = 1500

    private mutating func judge(_ summary: RunSummary, since before: Int) throws {
      let live = Set(try rows("SELECT id FROM datasets").joined())
      let deleted = try rows(
        "SELECT dataset_id FROM changes WHERE kind = 'delete' AND seq > \(before)"
      ).joined()
      let accepted = Set(
        try rows("SELECT id FROM deleted_datasets WHERE reason = 'accepted'").joined())
      let wronged = Set(deleted).subtracting(truth.everGone).subtracting(accepted)
      expect(wronged.isEmpty, "deleted without evidence: \(wronged.sorted())")
      expect(
        portal.requests.count <= Self.requestsMax, "\(portal.requests.count) requests in one run")
      let ledger = try rows(
        "SELECT outcome, exit_code || '', held || '' FROM runs WHERE id = \(summary.id)")
      expect(
        ledger == [
          [summary.outcome.rawValue, "\(summary.exitStatus.rawValue)", "\(summary.tally.held)"]
        ], "the ledger says \(ledger)")
      guard summary.outcome == .complete else { return }

      expect([.done, .heldBack].contains(summary.exitStatus), "complete, and \(summary.exitStatus)")
      let details = try rows("SELECT coalesce(dataset_id, detail) FROM unserved_records").joined()
      let rejected = Set(try rows("SELECT dataset_id FROM rejections").joined())
      let missing = truth.throughout.subtracting(live).subtracting(rejected)
        .filter { id in
          !portal.catalogue.unserved.contains(id)
            && !details.contains { $0 == id || $0.contains("name-\(id) ") }
        }
      expect(missing.isEmpty, "complete without \(missing.sorted())")
      let absent = Set(
        try rows("SELECT d.id FROM absences a JOIN all_datasets d ON d.key = a.dataset").joined())
      let surplus = live.subtracting(truth.ever).subtracting(absent)
      expect(surplus.isEmpty, "complete with \(surplus.sorted()), which the portal has not")
    }

    private mutating func expect(_ holds: Bool, _ promise: String) {
      guard !holds else { return }
      history.violations.append(promise)
      chance.note("VIOLATION \(promise)")
    }

    private func lastChange() throws -> Int {
      guard FileManager.default.fileExists(atPath: path) else { return 0 }
      return Int(try rows("SELECT coalesce(max(seq), 0) || '' FROM changes").first?.first ?? "") ?? 0
    }

    private func rows(_ sql: String) throws -> [[String]] {
      var configuration = Configuration()
      configuration.readonly = true
      return try DatabaseQueue(path: path, configuration: configuration).read { db in
        try Row.fetchAll(db, sql: sql).map { row in
          row.databaseValues.map { String.fromDatabaseValue($0) ?? "" }
        }
      }
    }
  }
}

/// The time of a history, for the portal and the mirror alike.
final class SimulatedClock: Sendable {
  private let seconds = Mutex(1_780_000_000.0)

  var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }

  /// Hours since the first of May 2026.
  var hour: Int { Int((now.timeIntervalSince1970 - 1_777_593_600) / 3600) }

  func advance(by time: Int) { seconds.withLock { $0 += Double(time) } }
}
