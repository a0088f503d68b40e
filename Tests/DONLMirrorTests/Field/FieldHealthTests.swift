import Foundation
import GRDB
import SamplePortal
import Synchronization
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, E3, A6, E1, E4 and B10: what people are told of a mirror.
@Suite("Health in the field")
struct FieldHealthTests {
  @Test("E3 reads what the last run noted, and no row of the catalogue", arguments: [true, false])
  func cost(isPublished: Bool) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.tended(portal)
      let log = Mutex<[String]>([])
      var check = mirror.healthCheck(isPublished: isPublished)
      check.opened = { reader in
        try? reader.queue.read { db in
          db.trace { event in
            guard case .statement(let statement) = event else { return }
            let sql = statement.sql
            log.withLock { $0.append(sql) }
          }
        }
      }
      let health = check.run()
      let statements = log.withLock { $0 }

      #expect(health.state == .ok, "\(health.line)")
      #expect(health.datasets == 20)
      #expect(!statements.isEmpty)
      for sql in statements where !sql.hasPrefix("BEGIN") && !sql.hasPrefix("COMMIT") {
        #expect(!sql.hasPrefix("PRAGMA quick_check") && !sql.hasPrefix("PRAGMA integrity"))
        guard sql.hasPrefix("SELECT") else { continue }
        let plan = try mirror.query { db in
          let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
          statement.setUncheckedArguments([])
          return try Row.fetchAll(statement).map { $0["detail"] as String }
        }
        // The ledger is asked for its last rows alone.
        #expect(plan.filter { $0.hasPrefix("SCAN") && $0 != "SCAN runs" } == [], "\(sql)")
        #expect(!sql.contains("all_datasets") && !sql.contains("changes"), "\(sql)")
      }
    }
  }

  @Test("E3 tells the same of a file that no run has noted anything in")
  func earlierVersion() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.tended(portal)
      portal.update { $0.purge(Entry.id(3)) }
      portal.intercept { request, _ in
        request.action == "package_show" ? .respond(status: 503, body: "") : nil
      }
      try await mirror.tended(portal) {
        $0.isFull = true
        $0.settings.portal.retries = 0
      }
      let noted = mirror.healthCheck().run()
      #expect(noted.held == 1)
      try mirror.tamper("DELETE FROM meta WHERE key = 'figures'")

      #expect(mirror.healthCheck().run().line == noted.line)
    }
  }

  @Test("E3 the copy holds what the database holds, also after value lists and after a failed run")
  func freshness() async throws {
    try await story(Entry.row(6)) { mirror, portal in
      try await mirror.tended(portal)
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal)
      #expect(mirror.healthCheck().run().age == 0)
      portal.update { catalogue in
        for number in 0..<6 { catalogue.put(Entry(Entry.id(number), hour: 40, title: "Other")) }
      }
      portal.failAfterPage(1)
      mirror.advance(by: .seconds(3600))
      try await mirror.tended(portal) {
        $0.rows = 2
        $0.settings.portal.retries = 0
      }

      // What it stored is not in the copy.
      let health = mirror.healthCheck().run()
      #expect(health.state == .warning)
      #expect(health.datasets == 6)
    }
  }

  @Test("A6 a run that ended without a word is a warning, unless it is still under way")
  func running() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      let check = mirror.healthCheck()
      try mirror.tamper(
        "INSERT INTO runs (mode, outcome, started_at) VALUES ('full', 'running', '2026-05-28T00:00:00.000000Z')"
      )
      #expect(check.run().state == .warning)
      #expect(check.run().line.contains("run 2 ended without a word"))
      try await HarvestLock.hold(beside: mirror.path) {
        #expect(check.run().state == .ok, "\(check.run().line)")
      }
      #expect(check.run().state == .warning)

      // The next run closes its row, and is then the last.
      let next = try await mirror.tended(portal)
      #expect(next.exitStatus == .done)
      #expect(check.run().state == .ok)
    }
  }

  @Test(
    "A6 an end that nobody asked for is not a good one",
    arguments: [
      ("interrupted", "died", "run 1 interrupted, died"), ("interrupted", "interrupted", ""),
      ("failed", "internal", "run 1 failed, internal"),
      ("partial", "collapse", "run 1 partial, collapse"),
    ])
  func ends(outcome: String, reason: String, told: String) async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal)
      try mirror.tamper("UPDATE runs SET outcome = '\(outcome)', reason = '\(reason)'")
      let health = mirror.healthCheck().run()

      #expect(health.state == (told.isEmpty ? .ok : .warning))
      #expect(health.line.contains(told.isEmpty ? "3 datasets" : told))
    }
  }

  @Test("A6 a lock that a process holds is seen by those who may not open it")
  func heldLock() async throws {
    let mirror = try Mirror()
    #expect(!HarvestLock.isHeld(beside: mirror.path))
    try await HarvestLock.hold(beside: mirror.path) {
      #expect(HarvestLock.isHeld(beside: mirror.path))
    }
    #expect(!HarvestLock.isHeld(beside: mirror.path))
  }

  @Test(
    "B10 how far a run is can be told, whatever the portal counts",
    arguments: [0, 1, -5, 303, 1_000_000_000_000_000, Int.max, Int.min])
  func progress(count: Int) {
    for (done, pages) in [(0, 0), (7, 1), (Int.max, Int.max), (-1, 2)] {
      for received in [0, 7, Int.max] {
        var tally = Tally()
        tally.created = received
        let progress = Harvest.Progress(
          mode: .full, done: done, total: count, pages: pages, tally: tally)
        #expect(progress.status.hasPrefix("page \(pages)/"))
        for rate in [0, 0.1, 250, -3, Double.infinity, Double.nan, Double.leastNonzeroMagnitude] {
          let bar = progress.bar(rate: rate)
          #expect(bar.prefix { $0 != "]" }.count == "full [".count + 24, "\(bar)")
        }
      }
    }
    #expect(Int(clamping: Double.nan) == 0)
    #expect(Int(clamping: Double.infinity) == .max)
    #expect(Int(clamping: -1e300) == .min)
    #expect(Int(clamping: 7.9) == 7)
  }
}

