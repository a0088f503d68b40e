import Foundation
import Testing

@testable import DONLMirror

@Suite("An answer")
struct PortalAnswerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var status = 200
    var body: String
    var reason: PortalError.Reason
    var nature: PortalError.Nature
    var type: String?
    var isTransient: Bool
  }

  private static func error(_ type: String, message: String? = "x") -> String {
    let message = message.map { #""message": "\#($0)", "# } ?? ""
    return #"{"help": "http://x", "error": {\#(message)"__type": "\#(type)"}, "success": false}"#
  }

  static let cases = [
    Case(
      testDescription: "unknown action", status: 400,
      body: #""Onjuiste aanvraag - Action name not known: x""#, reason: .http(400),
      nature: .notCKAN, isTransient: false),
    Case(
      testDescription: "unknown parameter", status: 400, body: error("Search Query Error"),
      reason: .ckanError, nature: .notCKAN, type: "Search Query Error", isTransient: false),
    Case(
      testDescription: "validation error without message", status: 409,
      body: error("Validation Error", message: nil), reason: .ckanError, nature: .notCKAN,
      type: "Validation Error", isTransient: false),
    Case(
      testDescription: "Solr down, as old CKAN tells it", status: 409, body: error("Search Error"),
      reason: .ckanError, nature: .temporary, type: "Search Error", isTransient: true),
    Case(
      testDescription: "Solr down, as new CKAN tells it", status: 500,
      body: error("Search Connection Error"), reason: .http(500), nature: .temporary,
      type: "Search Connection Error", isTransient: true),
    Case(
      testDescription: "server error", status: 500, body: error("Internal Server Error"),
      reason: .http(500), nature: .temporary, type: "Internal Server Error", isTransient: true),
    Case(
      testDescription: "bad gateway", status: 502, body: "<html>", reason: .http(502),
      nature: .temporary, isTransient: true),
    Case(
      testDescription: "not found by CKAN", status: 404, body: error("Not Found Error"),
      reason: .http(404), nature: .refused, type: "Not Found Error", isTransient: false),
    Case(
      testDescription: "not found by a web server", status: 404, body: "<html>Not Found Error",
      reason: .http(404), nature: .refused, isTransient: false),
    Case(
      testDescription: "forbidden by CKAN", status: 403, body: error("Authorization Error"),
      reason: .http(403), nature: .refused, type: "Authorization Error", isTransient: false),
    Case(
      testDescription: "forbidden by a firewall", status: 403, body: "", reason: .http(403),
      nature: .refused, isTransient: false),
    Case(
      testDescription: "unauthorized", status: 401, body: "", reason: .http(401), nature: .refused,
      isTransient: false),
    Case(
      testDescription: "gone", status: 410, body: "", reason: .http(410), nature: .refused,
      isTransient: false),
    Case(
      testDescription: "too many requests", status: 429, body: "slow down", reason: .throttled,
      nature: .temporary, isTransient: true),
    Case(
      testDescription: "a redirect to nowhere", status: 302, body: "", reason: .http(302),
      nature: .notCKAN, isTransient: false),
    Case(
      testDescription: "a web page", body: " <!DOCTYPE html>", reason: .notJSON, nature: .notCKAN,
      isTransient: true),
    Case(
      testDescription: "a JSON string", body: #""hello""#, reason: .notJSON, nature: .notCKAN,
      isTransient: true),
    Case(
      testDescription: "other JSON", body: #"{"openapi": "3.0"}"#, reason: .notCKAN,
      nature: .notCKAN, isTransient: false),
    Case(
      testDescription: "nothing", body: " \n", reason: .empty, nature: .notCKAN, isTransient: true),
    Case(
      testDescription: "no content", status: 204, body: "", reason: .empty, nature: .notCKAN,
      isTransient: true),
    Case(
      testDescription: "JSON that breaks off", body: #"{"success": true, "result": [1"#,
      reason: .truncatedJSON, nature: .temporary, isTransient: true),
    Case(
      testDescription: "JSON that breaks off behind a brace", body: #"{"result": {"a": {}"#,
      reason: .truncatedJSON, nature: .temporary, isTransient: true),
    Case(
      testDescription: "failure with 200, Solr's", body: error("Search Error"), reason: .ckanError,
      nature: .temporary, type: "Search Error", isTransient: true),
    Case(
      testDescription: "failure with 200, other", body: error("Validation Error"),
      reason: .ckanError, nature: .notCKAN, type: "Validation Error", isTransient: false),
    Case(
      testDescription: "failure without a reason", body: #"{"success": false}"#,
      reason: .ckanError, nature: .notCKAN, isTransient: false),
    Case(
      testDescription: "failure with a list", body: #"{"success": false, "error": [1]}"#,
      reason: .ckanError, nature: .notCKAN, isTransient: false),
  ]

  @Test("is sorted by status and type", arguments: cases)
  func sorting(_ answer: Case) {
    let response = PortalResponse(status: answer.status, body: Array(answer.body.utf8))

    let error = #expect(throws: PortalError.self) {
      try PortalAnswer.check(response, now: Date())
    }

    #expect(error?.reason == answer.reason)
    #expect(error?.nature == answer.nature)
    #expect(error?.type == answer.type)
    #expect(error?.isTransient == answer.isTransient)
    #expect(error?.status == answer.status)
  }

  @Test("is let through when it is CKAN's success")
  func success() throws {
    let response = PortalResponse(status: 200, body: Array("{\"success\": true}\n".utf8))

    try PortalAnswer.check(response, now: Date())
  }

  @Test("shows no more than its beginning, and nothing that a terminal obeys")
  func excerpt() throws {
    let page = "<h1>\u{1B}[31m\u{202E}\r\n\0é" + String(repeating: "x", count: 500)
    let response = PortalResponse(status: 200, body: Array(page.utf8))

    let error = #expect(throws: PortalError.self) {
      try PortalAnswer.check(response, now: Date())
    }

    let excerpt = try #require(error?.excerpt)
    #expect(excerpt.hasPrefix(#"<h1>\u{1b}[31m\u{202e}\r\n\u{0}é"#))
    #expect(excerpt.count < 250)
  }

  @Test("tells its time, and how long to wait by that time")
  func time() {
    let response = PortalResponse(
      status: 503,
      headers: [
        "date": "Sun, 06 Nov 1994 08:49:37 GMT", "retry-after": "Sun, 06 Nov 1994 08:50:37 GMT",
      ], body: [])

    // Our clock is years ahead of the portal's.
    let error = #expect(throws: PortalError.self) {
      try PortalAnswer.check(response, now: Date(timeIntervalSince1970: 1_900_000_000))
    }

    #expect(response.date == Date(timeIntervalSince1970: 784_111_777))
    #expect(error?.retryAfter == .seconds(60))
  }
}
