import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

extension CommandLineTests {
  @Suite("changes")
  struct FeedCommandTests {
    private static func harvested(_ days: Int = 2) async throws -> Workbench {
      let bench = try Workbench()
      for day in 1...days {
        let run = try await bench.run(
          "harvest", "--sample", "--sample-day", "\(day)", "--db", "mirror.db")
        try #require(run.code == 0, "\(run.errors)")
      }
      return bench
    }

    private static func object(_ line: String) throws -> [String: Any] {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(object as? [String: Any])
    }

    @Test("tells every entry once, in order, with its record")
    func entries() async throws {
      let bench = try await Self.harvested()
      let feed = try await bench.run("changes", "--since", "303", "--db", "mirror.db")
      #expect(feed.code == 0)
      let lines = try feed.outputLines.map(Self.object)
      #expect(lines.map { $0["seq"] as? Int } == Array(304...318))
      #expect(
        Set(lines[0].keys) == [
          "seq", "kind", "dataset_id", "name", "run_id", "recorded_at", "metadata_modified",
          "changed_fields", "before", "content_hash", "replaced_by", "epoch", "record",
        ])
      for line in lines {
        #expect((line["record"] is NSNull) == (line["kind"] as? String == "delete"))
        #expect((line["before"] is NSNull) == (line["kind"] as? String != "update"))
      }
      let two = try await bench.run(
        "changes", "--since", "310", "--limit", "2", "--db", "mirror.db")
      #expect(two.outputLines.count == 2)
    }

    @Test("wraps the entries for message buses", arguments: ["cloudevents", "debezium"])
    func envelopes(format: String) async throws {
      let bench = try await Self.harvested()
      let feed = try await bench.run(
        "changes", "--since", "303", "--format", format, "--db", "mirror.db")
      let lines = try feed.outputLines.map(Self.object)
      #expect(lines.count == 15)
      if format == "cloudevents" {
        #expect(
          lines.allSatisfy {
            $0["specversion"] as? String == "1.0" && $0["source"] as? String == "sample"
          })
        #expect(Set(lines.compactMap { $0["id"] as? String }).count == 15)
        #expect(lines[0]["type"] as? String == "donl-mirror.dataset.update")
        #expect((lines[0]["data"] as? [String: Any])?["seq"] as? Int == 304)
      } else {
        #expect(lines.compactMap { $0["op"] as? String }.joined() == "uucucucuuccdddd")
        #expect(lines.allSatisfy { ($0["after"] is NSNull) == ($0["op"] as? String == "d") })
      }
    }

    @Test(
      "refuses a cursor that does not fit, with 3 and one line that says what to do",
      arguments: ["--since 319", "--since 5 --epoch another"])
    func reset(cursor: String) async throws {
      let bench = try await Self.harvested()
      let refused = try await bench.shell("$donl_mirror changes --db mirror.db \(cursor)")
      #expect(refused.code == 3)
      #expect(refused.output == "")
      #expect(refused.errorLines.count == 1)
      #expect(refused.errors.contains("Load everything anew (donl-mirror export)"))
    }

    @Test("waits for more, also across a copy that is published anew, until it is interrupted")
    func follow() async throws {
      let bench = try await Self.harvested(1)
      #expect(try await bench.run("publish", "public.db", "--db", "mirror.db").code == 0)
      let live = try bench.start([
        "changes", "--since", "303", "--follow", "--limit", "15", "--db", "mirror.db",
      ])
      let published = try bench.start(
        ["changes", "--since", "303", "--follow", "--limit", "15", "--db", "public.db"])
      let endless = try bench.start(["changes", "--since", "0", "--follow", "--db", "mirror.db"])
      #expect(
        try await bench.run("harvest", "--sample", "--sample-day", "2", "--db", "mirror.db").code
          == 0)
      #expect(try await bench.run("publish", "public.db", "--db", "mirror.db").code == 0)
      #expect(try await live.ended.outputLines.count == 15)
      #expect(try await published.ended.outputLines.count == 15)
      endless.signal(SIGTERM)
      let ended = try await endless.ended
      #expect(ended.code == 143)
      #expect(ended.outputLines.count >= 303)
    }

    @Test("shows the history of a dataset to a person, and what it was")
    func history() async throws {
      let bench = try await Self.harvested()
      let history = try await bench.run(
        "show", "verkeersintensiteiten-arnhem", "--history", "--db", "mirror.db")
      #expect(history.code == 0)
      #expect(history.output.contains("\n  title\n    - "))
      #expect(history.output.contains("\n    + "))
      let past = try await bench.run(
        "show", "riolering-enschede", "--at", "303", "--db", "mirror.db")
      #expect(past.output.hasPrefix("Riolering Enschede\n"))
      let gone = try await bench.run(
        "show", "riolering-enschede", "--at", "318", "--db", "mirror.db")
      #expect(gone.code == 66)
      #expect(try await bench.run("show", "x", "--at", "yesterday", "--db", "mirror.db").code == 64)
    }
  }
}
