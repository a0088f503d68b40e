import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("health")
  struct Health {
    @Test("answers as a monitoring plugin does: 3, 0, 1, 2, one line each")
    func codes() async throws {
      let bench = try Workbench()
      let unknown = try await bench.run("health", "--db", "mirror.db")
      #expect(unknown.code == 3)
      try await SamplePortal.run(.withUnreadable()) { portal in
        try await bench.run("harvest", "--portal", portal.url, "--db", "mirror.db").expect(3)
      }
      let warning = try await bench.run("health", "--db", "mirror.db")
      #expect(warning.code == 1, "\(warning.errors)")
      #expect(warning.output.hasPrefix("DONL-MIRROR WARNING - 1 record is in quarantine | age="))
      #expect(warning.errors.isEmpty)

      try await bench.run("harvest", "--sample", "--db", "good.db").expect(0)
      let good = try await bench.run("health", "--db", "good.db")
      #expect(good.code == 0)
      let json = try await bench.run("health", "--db", "good.db", "--json", "--max-age", "1ms")
      #expect([0, 2].contains(json.code))
      #expect(json.output.contains(#""max_age" : 0"#))
      try bench.write(
        "no database, and of some length: enough for a header, I dare say", to: "bad.db")
      let critical = try await bench.run("health", "--db", "bad.db")
      #expect(critical.code == 2)
      for ended in [unknown, warning, good, critical] { #expect(ended.outputLines.count == 1) }
    }

    @Test("answers a mistake in the configuration with 3, and one on the command line with 64")
    func mistakes() async throws {
      let bench = try Workbench()
      try bench.write("helth:\n  max-age: 1h\n", to: "wrong.yaml")
      let configuration = try await bench.run("health", "--config", "wrong.yaml")

      #expect(configuration.code == 3)
      #expect(configuration.output.contains("health"))
      try await bench.run("health", "--max-aeg", "1h").expect(64)
    }
  }
}
