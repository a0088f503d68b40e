import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite(
  "PostgreSQL", .serialized,
  .enabled(if: Postgres.isPresent, "needs a PostgreSQL (apt-get install postgresql)"))
struct PostgresTests {
  @Test(
    "has the rows and hashes of the mirror after the load and after each increment, however often")
  func increments() async throws {
    try await Postgres.run { bench, postgres in
      let mirror = try Mirror()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        func export(_ file: String, since: Int? = nil) throws -> Int {
          var export = Export(path: mirror.path, format: .postgres)
          export.output = bench.path(file)
          export.schema = "x"
          export.since = since.map { FeedCursor(seq: $0) }
          return try export.run().seq
        }
        try await mirror.harvest(portal) { $0.isFull = true }
        var seq = try export("all.sql")
        let first = seq
        #expect(try await postgres.load("all.sql").errors == "")
        try await postgres.expectSame(as: mirror.path, schema: "x")

        let steps: [(inout Catalogue) -> Void] = [
          { $0 = .sample(day: 2) },
          { $0.put(Entry("new", hour: 9000, rest: Self.nasty)) },
          // Only what churns.
          { $0.put(Entry("new", hour: 9001, resources: ["churned", "r9"], rest: Self.nasty)) },
          {
            $0.put(
              Entry(
                "new", hour: 9002, title: "'; DROP TABLE datasets; --\\\\. \\t", tags: [],
                rest: #", "n": 1e999999, "m": -0.5e-70000"#))
          },
          { $0.delete("new") },
          { _ in },
        ]
        for (number, step) in steps.enumerated() {
          mirror.advance(by: .seconds(90_000))
          portal.update(step)
          try await mirror.harvest(portal) {
            $0.acceptsDeletions = true
            $0.settings.history.keep = .seconds(3 * 86400)
            $0.settings.deletions.limitCount = 1000
          }
          let before = seq
          seq = try export("step\(number).sql", since: before)
          for _ in 1...2 {
            let loaded = try await postgres.load("step\(number).sql")
            #expect(loaded.errors == "", "step \(number)")
            #expect(loaded.code == 0)
            try await postgres.expectSame(as: mirror.path, schema: "x", "step \(number)")
          }
          #expect(try await postgres.lines("SELECT seq FROM x.feed_cursor") == ["\(seq)"])
        }
        // An old script changes nothing, and one that leaves a gap is refused.
        #expect(try await postgres.load("step0.sql").output.contains("nothing to do"))
        try await postgres.expectSame(as: mirror.path, schema: "x")
        #expect(try await postgres.load("all.sql").code == 0)
        let gap = try await postgres.load("step1.sql")
        #expect(gap.code == 3)
        #expect(gap.errors.contains("loaded up to \(first)"))
        #expect(gap.errors.contains("HINT"))
      }
    }
  }

  /// Nothing that jsonb takes as it is.
  private static let nasty =
    #", "half": "\ud800 \u0000 ok", "n": 123456789012345678901234567890, "d": 1, "d": 2, "#
    + #""formula": "=1+1", "rtl": "\u202e abc", "tab": "a\tb\\N\\.\r\n", "url": "http://example.org/a b""#

  @Test("follows what value lists say, and loads a second time what it has")
  func lists() async throws {
    try await Postgres.run { bench, postgres in
      let settings = SamplePortal.Settings()
      try await SamplePortal.run(.sample(day: 1), settings: settings) { portal in
        let database = bench.path("sample.db")
        func run(_ arguments: String) async throws -> Ended {
          try await postgres.shell("$donl_mirror \(arguments)")
        }
        #expect(try await run("harvest --sample").code == 0)
        let script = "$donl_mirror export postgres --db sample.db | psql -X -q -v ON_ERROR_STOP=1"
        #expect(try await postgres.shell(script).code == 0)
        try await postgres.expectSame(as: database, schema: "sample")
        let cursor = try #require(
          try await postgres.lines("SELECT seq FROM sample.feed_cursor").first)
        #expect(try await run("harvest --sample --sample-day 2").code == 0)
        #expect(try await run("lists refresh --sample --sample-day 2 --db sample.db").code != nil)
        let increment =
          "$donl_mirror export postgres --db sample.db --since \(cursor) | psql -X -q -v ON_ERROR_STOP=1"
        #expect(try await postgres.shell(increment).code == 0)
        try await postgres.expectSame(as: database, schema: "sample")
        #expect(try await postgres.shell(script).code == 0)
        try await postgres.expectSame(as: database, schema: "sample")
      }
    }
  }

