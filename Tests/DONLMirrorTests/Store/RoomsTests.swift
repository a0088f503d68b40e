import Foundation
import Testing

/// DESIGN, "Rooms": frameworks have one home each.
@Suite("The house")
struct RoomsTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources").standardizedFileURL

  @Test(
    "has one room for each framework",
    arguments: [
      ("AsyncHTTPClient", ["DONLMirror/Portal/"]),
      ("GRDB", ["DONLMirror/Store/", "RandomPortal/"]),
      ("GRDBSQLite", ["DONLMirror/Store/"]),
      ("ArgumentParser", ["donl-mirror/", "sample-portal/", "random-portal/"]),
      ("Hummingbird", ["SamplePortal/"]),
    ])
  func home(of framework: String, rooms: [String]) throws {
    let guests = try Self.files(importing: framework)

    #expect(!guests.isEmpty)
    #expect(guests.filter { file in !rooms.contains { file.hasPrefix($0) } } == [])
  }

  /// Paths below `Sources`.
  private static func files(importing framework: String) throws -> [String] {
    let paths = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
    return try (paths ?? []).filter { path in
      guard path.hasSuffix(".swift") else { return false }
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      return text.split(separator: "\n").contains { line in
        let words = line.split(whereSeparator: { $0 == " " || $0 == "." })
        guard let index = words.firstIndex(of: "import"), index < 3 else { return false }
        return words.dropFirst(index + 1).contains(Substring(framework))
      }
    }
  }
}
