import GRDB

extension FieldTable {
  /// The field table as a database has it.
  init(_ db: Database) throws {
    let rows = try Row.fetchAll(db, sql: "SELECT * FROM fields ORDER BY place")
    self.init(
      fields: rows.compactMap { row in
        guard let entity = Entity(rawValue: row["entity"]), let kind = Kind(rawValue: row["kind"])
        else { return nil }
        return Field(
          entity: entity, name: row["field"], kind: kind, valueList: row["value_list"],
          dcat: row["dcat"], iso19115: row["iso19115"], labelNL: row["label_nl"],
          labelEN: row["label_en"], names: row["names"], since: row["since"], until: row["until"],
          renamedTo: row["renamed_to"])
      })
  }
}
