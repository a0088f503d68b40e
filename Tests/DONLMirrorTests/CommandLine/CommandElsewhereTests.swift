import Testing

extension CommandLineTests {
  @Suite("--db")
  struct Elsewhere {
    @Test("names a mirror that is not the configured one: what is published and measured stays")
    func other() async throws {
      let bench = try Workbench()
      try await bench.shell("mkdir public").expect(0)
      try bench.write(
        """
        database: {path: mirror.db}
        publish: {path: public/catalog.db}
        metrics: {textfile: mirror.prom}
        """, to: "config.yaml")
      let harvest = ["harvest", "--sample", "--config", "config.yaml", "--db"]
      try await bench.start(harvest + ["trial.db"]).ended.expect(0)
      #expect(bench.files.filter { $0.hasSuffix(".prom") } == [])
      #expect(bench.bytes("public/catalog.db") == nil)
      let health = try await bench.run("health", "--config", "config.yaml", "--db", "trial.db")
      #expect(health.code == 0, "\(health.output)")

      // Another name of the configured one is the configured one.
      try await bench.start(harvest + [bench.path("mirror.db")]).ended.expect(0)
      #expect(bench.bytes("mirror.prom") != nil)
      #expect(bench.bytes("public/catalog.db") != nil)
    }
  }
}
