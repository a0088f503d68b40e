/// The languages in which fields and value lists have labels.
public enum LabelLanguage: String, Sendable, CaseIterable {
  case dutch = "nl"
  case english = "en"

  /// The column of `fields`, `concepts` and `uri_values`.
  var column: String { "label_\(rawValue)" }
}
