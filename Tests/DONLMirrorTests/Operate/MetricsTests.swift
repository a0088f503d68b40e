import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The metrics")
struct MetricsTests {
  @Test("pass promtool's check", .enabled(if: hasPromtool, "promtool is not installed"))
  func promtool() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal) { $0.settings.metrics.textfile = mirror.textfile }
      let ended = try await mirror.shell("promtool check metrics <metrics.prom")

      #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
      #expect(ended.output.isEmpty && ended.errors.isEmpty, "\(ended.output)\(ended.errors)")
    }
  }

  @Test(
    "have alert rules that fire when they should",
    .enabled(if: hasPromtool, "promtool is not installed"))
  func alerts() async throws {
    let mirror = try Mirror()
    let ended = try await mirror.shell(
      "cd '\(ConfigFileTests.projectRoot)/config' && promtool check rules alerts.yml "
        + "&& promtool test rules alerts.test.yml")

    #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
  }

  @Test("name in the alert rules only what is there")
  func names() async throws {
    let rules = try String(
      contentsOfFile: ConfigFileTests.projectRoot + "/config/alerts.yml", encoding: .utf8)
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal) { $0.settings.metrics.textfile = mirror.textfile }
      let text = try mirror.metrics()

      let used = Set(rules.matches(of: /donl_mirror_\w+/).map { String($0.0) })
      #expect(!used.isEmpty)
      for name in used { #expect(text.contains("# TYPE \(name) "), "\(name)") }
    }
  }

  @Test("tell how the run went, readable by all, without a timestamp")
  func contents() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal) { $0.settings.metrics.textfile = mirror.textfile }

      #expect(try mirror.metric("datasets{state=\"live\"}") == 3)
      #expect(try mirror.metric("last_run_exit_code") == 0)
      #expect(try mirror.metric("last_run_changes{op=\"created\"}") == 3)
      #expect(
        try mirror.metric("last_success_timestamp_seconds") == mirror.now.timeIntervalSince1970)
      #expect(try mirror.metric("publication_size_bytes") != nil)
      let attributes = try FileManager.default.attributesOfItem(atPath: mirror.textfile)
      #expect(attributes[.posixPermissions] as? Int == 0o644)
      for line in try mirror.metrics().split(separator: "\n") where !line.hasPrefix("#") {
        #expect(line.split(separator: " ").count == 2, "\(line)")
      }
    }
  }

  @Test("count the requests of all runs, whatever became of them")
  func totals() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      try await mirror.tended(portal) { $0.settings.metrics.textfile = mirror.textfile }
      let first = try #require(try mirror.metric("http_requests_total{code=\"2xx\"}"))
      portal.update { $0.put(Entry("new", hour: 9)) }
      portal.failAfterPage(0)
      try await mirror.tended(portal) {
        $0.settings.metrics.textfile = mirror.textfile
        $0.settings.portal.retries = 2
      }

      let requests = try ["2xx", "5xx", "none"].map {
        try mirror.metric("http_requests_total{code=\"\($0)\"}") ?? 0
      }
      #expect(requests[0] > first)
      #expect(requests[1] == 3)
      #expect(
        try requests.reduce(0, +) == Double(mirror.count("SELECT sum(requests) FROM runs")))
      #expect(try mirror.metric("http_retries_total") == 2)
      #expect(try mirror.metric("changes_total{op=\"create\"}") == 3)
    }
  }

  @Test("are written at every end: refused portal, held lock, damaged database")
  func everyEnd() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      let metered: (inout HarvestJob) -> Void = { $0.settings.metrics.textfile = mirror.textfile }
      try await mirror.tended(portal, metered)
      let success = try mirror.metric("last_success_timestamp_seconds")
      mirror.advance(by: .seconds(600))
      let closed = try ClosedPort()
      let failed = try await mirror.tended(portal) {
        metered(&$0)
        $0.source = portal.url
        $0.settings.portal.url = "http://127.0.0.1:\(closed.number)"
        $0.settings.portal.retries = 0
      }
      #expect(failed.exitStatus == .temporary)
      #expect(try mirror.metric("last_run_exit_code") == 75)
      #expect(try mirror.metric("last_success_timestamp_seconds") == success)

      _ = try await HarvestLock.hold(beside: mirror.path) {
        await #expect(throws: Failure.self) {
          try await mirror.tended(portal) {
            metered(&$0)
            $0.source = "other"
          }
        }
      }
      #expect(try mirror.metric("last_run_exit_code") == 75)

      await #expect(throws: Failure.self) {
        try await mirror.tended(portal) {
          metered(&$0)
          $0.source = "other"
        }
      }
      #expect(try mirror.metric("last_run_exit_code") == 78)

      try Data(repeating: 7, count: 10_000).write(to: URL(filePath: mirror.path))
      await #expect(throws: Failure.self) { try await mirror.tended(portal, metered) }
      #expect(try mirror.metric("last_run_exit_code") == 65)
      #expect(try mirror.metric("last_success_timestamp_seconds") == nil)
    }
  }

  @Test("that cannot be written are a warning, and a rehearsal writes none")
  func unwritable() async throws {
    try await story(Entry.row(3)) { mirror, portal in
      let rehearsal = try await mirror.tended(portal) {
        $0.settings.metrics.textfile = mirror.textfile
        $0.isRehearsal = true
      }
      #expect(rehearsal.exitStatus == .done)
      #expect(!FileManager.default.fileExists(atPath: mirror.textfile))

      let run = try await mirror.tended(portal) {
        $0.settings.metrics.textfile = "/nowhere/metrics.prom"
      }
      #expect(run.exitStatus == .done)
      let warnings = mirror.log.lines.filter { $0.level == .warning }
      #expect(warnings.map(\.reason) == ["metrics"])
    }
  }

  static let hasPromtool = FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")
}

extension Mirror {
  var textfile: String { folder.appending(path: "metrics.prom").path }

  func metrics() throws -> String { try String(contentsOfFile: textfile, encoding: .utf8) }

  func metric(_ name: String) throws -> Double? {
    try metrics().split(separator: "\n").first { $0.hasPrefix("donl_mirror_\(name) ") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
  }

  fileprivate func shell(_ script: String) async throws -> Ended {
    try await Started(
      "/bin/sh", ["-c", script], in: folder, environment: ["PATH": "/usr/bin:/bin"]
    ).ended
  }
}
