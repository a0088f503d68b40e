import Foundation
import Testing

@testable import DONLMirror

@Suite("A credential of systemd")
struct CredentialTests {
  private let folder = SettingsFolder()

  @Test("is used where the setting is not set, and shown by its place only")
  func defaults() throws {
    let token = try folder.file("token", "hush\n")
    let proxy = try folder.file("proxy", "http://me:hush@proxy:3128\n")
    let config = try folder.file("config.yaml", "portal:\n  proxy:\n  token-file:\n")

    let loaded = try load(config)

    #expect(loaded.settings.portal.tokenFile == token)
    #expect(loaded.settings.portal.proxy == "http://me:hush@proxy:3128")
    #expect(loaded.origin(of: "portal.proxy") == .credential(proxy))
    #expect(loaded.text.contains("credential \(token)"))
    #expect(!loaded.text.contains("hush"))
  }

  @Test("gives way to a setting")
  func setting() throws {
    _ = try folder.file("token", "hush\n")
    let config = try folder.file("config.yaml", "portal: {token-file: mine}\n")

    #expect(try load(config).settings.portal.tokenFile == "mine")
  }

  @Test("that is not there is not missed")
  func absence() throws {
    #expect(try load(nil).settings == Settings())
  }

  @Test("that is no proxy is a mistake that names it and not what it holds")
  func mistake() throws {
    let proxy = try folder.file("proxy", "hush\n")

    #expect {
      try load(nil)
    } throws: { error in
      let message = (error as? SettingsError)?.message ?? ""
      return message.hasPrefix("credential \(proxy): portal.proxy") && !message.contains("hush")
    }
  }

  private func load(_ file: String?) throws -> LoadedSettings {
    try Settings.load(
      file: file, environment: ["CREDENTIALS_DIRECTORY": folder.path], overrides: [:],
      systemFile: "/nowhere/config.yaml")
  }
}
