import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

/// What the documents state, held against the program.
@Suite("The documents")
struct DocumentTests {
  @Test("answer the questions of the README as the program does")
  func readme() async throws {
    let readme = try Document("README.md")
    let mirror = try Mirror()

    let (first, second) = try await SamplePortal.run(.sample(day: 1)) { portal in
      let first = try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
      portal.publish(.sample(day: 2))
      let second = try await mirror.harvest(portal) { $0.settings.lists.url = portal.listsURL }
      return (first, second)
    }

    #expect(readme.text.contains("run 1 full complete \(tally(of: first)) "))
    #expect(readme.text.contains("run 2 incremental complete \(tally(of: second)) "))
    let examples = readme.examples
    #expect(examples.count == 6)
    for example in examples {
      #expect(try mirror.table(example.sql) == example.answer, "\(example.sql)")
    }
  }

  @Test("name every table and column that readers see, and no other")
  func schema() async throws {
    let promised = try Document("docs/schema.md").columns
    let mirror = try Mirror()

    _ = try await SamplePortal.run(Catalogue()) { try await mirror.harvest($0) }

    let ours = try Document("docs/schema.md").names(under: "Ours")
    let found = try mirror.columns().filter { !ours.contains($0.key) }
    #expect(Set(promised.keys) == Set(found.keys))
    for (table, columns) in found {
      #expect(promised[table] == columns, "\(table)")
    }
  }

  @Test(
    "explain tables and columns in the words of the schema, as Scripts/document writes them",
    .enabled(if: Tool.python.isThere))
  func schemaComments() async throws {
    let script = ConfigFileTests.projectRoot + "/Scripts/document"
    let ended = try await Workbench().shell("'\(script)' --check")

    #expect(ended.code == 0, "Scripts/document has not been run: \(ended.output)\(ended.errors)")
  }

  @Test("leave no table and no column for readers unexplained")
  func explanations() throws {
    let page = try Document("docs/schema.md").text

    #expect(page.matches(of: /(?m)^\| `\w+` \| *\|$/).map { String($0.0) } == [])
    #expect(page.matches(of: /(?m)^### `\w+`\n\n\n/).map { String($0.0) } == [])
  }

  @Test(
    "point only at what is there",
    arguments: [
      "README.md", "CONTRIBUTING.md", "docs/schema.md", "docs/operate.md", "docs/design.md",
      "docs/fields.md",
      "docs/contract.md", "docs/portal.md", "docs/performance.md",
    ])
  func links(path: String) throws {
    let document = try Document(path)

    for link in document.links {
      #expect(FileManager.default.fileExists(atPath: document.resolve(link)), "\(link)")
    }
  }

  private func tally(of run: RunSummary) -> String {
    let tally = run.tally
    return "datasets=\(run.datasets) created=\(tally.created) updated=\(tally.updated) "
      + "touched=\(tally.touched) unchanged=\(tally.unchanged) deleted=\(tally.deleted)"
  }
}

/// A Markdown file of the project.
struct Document {
  /// A query and the answer printed below it: rows of cells, the heads first.
  struct Example {
    var sql: String
    var answer: [[String]]
  }

  let folder: URL
  let text: String

  init(_ path: String) throws {
    let url = URL(filePath: ConfigFileTests.projectRoot).appending(path: path)
    folder = url.deletingLastPathComponent()
    text = try String(contentsOf: url, encoding: .utf8)
  }

  var examples: [Example] {
    text.matches(of: /```sql\n(?<sql>[^`]+)```\n\n```text\n(?<box>[^`]+)```/).map { match in
      let rows = match.box.split(separator: "\n").filter { $0.hasPrefix("│") }
      return Example(
        sql: String(match.sql),
        answer: rows.map { row in
          row.dropFirst().dropLast().split(separator: "│", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        })
    }
  }

  /// The first cell of each row of the table under a heading that is a name in backticks.
  var columns: [String: [String]] {
    var columns: [String: [String]] = [:]
    var table: String?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") {
        table = line.firstMatch(of: /^### `(\w+)`$/).map { String($0.1) }
      } else if let table, let match = line.firstMatch(of: /^\| `(\w+)` \|/) {
        columns[table, default: []].append(String(match.1))
      }
    }
    return columns
  }

  func names(under heading: String) -> Set<String> {
    guard let start = text.range(of: "\n## \(heading)\n") else { return [] }
    let section = text[start.upperBound...].prefix { $0 != "#" }
    return Set(section.matches(of: /`(\w+)`/).map { String($0.1) })
  }

  /// Relative links, and paths in backticks that begin at the root of the project.
  var links: [String] {
    text.matches(of: /\]\((?<path>[^)#:]+)\)|`(?<root>(?:Sources|Tests|config|docs)\/[^`*]+)`/)
      .compactMap { ($0.path ?? $0.root.map { "/" + $0 }).map(String.init) }
  }

  func resolve(_ link: String) -> String {
    link.hasPrefix("/") ? ConfigFileTests.projectRoot + link : folder.appending(path: link).path
  }
}

extension Mirror {
  /// What the `sqlite3` command prints, heads first, each cell without the space around it.
  fileprivate func table(_ sql: String) throws -> [[String]] {
    try query { db in
      let statement = try db.makeStatement(sql: sql)
      let rows = try Row.fetchAll(statement).map { row in
        Array(row.databaseValues).map { value in
          (String.fromDatabaseValue(value) ?? Int.fromDatabaseValue(value).map(String.init) ?? "")
            .trimmingCharacters(in: .whitespaces)
        }
      }
      return [statement.columnNames] + rows
    }
  }

  /// The columns of every table and view, those of SQLite and of the full-text index aside.
  fileprivate func columns() throws -> [String: [String]] {
    try query { db in
      let names = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_schema
          WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            AND name NOT LIKE 'datasets\\_fts\\_%' ESCAPE '\\'
          """)
      return try Dictionary(
        uniqueKeysWithValues: names.map { name in
          // Hidden columns are the table's own name and rank of the full-text index.
          let columns = try String.fetchAll(
            db, sql: "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", arguments: [name])
          return (name, columns)
        })
    }
  }
}
