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
