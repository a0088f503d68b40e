/// One of the portal's *waardelijsten*: a name by which fields refer to it, and where it is read.
struct ValueList: Sendable, Equatable {
  /// `Overheid:Frequency`
  var name: String
  var url: String
}

/// An entry of a value list. Its label belongs to it and its list: the same URI can have another one
/// on another list.
struct Concept: Sendable, Equatable {
  /// As sent: an opaque text, in which spaces, commas and quotes are real.
  var uri: String
  var labelNL: String?
  var labelEN: String?
  /// The URI above it on the same list.
  var parent: String?
  /// Of an organization: what kind of body it is.
  var type: String?
  /// Of a catalogue: its name in URLs.
  var slug: String?
}

/// By what a server knows whether a list is still the one we have.
struct ListValidators: Sendable, Equatable {
  var etag: String?
  var lastModified: String?
}

/// The languages in which fields and value lists have labels.
public enum LabelLanguage: String, Sendable, CaseIterable {
  case dutch = "nl"
  case english = "en"

  /// The column of `fields`, `concepts` and `uri_values`.
  var column: String { "label_\(rawValue)" }
}
