/// How the value of a column is read.
enum ColumnReading: Sendable {
  case text
  /// Text, or an object with a text for each language.
  case translated
  /// 0 or 1, also from `"True"`.
  case flag
  /// An integer, also from `"5"` or `5.0`; the columns hold nothing else.
  case number
  /// A date of CKAN's own: UTC, always with time.
  case stamp
  /// A date of the data: without zone, as precise as sent.
  case date
}

extension DatasetColumn {
  var reading: ColumnReading {
    switch self {
    case .title, .notes: .translated
    case .isPrivate: .flag
    case .numResources, .numTags: .number
    case .metadataCreated, .metadataModified: .stamp
    case .issued, .modified: .date
    default: .text
    }
  }
}

extension ResourceColumn {
  var reading: ColumnReading {
    switch self {
    case .name, .description: .translated
    case .size: .number
    case .created, .lastModified: .stamp
    default: .text
    }
  }
}
