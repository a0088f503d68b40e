import Foundation
import Testing

@testable import DONLMirror

@Suite("Settings")
struct SettingsTests {
  private let folder = SettingsFolder()

  @Test("are the built-in ones when nothing else is given")
  func defaults() throws {
    let loaded = try load()

    #expect(loaded.settings == Settings())
    #expect(loaded.file == nil)
    #expect(loaded.origin(of: "portal.rows") == .builtIn)
  }

  @Test("come from the file, then the environment, then the command line")
  func precedence() throws {
    let file = try folder.file(
      "config.yaml", "portal:\n  rows: 10\n  retries: 1\n  pause: 1s\n")

    let loaded = try load(
      file,
      environment: ["DONL_MIRROR_PORTAL_RETRIES": "2", "DONL_MIRROR_PORTAL_PAUSE": "2s"],
      overrides: ["portal.pause": "3s"])

    #expect(loaded.settings.portal.rows == 10)
    #expect(loaded.settings.portal.retries == 2)
    #expect(loaded.settings.portal.pause == .seconds(3))
    #expect(loaded.origin(of: "portal.rows") == .file(file, line: 2))
    #expect(loaded.origin(of: "portal.retries") == .environment("DONL_MIRROR_PORTAL_RETRIES"))
    #expect(loaded.origin(of: "portal.pause") == .flag)
  }

  @Test("can each be set by a variable of the environment", arguments: Setting.all.map(\.key))
  func variables(key: String) throws {
    let setting = try #require(Setting.named(key))
    let name =
      "DONL_MIRROR_" + key.uppercased().map { $0.isLetter ? String($0) : "_" }.joined()
    let text = setting.write(Settings()) ?? ""

    let loaded = try load(environment: [name: text])

    #expect(loaded.settings == Settings())
    #expect(loaded.origin(of: key) == .environment(name))
  }

  @Test("keep their types: durations, sizes, percentages, lists, words")
  func types() throws {
    let file = try folder.file(
      "config.yaml",
      """
      portal:
        url: http://127.0.0.1:8080/data/
        max-page-bytes: 10 MB
        allow-redirect-hosts: [A.example.org, b.example.org]
        contact: "null"
      schedule: {full-every: 90m, overlap: 250ms}
      deletions:
        limit-percent: 2.5%
      log: {level: debug, format: json}
      """)

    let settings = try load(file).settings

    #expect(settings.portal.url == "http://127.0.0.1:8080/data")
    #expect(settings.portal.maxPageBytes == 10_000_000)
    #expect(settings.portal.allowRedirectHosts == ["a.example.org", "b.example.org"])
    #expect(settings.portal.contact == "null")
    #expect(settings.schedule.fullEvery == .seconds(5400))
    #expect(settings.schedule.overlap == .milliseconds(250))
    #expect(settings.deletions.limitPercent == 2.5)
    #expect(settings.log == Settings.Log(level: .debug, format: .json))
  }

  @Test("may be left out, section by section", arguments: ["", "# nothing\n", "portal:\n", "{}\n"])
  func emptiness(text: String) throws {
    #expect(try load(folder.file("config.yaml", text)).settings == Settings())
  }

  @Test("are cleared by an empty value where nothing is a value")
  func clearing() throws {
    let file = try folder.file("config.yaml", "portal: {proxy: 'http://proxy:3128'}\n")

    let loaded = try load(file, environment: ["DONL_MIRROR_PORTAL_PROXY": ""])

    #expect(loaded.settings.portal.proxy == nil)
    #expect(loaded.origin(of: "portal.proxy") == .environment("DONL_MIRROR_PORTAL_PROXY"))
  }

  @Test("read the file that DONL_MIRROR_CONFIG names, else the system's")
  func files() throws {
    let named = try folder.file("named.yaml", "portal: {rows: 11}\n")
    let system = try folder.file("system.yaml", "portal: {rows: 12}\n")
    let flagged = try folder.file("flagged.yaml", "portal: {rows: 13}\n")
    let environment = ["DONL_MIRROR_CONFIG": named]

    #expect(try load(flagged, environment: environment, system: system).file == flagged)
    #expect(try load(environment: environment, system: system).settings.portal.rows == 11)
    #expect(try load(system: system).settings.portal.rows == 12)
  }

  @Test("leave the variables of tests alone")
  func testVariables() throws {
    #expect(throws: Never.self) {
      try load(environment: ["DONL_MIRROR_TEST_DATA": "x", "DONL_MIRROR_CONFIG": "", "HOME": "/"])
    }
  }

  private func load(
    _ file: String? = nil, environment: [String: String] = [:],
    overrides: [String: String] = [:], system: String = "/nowhere/config.yaml"
  ) throws -> LoadedSettings {
    try Settings.load(
      file: file, environment: environment, overrides: overrides, systemFile: system)
  }
}

/// A folder that lives as long as the test.
final class SettingsFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "donl-mirror-settings-" + UUID().uuidString
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a new file with this text.
  func file(_ name: String, _ text: String) throws -> String {
    try file(name, Data(text.utf8))
  }

  func file(_ name: String, _ data: Data) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let file = path + "/" + name
    try data.write(to: URL(fileURLWithPath: file))
    return file
  }
}
