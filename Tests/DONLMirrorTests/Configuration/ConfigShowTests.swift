import Foundation
import Testing

@testable import DONLMirror

@Suite("Shown settings")
struct ConfigShowTests {
  @Test("mask the password of the proxy and the path of the ping")
  func secrets() throws {
    let rows = try load([
      "DONL_MIRROR_PORTAL_PROXY": "http://me:hu%40sh@proxy:3128",
      "DONL_MIRROR_PING_URL": "https://u:hush@ping.example.org/hush?hush=hush",
    ]).rows

    #expect(rows.first { $0.key == "portal.proxy" }?.value == "http://me:***@proxy:3128")
    #expect(rows.first { $0.key == "ping.url" }?.value == "https://ping.example.org/***")
  }

  @Test("mask nothing where there is no password")
  func noSecret() throws {
    let rows = try load(["DONL_MIRROR_PORTAL_PROXY": "http://proxy:3128"]).rows

    #expect(rows.first { $0.key == "portal.proxy" }?.value == "http://proxy:3128")
  }

  @Test("are one line each: key, value, origin")
  func text() throws {
    let lines = try load(["DONL_MIRROR_PORTAL_ROWS": "7"]).text.components(separatedBy: "\n")
    let words = lines.map { $0.split(separator: " ", maxSplits: 3).map(String.init) }

    #expect(lines.count == Setting.all.count)
    #expect(words.contains(["portal.rows", "7", "DONL_MIRROR_PORTAL_ROWS"]))
    #expect(words.contains(["portal.proxy", "-", "default"]))
  }

  @Test("are objects with the same members as JSON")
  func json() throws {
    let data = Data(try load([:]).json.utf8)
    let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])

    #expect(rows.count == Setting.all.count)
    let members: Set = ["key", "value", "origin", "help", "accepted"]
    #expect(rows.allSatisfy { Set($0.keys) == members })
  }

  private func load(_ environment: [String: String]) throws -> LoadedSettings {
    try Settings.load(
      file: nil, environment: environment, overrides: [:], systemFile: "/nowhere/config.yaml")
  }
}
