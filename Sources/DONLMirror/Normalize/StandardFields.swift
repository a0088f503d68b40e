extension FieldTable {
  /// `config/fields.csv`, as it was when this program was built.
  static func standard() throws(Fault) -> FieldTable {
    try FieldTable(csv: String(decoding: PackageResources.fields_csv, as: UTF8.self))
  }
}

extension ValueListTable {
  /// `config/value-lists.csv`, as it was when this program was built.
  static func standard() throws -> ValueListTable {
    try ValueListTable(csv: String(decoding: PackageResources.value_lists_csv, as: UTF8.self))
  }
}
