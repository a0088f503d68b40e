import Foundation
import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("Value lists")
  struct Lists {
    @Test("come with the sample, are shown, and move on with its second day")
    func sample() async throws {
      let bench = try Workbench()
      _ = try await bench.run("harvest", "--sample")
      let status = try await bench.run("status", "--db", "sample.db")
      #expect(status.output.contains("value lists     22 fetched, 199 entries, checked "))

      let overview = try await bench.run("lists", "show", "--db", "sample.db")
      #expect(overview.outputLines.count == 23)
      #expect(overview.outputLines.first?.hasPrefix("list ") == true)

      let refreshed = try await bench.run("lists", "refresh", "--sample", "--sample-day", "2")
      #expect(refreshed.code == 0)
      #expect(refreshed.outputLines.filter { $0.contains(" changed ") }.count == 3)

      let themes = try await bench.run(
        "lists", "show", "overheid:taxonomiebeleidsagenda", "--db", "sample.db")
      #expect(themes.output.contains("  Middelbaar beroepsonderwijs\n"))
      #expect(themes.output.contains("it was: Beroepsonderwijs\n"))
      #expect(themes.output.contains("  Bestuur / Government\n"))

      let licenses = try await bench.run(
        "lists", "show", "DONL:License", "--json", "--db", "sample.db")
      let detail = try #require(
        try JSONSerialization.jsonObject(with: Data(licenses.output.utf8)) as? [String: Any])
      #expect((detail["entries"] as? [Any])?.count == 6)
      let stale = try #require(detail["stale_display_names"] as? [[String: Any]])
      #expect(stale.map { $0["portal_label"] as? String } == ["CC-0 (publiek domein, oude naam)"])
    }

    @Test("that were never fetched are said to be so, and nothing else differs")
    func none() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        _ = try await bench.run("harvest", "--portal", portal.url)
      }
      let status = try await bench.run("status")
      #expect(status.output.contains("no value list was ever fetched: labels are NULL"))

      let json = try await bench.run("status", "--json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect((object["value_lists"] as? [String: Any])?["fetched"] as? Int == 0)

      let show = try await bench.run("lists", "show")
      #expect(show.code == 0)
      #expect(show.output.isEmpty)
      #expect(show.errors.contains("labels are NULL"))
    }

    @Test("that fail are named, and the exit code says how")
    func failures() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(.sample(day: 1)) { portal in
        let environment = [
          "DONL_MIRROR_LISTS_URL": portal.listsURL, "DONL_MIRROR_PORTAL_RETRIES": "0",
        ]
        _ = try await bench.run("harvest", "--portal", portal.url, environment: environment)
        for (status, code) in [(404, 69), (503, 75), (200, 76)] as [(Int, Int32)] {
          portal.fail(
            .init(
              .answers(status: status, headers: nil, body: "<html>"),
              when: .init(path: "overheid_frequency.json")))
          // The database knows whose lists they are.
          let ended = try await bench.run("lists", "refresh", environment: environment)

          #expect(ended.code == code)
          let failed = ended.outputLines.filter { $0.contains(" failed ") }
          #expect(failed.count == 1)
          #expect(failed.first?.hasPrefix("Overheid:Frequency ") == true)
        }
        let status = try await bench.run("status")
        #expect(status.code == 0)
        #expect(status.output.contains("  Overheid:Frequency  not_json at "))
      }
    }

    @Test("of no database, no list, or a portal without any are refused, each with its own code")
    func refusals() async throws {
      let bench = try Workbench()
      #expect(try await bench.run("lists", "refresh").code == 66)
      #expect(try await bench.run("lists", "show").code == 66)
      _ = try await bench.run("harvest", "--sample")

      let unknown = try await bench.run(
        "lists", "show", "Overheid:Frequentie", "--db", "sample.db")
      #expect(unknown.code == 66)
      #expect(unknown.errors.contains("is it Overheid:Frequency?"))
      #expect(try await bench.run("lists", "refresh", "--db", "sample.db").code == 78)
      #expect(try await bench.run("lists", "refresh", "--sample", "Niets").code == 64)
    }
  }
}
