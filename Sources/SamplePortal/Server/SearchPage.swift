import CKANServer
import NIOCore

/// The answer to a `package_search`, taken apart so that it can be put together wrongly.
public struct SearchPage: Sendable, Equatable {
  /// As it is written; nil leaves it out.
  public var count: String?
  /// The JSON of each row.
  public var rows: [String]

  /// Nil when the answer is no page.
  public init?(_ answer: SamplePortal.Answer) {
    guard answer.status == 200 else { return nil }
    var count: String?
    var rows: [String]?
    answer.body.withUnsafeReadableBytes { raw in
      let result = Self.member("result", of: raw)
      guard let result else { return }
      let members = UnsafeRawBufferPointer(rebasing: raw[result])
      count = Self.member("count", of: members).map {
        String(decoding: members[$0], as: UTF8.self)
      }
      rows = Self.member("results", of: members).map { range in
        JSONScanner.elements(of: members, range).map {
          String(decoding: members[$0], as: UTF8.self)
        }
      }
    }
    guard let rows else { return nil }
    self.count = count
    self.rows = rows
  }

  private static func member(_ name: String, of raw: UnsafeRawBufferPointer) -> Range<Int>? {
    var found: Range<Int>?
    try? JSONScanner.members(of: raw) { key, value in
      if key == name { found = value }
    }
    return found
  }

  /// The ids of the rows; nil for a row that does not say.
  public var ids: [String?] {
    rows.map { row in
      let buffer = ByteBuffer(string: row)
      return buffer.withUnsafeReadableBytes { raw in
        Self.member("id", of: raw).flatMap { JSONScanner.string(raw, $0) }
      }
    }
  }

  public var answer: SamplePortal.Answer {
    let counted = count.map { #""count": \#($0), "# } ?? ""
    let list = rows.joined(separator: ", ")
    let body = #"{"success": true, "result": {\#(counted)"results": [\#(list)]}}"#
    return SamplePortal.Answer(
      status: 200,
      headers: [.init(name: "Content-Type", value: "application/json;charset=utf-8")],
      body: ByteBuffer(string: body))
  }
}
