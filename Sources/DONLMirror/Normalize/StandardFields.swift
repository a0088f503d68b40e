extension FieldTable {
  /// `config/fields.csv`, as it was when this program was built.
  static func standard() throws(Fault) -> FieldTable {
    try FieldTable(csv: String(decoding: PackageResources.fields_csv, as: UTF8.self))
  }
}
