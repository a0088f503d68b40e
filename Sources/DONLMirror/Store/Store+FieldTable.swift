import Crypto
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

  /// Tells one table from another (`meta.field_table`).
  var digest: String {
    var hash = SHA256()
    for field in fields {
      let cells = [
        field.entity.rawValue, field.name, field.kind.rawValue, field.valueList, field.dcat,
        field.iso19115, field.labelNL, field.labelEN, field.names, field.since, field.until,
        field.renamedTo,
      ]
      hash.update(data: Array(cells.map { $0 ?? "" }.joined(separator: "\u{1F}").utf8) + [0x0A])
    }
    return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
