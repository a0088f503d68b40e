import Configuration
import Foundation
import Yams

/// A configuration file: its values, as swift-configuration reads them, and the line of each key,
/// which only Yams tells.
struct SettingsFile {
  /// A longer file is no configuration.
  static let bytesMax = 1 << 20

  /// A key of the file, in dotted form.
  struct Entry {
    enum Shape { case text, list, nothing }

    let key: String
    let line: Int
    let shape: Shape
  }

  let path: String
  let entries: [Entry]
  /// Nil when the file holds comments only.
  let snapshot: YAMLSnapshot?

  /// - Throws: when the file is missing, unreadable or no YAML mapping, or names a key twice.
  init(path: String) throws(SettingsError) {
    let data = try Self.read(path)
    let text = String(decoding: data, as: UTF8.self)
    if let line = YAMLReferences.firstLine(in: text) {
      throw Self.reference(path, line: line)
    }
    do {
      // Nodes know their anchors as long as the parser lives.
      let parser = try Yams.Parser(yaml: text)
      self.path = path
      entries = try withExtendedLifetime(parser) {
        try Self.entries(of: try parser.singleRoot(), in: path)
      }
      snapshot =
        entries.isEmpty
        ? nil : try YAMLSnapshot(data: data.bytes, providerName: path, parsingOptions: .default)
    } catch let error as SettingsError {
      throw error
    } catch {
      throw SettingsError(Self.sentence(for: error, in: path))
    }
    try refuseTwins()
  }

  /// The text behind a key; the items of a list are joined with commas.
  func text(of entry: Entry) -> String? {
    let key = AbsoluteConfigKey(entry.key.split(separator: ".").map(String.init))
    let type: ConfigType = entry.shape == .list ? .stringArray : .string
    switch (entry.shape, (try? snapshot?.value(forKey: key, type: type))?.value?.content) {
    case (.nothing, _): return ""
    case (_, .string(let text)?): return text
    case (_, .stringArray(let items)?): return items.joined(separator: ",")
    default: return nil
    }
  }

  private func refuseTwins() throws(SettingsError) {
    var lines: [String: Int] = [:]
    for entry in entries {
      guard let first = lines.updateValue(entry.line, forKey: entry.key) else { continue }
      throw SettingsError("\(path):\(entry.line): \(entry.key) is already set in line \(first).")
    }
  }

  private static func read(_ path: String) throws(SettingsError) -> Data {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw SettingsError("There is no configuration file \(path).")
    }
    guard !isDirectory.boolValue else {
      throw SettingsError("The configuration file \(path) is a directory.")
    }
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw SettingsError("The configuration file \(path) may not be read by this user.")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw SettingsError(
        "The configuration file \(path) cannot be read: \(error.localizedDescription)")
    }
    guard data.count <= bytesMax else {
      throw SettingsError(
        "The configuration file \(path) has \(data.count) bytes; at most \(bytesMax) are read.")
    }
    guard String(validating: data, as: UTF8.self) != nil else {
      throw SettingsError("The configuration file \(path) is not UTF-8 text.")
    }
    return data
  }

  private static func entries(
    of root: Node?, in path: String
  ) throws(SettingsError) -> [Entry] {
    guard let root, root.null == nil else { return [] }
    guard let mapping = root.mapping else {
      throw SettingsError(
        "\(path):\(root.mark?.line ?? 1): expected sections and settings, such as"
          + " \"portal:\" and, indented below it, \"rows: 250\".")
    }
    var entries: [Entry] = []
    try collect(mapping, under: "", in: path, into: &entries)
    return entries
  }

  private static func reference(_ path: String, line: Int) -> SettingsError {
    SettingsError(
      "\(path):\(line): YAML's anchors and aliases (&name, *name) are not taken; write the value"
        + " out, or put it in quotes.")
  }

  private static func collect(
    _ mapping: Node.Mapping, under prefix: String, in path: String, into entries: inout [Entry]
  ) throws(SettingsError) {
    for (keyNode, value) in mapping {
      let line = keyNode.mark?.line ?? 1
      let items = value.sequence.map(Array.init) ?? []
      guard ([keyNode, value] + items).allSatisfy({ $0.anchor == nil }) else {
        throw reference(path, line: line)
      }
      guard let name = keyNode.string else {
        throw SettingsError("\(path):\(line): a key must be a word.")
      }
      let key = prefix + name
      if let inner = value.mapping, !inner.isEmpty {
        try collect(inner, under: key + ".", in: path, into: &entries)
      } else if let items = value.sequence {
        guard items.allSatisfy({ $0.scalar != nil }) else {
          throw SettingsError("\(path):\(line): the list of \(key) must hold plain values.")
        }
        entries.append(Entry(key: key, line: line, shape: .list))
      } else {
        let isNothing = value.null != nil || value.mapping != nil
        entries.append(Entry(key: key, line: line, shape: isNothing ? .nothing : .text))
      }
    }
  }

  private static func sentence(for error: any Error, in path: String) -> String {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _),
      YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      "\(path):\(mark.line): this is not YAML: \(problem)."
    case YamlError.duplicatedKeysInMapping(let names, let context):
      "\(path):\(context.mark.line): the section that begins here holds"
        + " \(names.sorted().joined(separator: ", ")) twice."
    default:
      "\(path): this is not YAML: \(error)."
    }
  }
}
