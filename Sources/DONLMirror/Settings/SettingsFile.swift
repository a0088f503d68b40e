import Foundation
import Yams

/// A configuration file: its values, and the line of each key.
struct SettingsFile {
  /// A longer file is no configuration.
  static let bytesMax = 1 << 20

  /// A key of the file, in dotted form.
  struct Entry {
    let key: String
    let line: Int
    /// As it stands there; the items of a list are joined with commas. Nil where there is nothing.
    let text: String?
  }

  let path: String
  let entries: [Entry]

  /// - Throws: when the file is missing, unreadable or no YAML mapping, or names a key twice.
  init(path: String) throws(SettingsError) {
    let data = try Self.read(path)
    let text = String(decoding: data, as: UTF8.self)
    if let line = YAMLReferences.firstLine(in: text) {
      throw Self.reference(path, line: line)
    }
    do {
      // Every value is read as it stands there, so nothing needs to guess its type. Nodes know their anchors
      // as long as the parser lives.
      let parser = try Yams.Parser(yaml: text, resolver: .basic)
      self.path = path
      entries = try withExtendedLifetime(parser) {
        try Self.entries(of: try parser.singleRoot(), in: path)
      }
    } catch let error as SettingsError {
      throw error
    } catch {
      throw SettingsError(Self.sentence(for: error, in: path))
    }
    try refuseTwins()
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
        let texts = items.compactMap(\.scalar?.string)
        guard texts.count == items.count else {
          throw SettingsError("\(path):\(line): the list of \(key) must hold plain values.")
        }
        entries.append(Entry(key: key, line: line, text: texts.joined(separator: ",")))
      } else {
        let text = value.null == nil ? value.scalar?.string : nil
        entries.append(Entry(key: key, line: line, text: text))
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

/// Anchors and aliases in YAML: a few lines of them stand for gigabytes, in the parser's memory and in
/// every walk over what it made. A configuration has no need for them, so they are found before the
/// text is parsed.
enum YAMLReferences {
  /// The line, counted from 1, of the first `&name` or `*name` that begins a node.
  ///
  /// In a quoted or a literal text, in a comment and within a word the signs mean nothing.
  ///
  /// What YAML's grammar hides from this look is found by `SettingsFile`, in the nodes; here only so
  /// many are let through that the parser cannot be overwhelmed by them.
  static func firstLine(in text: String) -> Int? {
    // YAML 1.1 has five line breaks.
    var plain = text.replacing("\r\n", with: "\n")
    for end in ["\r", "\u{85}", "\u{2028}", "\u{2029}"] { plain.replace(end, with: "\n") }
    var scanner = Scanner(plain.utf8)
    return scanner.firstLine() ?? lineOfTooMany(in: plain)
  }

  /// Whatever might be an alias if all quotes and comments were misread.
  private static func lineOfTooMany(in text: String) -> Int? {
    var count = 0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard line.utf8.contains(UInt8(ascii: "*")) else { continue }
      let isComment = line.first { $0 != " " } == "#" && !line.contains { "\"'[]{},".contains($0) }
      if isComment { continue }
      count += line.matches(of: /(?:^|[\s\[\]{},:?!\-"'])\*[^\s,\]}]/).count
      if count > aliasesMax { return index + 1 }
    }
    return nil
  }

  private static let aliasesMax = 8

  private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// True where a node may begin: behind nothing but indentation and indicators.
    private var isAtNode = true
    private var depth = 0

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    mutating func firstLine() -> Int? {
      while position < bytes.count {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\n"):
          line += 1
          isAtNode = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0xEF, 0xBB, 0xBF: break
        case UInt8(ascii: "#") where isBehindSpace:
          skipLine()
          continue
        case UInt8(ascii: "&") where isAtNode, UInt8(ascii: "*") where isAtNode:
          return line
        case UInt8(ascii: "\"") where isAtNode, UInt8(ascii: "'") where isAtNode:
          skipQuoted(byte)
          isAtNode = false
          continue
        case UInt8(ascii: "|") where isAtNode && depth == 0,
          UInt8(ascii: ">") where isAtNode && depth == 0:
          skipBlock()
          continue
        // A tag stands before its node.
        case UInt8(ascii: "!") where isAtNode:
          skipWord()
          continue
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          if isAtNode { depth += 1 }
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
          if depth > 0 { depth -= 1 }
          isAtNode = false
        case UInt8(ascii: ",") where depth > 0:
          isAtNode = true
        case UInt8(ascii: "-") where isDocumentStart:
          position += 2
        case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "?"):
          // A colon ends a key, also within a line; the others only begin one.
          let isIndicator = isBeforeSpace || (byte != UInt8(ascii: "-") && depth > 0)
          isAtNode = isIndicator && (isAtNode || byte == UInt8(ascii: ":"))
        default:
          isAtNode = false
        }
        position += 1
      }
      return nil
    }

    private var isBehindSpace: Bool { position == 0 || Self.isSpace(bytes[position - 1]) }
    private var isDocumentStart: Bool {
      (position == 0 || bytes[position - 1] == UInt8(ascii: "\n"))
        && bytes[position...].starts(with: "---".utf8)
        && (position + 3 >= bytes.count || Self.isSpace(bytes[position + 3]))
    }
    private var isBeforeSpace: Bool {
      position + 1 >= bytes.count || Self.isSpace(bytes[position + 1])
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
      [0x20, 0x09, 0x0A, 0x0D].contains(byte)
    }

    private mutating func skipLine() {
      while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipWord() {
      while position < bytes.count, !Self.isSpace(bytes[position]),
        !(depth > 0 && ",[]{}".utf8.contains(bytes[position]))
      {
        position += 1
      }
    }

    private mutating func skipQuoted(_ quote: UInt8) {
      position += 1
      while position < bytes.count {
        if bytes[position] == quote {
          // A quote within single quotes is written twice.
          let isTwice = position + 1 < bytes.count && bytes[position + 1] == quote
          guard quote == UInt8(ascii: "'"), isTwice else { break }
          position += 1
        }
        if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
      }
      position += 1
    }

    /// A literal or folded text: the lines that stand deeper than the one it begins in.
    private mutating func skipBlock() {
      var start = position
      while start > 0, bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
      let before = bytes[start..<position]
      let marks = before.prefix { $0 == 0x20 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "?") }
      // Of an item, the parent stands where its dash stands; of a value, where its key does.
      let isItem = marks.count == before.count
      let outer = isItem ? (marks.lastIndex { $0 != 0x20 }.map { $0 - start } ?? -1) : marks.count
      skipLine()
      while position < bytes.count {
        let next = bytes[(position + 1)...]
        let indent = next.prefix { $0 == 0x20 }.count
        let first = next.dropFirst(indent).first
        let isEmpty = first == nil || first == UInt8(ascii: "\n") || first == UInt8(ascii: "\r")
        guard isEmpty || indent > outer else { return }
        position += 1
        line += 1
        skipLine()
      }
    }
  }
}
