import Foundation
import GRDB
import SamplePortal
import Testing

/// The queries that Datasette offers to readers (config/datasette-queries.sql).
@Suite("The canned queries")
struct CannedQueryTests {
  @Test("find something in the sample, each that should")
  func answers() async throws {
    let mirror = try Mirror()
    _ = try await SamplePortal.run(.sample(day: 1)) { portal in
      try await mirror.harvest(portal)
      portal.publish(.sample(day: 2))
      return try await mirror.harvest(portal)
    }
    let queries = try Self.queries()

    #expect(queries.count > 10)
    for query in queries {
      let rows = try mirror.query { db in
        let statement = try db.makeStatement(sql: query.sql)
        // A reader who may not write can ask it.
        #expect(statement.isReadonly, "\(query.name)")
        return try Row.fetchAll(statement, arguments: Self.arguments(of: query.sql)).count
      }
      // The sample comes without value lists.
      #expect(rows > 0 || query.name == "stale-labels", "\(query.name)")
    }
  }

  private struct Query {
    var name: String
    var sql: String
  }

  private static func queries() throws -> [Query] {
    let text = try Document("config/datasette-queries.sql").text
    return text.matches(of: /(?m)^-- (?<name>[\w-]+): .+\n(?<sql>[^;]+);$/)
      .map { Query(name: String($0.name), sql: String($0.sql)) }
  }

  private static func arguments(of sql: String) -> StatementArguments {
    let values = ["words": "riol*", "dataset": "alle-velden", "since": "2020-01-01"]
    let wanted = sql.matches(of: /:(?<name>[a-z]+)/).map { String($0.name) }
    return StatementArguments(values.filter { wanted.contains($0.key) })
  }
}
