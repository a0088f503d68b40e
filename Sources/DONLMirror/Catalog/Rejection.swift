/// A record that could not be read: the bytes are kept, with the reason, and the run goes on.
public struct Rejection: Error, Sendable, Equatable {
  /// Stable words; they stand in `rejections.reason` and in the log.
  public enum Reason: String, Sendable, CaseIterable {
    /// Not JSON: cut, a bad literal, a bad number, trailing bytes.
    case badJSON = "bad_json"
    /// Invalid UTF-8 or a raw control character inside a string.
    case badText = "bad_text"
    case tooDeep = "too_deep"
    case tooLarge = "too_large_record"
    /// JSON, but not an object.
    case notAnObject = "not_an_object"
    case noID = "no_id"
    /// The id is not a string, is empty, is longer than 200 bytes, or holds a control character or
    /// U+FFFD.
    case badID = "bad_id"
  }

  /// Nil when the record does not say which dataset it is.
  public var datasetID: String?
  public var reason: Reason
  /// What was found and where, for a person: `byte 812: lone \x01 in a string`.
  public var detail: String
  /// The bytes of the record as received.
  public var record: ArraySlice<UInt8>
}
