/// The columns of `labeled_datasets` and `labeled_resources` that show a value with its label. Which
/// value that is, is settled when the record is written, and stored as the key of its term.
enum LabeledColumns {
  struct Column: Sendable {
    /// The column that holds the key of the term.
    var name: String
    /// The fields whose first value is shown. On a dataset the field of DONL 1.1 alone: those that
    /// were renamed to it follow (`fields.renamed_to`).
    var fields: [String]
  }

  static let dataset = [
    Column(name: "owner_term", fields: ["authority"]),
    Column(name: "publisher_term", fields: ["publisher"]),
    Column(name: "license_term", fields: ["license_id"]),
    Column(name: "access_rights_term", fields: ["access_rights"]),
    Column(name: "status_term", fields: ["dataset_status"]),
    Column(name: "frequency_term", fields: ["frequency"]),
    Column(name: "source_catalog_term", fields: ["source_catalog"]),
    Column(name: "language_term", fields: ["language"]),
    Column(name: "metadata_language_term", fields: ["metadata_language"]),
    Column(name: "landing_page_term", fields: ["url"]),
  ]

  static let resource = [
    Column(name: "format_term", fields: ["format"]),
    Column(name: "media_type_term", fields: ["media_type", "mimetype"]),
    Column(name: "license_term", fields: ["license_id"]),
    Column(name: "status_term", fields: ["status"]),
    Column(name: "type_term", fields: ["distribution_type"]),
    Column(name: "language_term", fields: ["language"]),
  ]

  /// The columns of `resource_rows` that most often repeat the value of a term, and the place of that
  /// term among the columns above.
  static let sharedByResources: [(ResourceColumn, Int)] = [(.format, 0), (.licenseID, 2)]

  /// The columns of `all_datasets` that show an extra as sent, and what it means in DONL 1.1.
  static let periods = [
    Column(name: "period_start", fields: ["temporal_start"]),
    Column(name: "period_end", fields: ["temporal_end"]),
  ]

  /// A place in a row that a field may fill.
  struct Slot: Sendable {
    var column: Int
    /// The lowest fills it: the field itself before one that was renamed to it.
    var rank: Int
    /// Only a value that is no URI: the field lives on, and meant this while it held words.
    var wantsWord = false
  }

  /// The slots that a field of the entity may fill.
  static func slots(
    of columns: [Column], for field: FieldTable.Field, asRenamed: Bool
  ) -> [Slot] {
    var slots: [Slot] = []
    for (index, column) in columns.enumerated() {
      if column.fields.contains(field.name) { slots.append(Slot(column: index, rank: 0)) }
      if asRenamed, let meaning = field.renamedTo, column.fields.contains(meaning) {
        slots.append(Slot(column: index, rank: 1, wantsWord: field.until == nil))
      }
    }
    return slots
  }
}
