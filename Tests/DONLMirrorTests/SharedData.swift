import Foundation

/// Real answers of real portals, which lie beside the repository where there are any.
enum SharedData {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/data").standardizedFileURL

  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  static func registerPath(_ day: String) -> String { path("register-2015/\(day).jsonl.gz") }

  static func files(in name: String) -> [URL] {
    let urls = try? FileManager.default.contentsOfDirectory(
      at: folder.appending(path: name), includingPropertiesForKeys: nil)
    return (urls ?? []).sorted { $0.path < $1.path }
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: folder.appending(path: name)))
  }

  /// The records of a register file, one a line, unpacked by gzip.
  static func register(_ day: String) throws -> [ArraySlice<UInt8>] {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-dc", registerPath(day)]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = try [UInt8](pipe.fileHandleForReading.readToEnd() ?? Data())
    process.waitUntilExit()
    return bytes.split(separator: 0x0A)
  }
}
