/// Where a text stands in a record: a run of the bytes as received, or of what was decoded, which counts
/// on behind them.
struct TextRange: Sendable, Equatable {
  var start: Int
  var count: Int

  var isEmpty: Bool { count == 0 }

  /// `""`.
  static let empty = TextRange(start: 0, count: 0)
}

/// The bytes of a record, and the texts of it that do not stand there as they are meant: decoded from
/// escapes, dates in our form, elements of lists inside a string. All valid UTF-8 without NUL.
struct RecordTexts: Sendable, Equatable {
  /// As received: a run of its page.
  let record: ArraySlice<UInt8>
  fileprivate(set) var decoded: [UInt8]

  /// Keeps a text that the record does not hold.
  mutating func keep(_ text: String) -> TextRange {
    let start = record.count + decoded.count
    decoded.append(contentsOf: text.utf8)
    return TextRange(start: start, count: text.utf8.count)
  }

  /// A text of its own.
  func string(_ range: TextRange) -> String { lent { $0.string(range) } }

  /// Lends out the texts for the length of a call.
  func lent<Result>(_ body: (LentTexts) throws -> Result) rethrows -> Result {
    try record.withView { record in
      try decoded.withView { decoded in
        try body(LentTexts(record: record, decoded: decoded))
      }
    }
  }
}

/// The texts of a record, valid only while `RecordTexts.lent` lasts.
struct LentTexts {
  let record: ByteView
  let decoded: ByteView

  subscript(range: TextRange) -> ByteView {
    range.start < record.count
      ? record[range.start..<(range.start + range.count)]
      : decoded[(range.start - record.count)..<(range.start - record.count + range.count)]
  }

  func string(_ range: TextRange) -> String { self[range].string }

  /// Whether both say the same.
  func areEqual(_ one: TextRange, _ other: TextRange) -> Bool {
    one == other || self[one].isEqual(to: self[other])
  }
}

/// A dataset with texts of its own: for whoever looks at one, and not at twenty thousand.
