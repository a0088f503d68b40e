/// One value or one key of a record, as a range of the record's bytes.
///
/// The nodes of a record stand in one array in the order of the text: a container is followed by
/// what it holds, a key by its value.
struct JSONNode {
  enum Kind: UInt8 {
    case null, `false`, `true`, number, string, array, object

    static let count = 7
  }

  var kind: Kind
  /// A string with backslashes in it.
  var hasEscapes = false
  /// The text stands decoded in the pool (keys with escapes), and the range is one of the pool.
  var isPooled = false
  /// A string without its quotes; anything else whole.
  var start: UInt32
  var end: UInt32
  /// The index of the node after this one and all it holds.
  var next: UInt32 = 0
  /// Of an object: where its members begin in the list of members.
  var members: UInt32 = 0
  /// Of an object: how many members it has, each key counted once.
  var memberCount: UInt32 = 0

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// Why bytes are no record.
struct JSONFault: Error, Equatable {
  var reason: Rejection.Reason
  /// The byte where it shows, from 0.
  var offset: Int
  /// What was found there.
  var what: String

  var detail: String { "byte \(offset): \(what)" }
}
