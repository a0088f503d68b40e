import GRDB
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

/// What an unchanged portal costs does not grow with the catalogue: three requests, and no statement
/// that reads the rows of its datasets.
@Suite("A run that finds nothing new")
struct QuietRunTests {
  @Test("reads no table from end to end that grows with the catalogue")
  func plans() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.resetRequests()
      let statements = try await Self.statements(of: portal, in: mirror)

      #expect(portal.requests.count == 3)
      #expect(statements.contains { $0.contains("all_datasets") })
      for sql in statements {
        let plan = try mirror.plan(of: sql)
        let scans = plan.filter { line in
          line.hasPrefix("SCAN") && !Self.small.contains { line.hasPrefix("SCAN \($0)") }
        }
        #expect(scans == [], "\(sql)")
        // The rows of the datasets are wide: an index answers, or a key names one.
        let fetches = plan.filter {
          $0.contains("all_datasets") && !$0.contains("COVERING INDEX") && !$0.contains("=?")
        }
        #expect(fetches == [], "\(sql)")
      }
    }
  }

  /// Tables whose size is not the catalogue's: what is held back, our own fields, the ledger.
  private static let small = [
    "absences", "rejections", "r ", "unserved_rows", "fields", "runs", "walks", "meta",
  ]

  /// What SQLite is asked during a run.
  private static func statements(
    of portal: SamplePortal, in mirror: Mirror
  ) async throws -> Set<String> {
    let log = SQLLog()
    let store = try Store(path: mirror.path)
    defer { try? store.close() }
    try store.read { $0.trace { log.add($0) } }
    let fields = try FieldTable.standard()
    try store.claim(PortalAddress(portal.url).site, rebinding: false, fields: fields)
    let settings = PortalSettings(address: try PortalAddress(portal.url))
    let tally = PortalTally()
    let run = try await Transport.using(settings, tally: tally, logger: mirror.log.logger) {
      transport in
      let portal = Portal(
        settings: settings,
        fetch: { (request) async throws(PortalError) in try await transport.get(request) },
        tally: tally, logger: mirror.log.logger)
      return try await Harvest(
        portal: portal, store: store, normalizer: Normalizer(fields: fields),
        logger: mirror.log.logger, now: { mirror.now }
      ).run()
    }
    #expect(run.outcome == .complete)
    #expect(run.tally == Tally())
    try store.read { $0.trace(options: []) }
    return log.statements
  }
}

private final class SQLLog: Sendable {
  private let state = Mutex<Set<String>>([])

  var statements: Set<String> { state.withLock { $0 } }

  func add(_ event: Database.TraceEvent) {
    guard case .statement(let statement) = event else { return }
    let sql = statement.sql
    _ = state.withLock { $0.insert(sql) }
  }
}

extension Mirror {
  /// How SQLite would go about a statement; empty for what is no query.
  func plan(of sql: String) throws -> [String] {
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
    guard verbs.contains(where: sql.hasPrefix) else { return [] }
    return try DatabaseQueue(path: path).read { db in
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
      // A plan needs no values.
      statement.setUncheckedArguments([])
      return try Row.fetchAll(statement).map { $0["detail"] }
    }
  }
}
