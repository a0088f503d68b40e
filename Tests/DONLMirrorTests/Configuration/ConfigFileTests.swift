import Foundation
import Testing

@testable import DONLMirror

@Suite("The shipped config.yaml")
struct ConfigFileTests {
  private let path = Self.projectRoot + "/config/config.yaml"

  @Test("holds every setting, in the order of the table, with its default")
  func completeness() throws {
    let file = try SettingsFile(path: path)
    let loaded = try Settings.load(
      file: path, environment: [:], overrides: [:], systemFile: "/nowhere")

    #expect(file.entries.map(\.key) == Setting.all.map(\.key))
    #expect(loaded.settings == Settings())
    for entry in file.entries {
      let setting = try #require(Setting.named(entry.key))
      #expect((entry.text ?? "") == setting.write(Settings()) ?? "", "\(entry.key)")
    }
  }

  @Test("explains every setting in the words of the table", arguments: Setting.all.map(\.key))
  func explanations(key: String) throws {
    let setting = try #require(Setting.named(key))
    let file = try SettingsFile(path: path)
    let line = try #require(file.entries.first { $0.key == key }).line
    let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
    let comment = lines[..<(line - 1)].reversed().prefix { $0.contains("# ") }.reversed()

    #expect(comment.first == "  # " + setting.help)
  }

  @Test("has a table behind it in which no key stands twice")
  func keys() {
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
  }

  /// The folder of `Package.swift`.
  static let projectRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
}
