import Foundation
import Testing

/// docs/design.md, "Rooms": arrows point downwards, and frameworks have one home each.
@Suite("The house")
struct RoomsTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources").standardizedFileURL

  /// From the top down: what a room names stands in it, or below it.
  private static let rooms = [
    "Serve", "Jobs", "Export", "Harvest", "Mirror", "Settings", "Store", "Portal", "Records",
    "JSON",
    "Catalog",
  ]

  @Test("has no room that names a type of one above it")
  func arrows() throws {
    let library = Self.sources.appending(path: "DONLMirror")
    let sources = try Self.rooms.map { room in
      let folder = library.appending(path: room)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      return try files.filter { $0.hasSuffix(".swift") }.map { file in
        Source(try String(contentsOf: folder.appending(path: file), encoding: .utf8))
      }
    }
    let folders = try FileManager.default.contentsOfDirectory(atPath: library.path)
      .filter { !$0.hasSuffix(".swift") }
    #expect(Set(folders) == Set(Self.rooms))

    let types = sources.map { Set($0.flatMap(\.types)) }
    let nested = sources.map { Set($0.flatMap(\.nestedTypes)) }
    #expect(types.allSatisfy { $0.count >= 4 }, "the test reads declarations")
    for (place, room) in Self.rooms.enumerated() {
      let named = Set(sources[place].flatMap(\.words))
      for above in 0..<place {
        // A name that the room has itself, such as `Settings.Health`, is its own.
        let upwards = named.intersection(types[above]).subtracting(nested[place])
        #expect(upwards == [], "\(room) names what \(Self.rooms[above]) has")
      }
    }
  }

  @Test("is drawn in the documents as it stands", arguments: ["README.md", "docs/design.md"])
  func drawings(document: String) throws {
    let text = try String(
      contentsOf: Self.sources.appending(path: "../\(document)"), encoding: .utf8)
    for room in Self.rooms { #expect(text.contains("  \(room)/ "), "\(room)") }
  }

  @Test(
    "has one room for each framework",
    arguments: [
      ("AsyncHTTPClient", ["DONLMirror/Portal/"]),
      ("GRDB", ["DONLMirror/Store/", "DONLMirror/Mirror/", "RandomPortal/"]),
      ("GRDBSQLite", ["DONLMirror/Store/", "DONLMirror/Mirror/"]),
      ("ArgumentParser", ["donl-mirror/", "sample-portal/", "random-portal/"]),
      ("Hummingbird", ["SamplePortal/", "DONLMirror/Serve/"]),
      ("HummingbirdCore", ["CKANServer/", "SamplePortal/", "DONLMirror/Serve/"]),
      ("Mustache", ["DONLMirror/Serve/"]),
      ("CKANServer", ["SamplePortal/", "DONLMirror/Serve/"]),
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

/// What a file declares and names; of its comments and texts only what is interpolated.
private struct Source {
  /// At the top level, and not private to the file.
  let types: [String]
  let nestedTypes: [String]
  let words: [String]

  init(_ text: String) {
    let code = text.replacing(/\/\/[^\n]*/, with: "").replacing(/"(?:\\.|[^"\\\n])*"/) { match in
      match.0.matches(of: /\\\((.*?)\)/).map { String($0.1) }.joined(separator: " ")
    }
    let declaration = /(?m)^( *)((?:\w+ )*?)(?:struct|class|enum|actor|protocol|typealias) (\w+)/
    let found = code.matches(of: declaration)
    types = found.filter { $0.1.isEmpty && !$0.2.contains("private") }.map { String($0.3) }
    nestedTypes = found.filter { !$0.1.isEmpty }.map { String($0.3) }
    words = code.matches(of: /\w+/).map { String($0.0) }
  }
}
