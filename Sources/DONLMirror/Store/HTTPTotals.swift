import Foundation

/// The HTTP requests of all runs into a database, by the class of their answer; `none` had none.
/// They are kept in `meta` as a JSON object.
struct HTTPTotals: Sendable, Equatable {
  static let key = "http_requests"

  var requests: [String: Int]

  init(_ json: String?) throws {
    requests = try JSONDecoder().decode([String: Int].self, from: Data((json ?? "{}").utf8))
  }

  mutating func add(_ summary: RunSummary) {
    requests.merge(summary.answers, uniquingKeysWith: +)
    requests["none", default: 0] += max(0, summary.requests - summary.answers.values.reduce(0, +))
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(requests), as: UTF8.self)
    }
  }
}
