import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import DONLMirror

/// The bytes that the scripted server sends.
enum Answers {
  static let page = #"{"success": true, "result": ["a"]}"#

  static func ok(_ body: String = page, headers: [String] = []) -> ScriptedServer.Script {
    answer("200 OK", Array(body.utf8), headers: headers)
  }

  static func gzip(_ body: [UInt8]) -> ScriptedServer.Script {
    answer("200 OK", body, headers: ["Content-Encoding: gzip"])
  }

  static func answer(
    _ status: String, _ body: [UInt8] = [], headers: [String] = []
  ) -> ScriptedServer.Script {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers + ["", ""]
    return [.text(lines.joined(separator: "\r\n")), .send(body)]
  }

  static func redirect(to location: String) -> ScriptedServer.Script {
    answer("302 Found", headers: ["Location: \(location)"])
  }

  /// `page`, compressed.
  static let gzippedPage = bytes(
    base64: "H4sIAAAAAAACA6tWKi5NTk4tLlayUigpKk3VUVAqSi0uzSkB8qOVEpViawGxhQN0IgAAAA==")
  /// 100,000 spaces in 133 bytes.
  static let gzipBomb = bytes(
    base64: "H4sIAAAAAAACA+3BMQEAAADCoCrrn9IaHkAB" + String(repeating: "A", count: 128)
      + "rwYt8HnKoIYBAA==")

  private static func bytes(base64 text: String) -> [UInt8] {
    Data(base64Encoded: text).map(Array.init) ?? []
  }
}

extension PortalSettings {
  /// Settings for a server of the test, without patience.
  static func to(_ url: String, _ change: (inout PortalSettings) -> Void = { _ in }) throws
    -> PortalSettings
  {
    var settings = PortalSettings(address: try PortalAddress(url))
    change(&settings)
    return settings
  }
}

/// The error of the room that `work` ends with, if it does.
func failure(
  _ work: () async throws -> some Sendable, isolation: isolated (any Actor)? = #isolation
) async -> PortalError? {
  await #expect(throws: PortalError.self) { _ = try await work() }
}

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