extension Mirror {
  fileprivate func healthCheck(isPublished: Bool = true) -> HealthCheck {
    var settings = Settings()
    settings.database.path = path
    if isPublished { settings.publish.path = published }
    var check = HealthCheck(settings)
    check.now = { [self] in now }
    return check
  }
}

extension FieldCommandTests {
  @Suite("Status in the field")
  struct FieldStatusTests {
    @Test("E4 held deletions: the reason once, the names below it, fifty in all")
    func held() async throws {
      let bench = try await Workbench.withMirror()
      try await DatabaseQueue(path: bench.path("mirror.db")).write { db in
        try db.execute(
          sql: """
            INSERT INTO absences (dataset, state, detail, first_noted_at, noted_at, run_id)
            SELECT key, iif(key <= 100, 'held', 'unclear'),
              iif(key <= 100, 'the portal lists far less', 'package_show does not say ' || (key % 2)),
              '2026-05-01T08:00:00.000000Z', '2026-05-01T08:00:00.000000Z', 1
            FROM all_datasets WHERE key <= 104
            """)
      }
      let text = try await bench.run("status", "--db", "mirror.db")
      let lines = text.outputLines
      #expect(lines.contains("held deletions  104"))
      #expect(lines.count { $0.contains("the portal lists far less") } == 1)
      let start = try #require(lines.firstIndex(of: "held deletions  104"))
      #expect(lines[start + 1] == "  held, 100: the portal lists far less")
      #expect(lines[(start + 2)..<(start + 52)].allSatisfy { $0.hasPrefix("    ") })
      #expect(lines[start + 52] == "  … and 54 more; see the view held_deletions")
      let json = try await bench.run("status", "--db", "mirror.db", "--json")
      let status = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect((status["held"] as? [Any])?.count == 104)

      try await DatabaseQueue(path: bench.path("mirror.db")).write { db in
        try db.execute(sql: "DELETE FROM absences WHERE dataset <= 98")
      }
      let few = try await bench.run("status", "--db", "mirror.db").outputLines
      let first = try #require(few.firstIndex(of: "held deletions  6"))
      #expect(
        few[first...].filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.prefix(3) == [
          "  held, 2: the portal lists far less", "  unclear, 2: package_show does not say 0",
          "  unclear, 2: package_show does not say 1",
        ])
    }

    @Test("E1 what the portal counts and does not serve is listed, and explained")
    func unserved() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(Catalogue(Entry.row(20))) { portal in
        portal.poison(["0005", "0006"])
        let environment = ["DONL_MIRROR_PORTAL_RETRIES": "0"]
        let arguments = ["harvest", "--db", "mirror.db", "--portal", portal.url]
        let run = try await bench.start(arguments, environment: environment).ended
        #expect(run.code == 3, "\(run.errors)")
        let text = try await bench.run("status", "--db", "mirror.db").outputLines
        let line = try #require(text.firstIndex { $0.hasPrefix("unserved        2 ") })
        #expect(text[line + 1].hasPrefix("  0005  since 2"))
        #expect(text[line + 2].hasPrefix("  0006  since 2"))
        let json = try await bench.run("status", "--db", "mirror.db", "--json")
        let status = try #require(
          try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let records = try #require(status["unserved_records"] as? [[String: Any]])
        #expect(records.map { $0["dataset_id"] as? String } == ["0005", "0006"])
        let check = try await bench.start(
          ["check", "--portal", "--db", "mirror.db"], environment: environment
        ).ended
        #expect(check.code == 0, "\(check.output)\(check.errors)")
        #expect(check.output.contains("2 different, 0 unexplained"))
        #expect(check.output.contains("explained: the portal lists it and does not serve it"))
      }
    }
  }
}
