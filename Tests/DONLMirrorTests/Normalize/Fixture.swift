import Foundation

/// A small fixture beside the tests.
func fixture(_ name: String) throws -> [UInt8] {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
  return try [UInt8](Data(contentsOf: folder.appending(path: "Fixtures/\(name)")))
}