  @Test("keeps portals side by side, and takes no portal for another")
  func portals() async throws {
    try await Postgres.run { bench, postgres in
      for name in ["one", "two"] {
        try await story(Entry.row(name == "one" ? 3 : 5)) { mirror, portal in
          try await mirror.harvest(portal) { $0.source = "https://\(name).example.org/data" }
          var export = Export(path: mirror.path, format: .postgres)
          export.output = bench.path("\(name).sql")
          _ = try export.run()
          #expect(try await postgres.load("\(name).sql").errors == "")
          try await postgres.expectSame(as: mirror.path, schema: "\(name)_example_org")
          export.schema = "one_example_org"
          export.output = bench.path("wrong.sql")
          _ = try export.run()
          let wrong = try await postgres.load("wrong.sql")
          #expect(wrong.code == (name == "one" ? 0 : 3))
        }
      }
      let union =
        "SELECT count(*) FROM (SELECT id FROM one_example_org.datasets UNION ALL SELECT id FROM two_example_org.datasets) d"
      #expect(try await postgres.lines(union) == ["8"])
    }
  }

  @Test("has the rows before or after, when the reader is killed")
  func kill() async throws {
    try await Postgres.run { bench, postgres in
      try await story(Entry.row(40)) { mirror, portal in
        try await mirror.harvest(portal)
        var export = Export(path: mirror.path, format: .postgres)
        export.output = bench.path("all.sql")
        export.schema = "x"
        let seq = try export.run().seq
        #expect(try await postgres.load("all.sql").code == 0)
        portal.update { catalogue in
          for number in 0..<40 { catalogue.put(Entry(Entry.id(number), hour: 100, title: "Later")) }
        }
        try await mirror.harvest(portal)
        export.since = FeedCursor(seq: seq)
        export.output = bench.path("more.sql")
        _ = try export.run()
        // It ends where the script is cut: between apply and commit, and before.
        for lines in [20, 200, 100_000] {
          _ = try await postgres.shell("grep -v '^COMMIT' more.sql | head -n \(lines) | psql -X -q")
          #expect(try await postgres.lines("SELECT seq FROM x.feed_cursor") == ["\(seq)"])
          #expect(
            try await postgres.lines("SELECT count(*) FROM x.datasets WHERE title = 'Later'") == [
              "0"
            ])
        }
        #expect(try await postgres.load("more.sql").errors == "")
        try await postgres.expectSame(as: mirror.path, schema: "x")
      }
    }
  }

  @Test("is kept current by the recipe, which loads everything where the feed does not go on")
  func recipe() async throws {
    let recipe = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../docs/recipes/postgres.sh").standardizedFileURL.path
    try await Postgres.run { bench, postgres in
      let script = """
        mkdir -p bin && ln -sf "$donl_mirror" bin/donl-mirror && export PATH="$PWD/bin:$PATH"
        sh \(recipe) sample.db mine 'dbname=postgres'
        """
      for day in [1, 2, 2] {
        let run = try await bench.run(
          "harvest", "--sample", "--sample-day", "\(day)", "--db", "sample.db")
        #expect(run.code == 0)
        #expect(try await postgres.shell(script).code == 0)
        try await postgres.expectSame(as: bench.path("sample.db"), schema: "mine", "day \(day)")
      }
      _ = try await postgres.shell(
        "psql -X -q -c \"UPDATE mine.feed_cursor SET epoch = 'another'\"")
      let anew = try await postgres.shell(script)
      #expect(anew.code == 0)
      #expect(anew.errors.contains("its epoch is"))
      try await postgres.expectSame(as: bench.path("sample.db"), schema: "mine")
    }
  }
}
