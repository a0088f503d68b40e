/// Text as COPY and jsonb take it.
enum PostgresText {
  /// PostgreSQL, COPY, "Text Format".
  static func write(_ text: ByteView, into out: ByteWriter) {
    var start = 0
    for index in 0..<text.count {
      let letter: UInt8
      switch text[index] {
      case .backslash: letter = .backslash
      case 0x09: letter = UInt8(ascii: "t")
      case 0x0A: letter = UInt8(ascii: "n")
      case 0x0D: letter = UInt8(ascii: "r")
      default: continue
      }
      out.append(contentsOf: text[start..<index].buffer)
      out.append(.backslash)
      out.append(letter)
      start = index + 1
    }
    out.append(contentsOf: text[start..<text.count].buffer)
  }

  /// What jsonb refuses, replaced: U+0000 by U+FFFD, a number beyond what `numeric` holds by its text.
  ///
  /// - Parameter json: canonical, in which half a surrogate pair is U+FFFD already.
  static func fit(_ json: [UInt8]) -> [UInt8] {
    let out = ByteWriter(capacity: json.count + 64)
    var hasChanged = false
    json.withView { json in
      var index = 0
      var start = 0
      while index < json.count {
        switch json[index] {
        case .quote:
          index = endOfString(from: index, of: json) { place in
            out.append(contentsOf: json[start..<place].buffer)
            out.append("\u{FFFD}")
            start = place + 6
            hasChanged = true
          }
        case 0x2D, 0x30...0x39:
          let end = endOfNumber(from: index, of: json)
          if !fits(json[index..<end]) {
            out.append(contentsOf: json[start..<index].buffer)
            JSONText.write(json[index..<end], into: out)
            start = end
            hasChanged = true
          }
          index = end
        default: index += 1
        }
      }
      out.append(contentsOf: json[start..<json.count].buffer)
    }
    return hasChanged ? Array(out.bytes) : json
  }

  private static func endOfString(
    from quote: Int, of json: ByteView, onNUL: (Int) -> Void
  ) -> Int {
    var index = quote + 1
    while index < json.count {
      index = json.quoteOrBackslash(from: index)
      guard index < json.count, json[index] == .backslash else { return index + 1 }
      if index + 6 <= json.count, json[index..<index + 6].equals("\\u0000") { onNUL(index) }
      index += 2
    }
    return index
  }

  private static func endOfNumber(from start: Int, of json: ByteView) -> Int {
    var index = start
    while index < json.count, Self.isOfNumber(json[index]) { index += 1 }
    return index
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    byte.isDigit || byte == 0x2D || byte == 0x2B || byte == 0x2E || byte | 0x20 == 0x65
  }

  /// `numeric` has up to 131072 digits before the point and 16383 behind it; nobody means a tenth of that.
  private static func fits(_ number: ByteView) -> Bool {
    guard number.count <= 1000 else { return false }
    guard let mark = number.buffer.firstIndex(where: { $0 | 0x20 == 0x65 }) else { return true }
    let exponent = Int(number[mark + 1..<number.count].string)
    return exponent.map { abs($0) <= 1000 } ?? false
  }
}
