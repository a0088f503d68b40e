import Foundation
import Testing

@testable import DONLMirror

@Suite("A mistake in the configuration")
struct SettingsErrorTests {
  private let folder = SettingsFolder()

  @Test(
    "names the line and the nearest key",
    arguments: [
      (
        "portal:\n  rows: 5\n  row: 5\n",
        ":3: there is no setting portal.row; the nearest is portal.rows."
      ),
      ("rows: 5\n", ":1: there is no setting rows; the nearest is portal.rows."),
      (
        "portal:\n  requests_in_flight: 2\n",
        ":2: there is no setting portal.requests_in_flight; the nearest is portal.requests-in-flight."
      ),
      (
        "# c\n\nshedule: {full-every: 7d}\n",
        ":3: there is no setting shedule.full-every; the nearest is schedule.full-every."
      ),
      (
        "portal:\n  rows:\n    most: 5\n",
        ":3: there is no setting portal.rows.most; the nearest is portal.rows."
      ),
    ])
  func unknownKey(text: String, message: String) throws {
    try expect(message, of: text)
  }

  @Test(
    "names the line, the value and what is accepted",
    arguments: [
      (
        "portal:\n  rows: many\n",
        ":2: portal.rows is \"many\"; expected a whole number from 1 to 100000."
      ),
      ("portal: {rows: 0}", ":1: portal.rows is \"0\"; expected a whole number from 1 to 100000."),
      ("portal: {rows: }", ":1: portal.rows is \"\"; expected a whole number from 1 to 100000."),
      (
        "portal: {rows: [1, 2]}",
        ":1: portal.rows is \"1,2\"; expected a whole number from 1 to 100000."
      ),
      (
        "portal: {requests-in-flight: 11}",
        ":1: portal.requests-in-flight is \"11\"; expected a whole number from 1 to 10."
      ),
      (
        "portal: {pause: 5}",
        ":1: portal.pause is \"5\"; expected a duration with its unit, such as 30s, 5m, 2h or 7d."
      ),
      (
        "schedule: {every: 30s}",
        ":1: schedule.every is \"30s\"; expected a duration of at least 60s with its unit,"
          + " such as 30s, 5m, 2h or 7d."
      ),
      (
        "portal: {max-page-bytes: 64M}",
        ":1: portal.max-page-bytes is \"64M\"; expected a size with its unit"
          + " (B, KiB, MiB, GiB, kB, MB, GB) from 1KiB to 1GiB, such as 64MiB."
      ),
      (
        "deletions: {limit-percent: 101}",
        ":1: deletions.limit-percent is \"101\"; expected a percentage from 0 to 100."
      ),
      (
        "deletions: {limit-percent: nan}",
        ":1: deletions.limit-percent is \"nan\"; expected a percentage from 0 to 100."
      ),
      (
        "log: {level: loud}",
        ":1: log.level is \"loud\"; expected one of trace, debug, info, notice, warning, error, critical."
      ),
      (
        "portal: {url: 'ftp://example.org'}",
        ":1: portal.url is \"ftp://example.org\"; expected an http or https address without user,"
          + " query or fragment."
      ),
      (
        "portal: {contact: 'a\\r\\nX: é'}",
        ":1: portal.contact is \"a\\r\\nX: é\"; expected at most 200 printable ASCII characters,"
          + " or nothing."
      ),
      (
        "portal: {allow-redirect-hosts: ['https://example.org']}",
        ":1: portal.allow-redirect-hosts is \"https://example.org\"; expected a list of host names."
      ),
    ])
  func badValue(text: String, message: String) throws {
    try expect(message, of: text)
  }

  @Test(
    "in the YAML itself names its line",
    arguments: [
      ("portal:\n  rows: [1\n", ":3: this is not YAML: did not find expected ',' or ']'."),
      (
        "- portal\n",
        ":1: expected sections and settings, such as \"portal:\" and, indented below it, \"rows: 250\"."
      ),
      ("portal: 5\n", ":1: portal is a section; its settings stand indented on the lines below."),
      ("portal:\n  rows: 1\n  rows: 2\n", ":2: the section that begins here holds rows twice."),
      ("portal: {rows: 1}\nportal.rows: 2\n", ":2: portal.rows is already set in line 1."),
      (
        "portal: {rows: 1}\n---\nportal: {rows: 2}\n",
        ":2: this is not YAML: but found another document."
      ),
      (
        "portal:\n  allow-redirect-hosts:\n    - [a]\n",
        ":2: the list of portal.allow-redirect-hosts must hold plain values."
      ),
    ])
  func badYAML(text: String, message: String) throws {
    try expect(message, of: text)
  }

  @Test("in the environment names the variable")
  func environment() {
    #expect(
      message(environment: ["DONL_MIRROR_PORTAL_ROW": "5"])
        == "No setting belongs to the environment variable DONL_MIRROR_PORTAL_ROW;"
        + " did you mean DONL_MIRROR_PORTAL_ROWS?")
    #expect(
      message(environment: ["DONL_MIRROR_PORTAL_ROWS": "x"])
        == "DONL_MIRROR_PORTAL_ROWS: portal.rows is \"x\";"
        + " expected a whole number from 1 to 100000.")
  }

  @Test("on the command line says so")
  func commandLine() {
    #expect(
      message(overrides: ["portal.rows": "x"])
        == "command line: portal.rows is \"x\"; expected a whole number from 1 to 100000.")
  }

  @Test("is found even where a later source would win")
  func overridden() throws {
    let file = try folder.file("config.yaml", "portal: {rows: x}")

    #expect(message(file, overrides: ["portal.rows": "5"]).contains("config.yaml:1: portal.rows"))
  }

  @Test("does not print a secret")
  func secrets() {
    for text in ["http://me:hush@proxy:99999", "hush"] {
      #expect(
        message(environment: ["DONL_MIRROR_PORTAL_PROXY": text])
          == "DONL_MIRROR_PORTAL_PROXY: portal.proxy is not accepted (and not shown);"
          + " expected an address of the form http://host:port, or nothing.")
    }
  }

  @Test("does not print a password that stands in the address of the portal")
  func password() {
    #expect(
      message(overrides: ["portal.url": "https://me:hush@example.org"])
        == "command line: portal.url is \"https://me:***@example.org\";"
        + " expected an http or https address without user, query or fragment.")
  }

  @Test("is a file that is missing, a folder, too long or no text")
  func files() throws {
    let text = try folder.file("config.yaml", Data([0x70, 0xFF, 0x0A]))
    let long = try folder.file("long.yaml", String(repeating: "#", count: 1 << 20) + "\n")
    let missing = folder.path + "/missing.yaml"

    #expect(message(missing) == "There is no configuration file \(missing).")
    #expect(
      message(environment: ["DONL_MIRROR_CONFIG": missing])
        == "There is no configuration file \(missing).")
    #expect(message(folder.path) == "The configuration file \(folder.path) is a directory.")
    #expect(message(text) == "The configuration file \(text) is not UTF-8 text.")
    #expect(
      message(long)
        == "The configuration file \(long) has 1048577 bytes; at most 1048576 are read.")
  }

  private func expect(_ message: String, of text: String) throws {
    let file = try folder.file("config.yaml", text)
    #expect(self.message(file) == file + message)
  }

  private func message(
    _ file: String? = nil, environment: [String: String] = [:], overrides: [String: String] = [:]
  ) -> String {
    do {
      _ = try Settings.load(
        file: file, environment: environment, overrides: overrides,
        systemFile: "/nowhere/config.yaml")
      return "no mistake"
    } catch {
      return error.message
    }
  }
}
