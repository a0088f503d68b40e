import Crypto
import Foundation
import GRDB

/// What readers can rely on, and what of it is the same whenever it is harvested: promised.json, which
/// `Scripts/promised` reads as well. Both ask SQLite the same; the script says what a hash is of.
struct Promised {
  /// Hashes of what a table or view shows.
  private struct Digest: Decodable {
    var rows: Int
    var hash: String
    var columns: [String: String]
  }

  private struct Description: Decodable {
    /// SQL by the name of the mask, `{}` being the column.
    var masks: [String: String]
    /// Masks by `table.column`.
    var masked: [String: String]
    /// A condition by table; without one all rows count.
    var rows: [String: String]
    var searches: [String]
    var tables: [String: [String]]
  }

  private let description: Description
  /// By harvest, then by table, view or search.
  private let fixture: [String: [String: Digest]]

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    func decoded<T: Decodable>(_ type: T.Type, from path: String) throws -> T {
      try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
    }
    description = try decoded(Description.self, from: "promised.json")
    fixture = try decoded(
      [String: [String: Digest]].self, from: "Fixtures/promised-digests.json")
  }

  var tables: [String: [String]] { description.tables }

  /// Names every table and column in which a mirror differs from the fixture.
  func differences(of mirror: Mirror, from harvest: String) throws -> [String] {
    guard let expected = fixture[harvest] else { return ["no fixture of \(harvest)"] }
    // Not read-only, because of the temporary table; nothing else is written.
    return try DatabaseQueue(path: mirror.path).writeWithoutTransaction { db in
      var differences: [String] = []
      if Set(expected.keys) != Set(relations.map(\.name)) {
        differences.append("other tables and searches than in the fixture")
      }
      for relation in relations {
        guard let digest = expected[relation.name] else { continue }
        do {
          differences += try self.differences(of: relation, from: digest, in: db)
        } catch let error as DatabaseError {
          differences.append("\(relation.name) cannot be read: \(error.message ?? "\(error)")")
        }
      }
      return differences
    }
  }

  // MARK: What is asked

  /// A table, a view, or the answer to a search.
  private struct Relation {
    var name: String
    var table: String
    var columns: [String]
    var condition: String?
  }

  private var relations: [Relation] {
    let tables = description.tables.sorted { $0.key < $1.key }.map { table, columns in
      Relation(name: table, table: table, columns: columns, condition: description.rows[table])
    }
    let searches = description.searches.map { words in
      Relation(
        name: "datasets_fts: \(words)", table: "datasets_fts", columns: ["dataset_id", "rank"],
        condition: "datasets_fts MATCH '\(words.replacing("'", with: "''"))'")
    }
    return tables + searches
  }

  private func differences(
    of relation: Relation, from expected: Digest, in db: Database
  ) throws -> [String] {
    let cells = relation.columns.map { column in
      let mask = description.masked["\(relation.table).\(column)"] ?? "{}"
      let sql = (description.masks[mask] ?? mask).replacing("{}", with: "t.\"\(column)\"")
      return "quote(\(sql)) AS \"\(column)\""
    }
    try db.execute(sql: "DROP TABLE IF EXISTS temp.promised")
    try db.execute(
      sql: """
        CREATE TEMP TABLE promised AS SELECT \(cells.joined(separator: ", "))
        FROM \(relation.table) AS t \(relation.condition.map { "WHERE " + $0 } ?? "")
        """)
    let rows = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.promised") ?? 0
    let row = relation.columns.map { "\"\($0)\"" }.joined(separator: " || char(31) || ")
    guard try rows != expected.rows || hash(of: row, in: db) != expected.hash else { return [] }
    let columns = try relation.columns.filter { column in
      try String(hash(of: "\"\(column)\"", in: db).prefix(16)) != expected.columns[column]
    }
    let differences = columns.map { "\(relation.name).\($0)" }
    if rows != expected.rows {
      return ["\(relation.name) has \(rows) rows, not \(expected.rows)"] + differences
    }
    return differences.isEmpty ? ["\(relation.name) pairs the same values otherwise"] : differences
  }

  private func hash(of cell: String, in db: Database) throws -> String {
    let text = try Data.fetchOne(
      db,
      sql: """
        SELECT CAST(group_concat(cell, char(10)) AS BLOB)
        FROM (SELECT \(cell) AS cell FROM temp.promised ORDER BY 1)
        """)
    return SHA256.hash(data: text ?? Data()).map { String(format: "%02x", $0) }.joined()
  }
}
