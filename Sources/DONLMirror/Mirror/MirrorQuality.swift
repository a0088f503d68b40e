import GRDB

/// What is wrong with the records of the catalogue: by check, by data owner, and one by one.
public struct QualityReport: Sendable, Encodable {
  public struct Check: Sendable, Encodable {
    public var check: String
    public var dimension: String
    /// Of MQA; 0 for what it does not ask.
    public var points: Int
    public var title: String
    public var why: String
    /// How many datasets fail it, and how often in all.
    public var datasets: Int
    public var findings: Int
  }

  public struct Owner: Sendable, Encodable {
    /// URI; nil for the datasets that name none.
    public var owner: String?
    public var label: String?
    public var datasets: Int
    /// Of 405.
    public var points: Double
    /// Checks and how many of the datasets fail them, the most first.
    public var failing: [Failing]
  }

  public struct Failing: Sendable, Encodable {
    public var check: String
    public var datasets: Int
  }

  public struct Day: Sendable, Encodable {
    public var day: String
    public var datasets: Int
    public var points: Double
  }

  /// The portal's time of what is reported.
  public var asOf: String?
  public var datasets: Int
  public var checks: [Check]
  /// The one asked for, or all, those with the least points first.
  public var owners: [Owner]
  /// Of the owner asked for: what it was on days when it changed.
  public var trend: [Day]
}

extension MirrorReader {
  /// - Parameters:
  ///   - owner: URI, or label in either language; nil: all.
  ///   - language: of titles and labels.
  /// - Throws: `Failure` 66 when no dataset has that owner.
  public func quality(
    of owner: String? = nil, in language: LabelLanguage = .dutch
  ) throws -> QualityReport {
    try read { db in
      let uri = try owner.map { try Self.ownerURI($0, in: db) }
      let checks = try Self.checks(of: uri, in: db, language)
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT * FROM quality_by_owner WHERE ?1 IS NULL OR owner = ?1 ORDER BY points, owner",
        arguments: [uri])
      let owners = rows.map { row in
        let failing = checks.map { QualityReport.Failing(check: $0.check, datasets: row[$0.check]) }
        return QualityReport.Owner(
          owner: row["owner"], label: row["owner_\(language.rawValue)"], datasets: row["datasets"],
          points: row["points"],
          failing: failing.filter { $0.datasets > 0 }.sorted { $0.datasets > $1.datasets })
      }
      let trend = try Row.fetchAll(
        db, sql: "SELECT day, datasets, points FROM quality_over_time WHERE owner = ? ORDER BY day",
        arguments: [uri]
      ).map { QualityReport.Day(day: $0[0], datasets: $0[1], points: $0[2]) }
      return QualityReport(
        asOf: try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'complete_as_of'"),
        datasets: owners.reduce(0) { $0 + $1.datasets }, checks: checks, owners: owners,
        trend: trend)
    }
  }

  private static func checks(
    of owner: String?, in db: Database, _ language: LabelLanguage
  ) throws -> [QualityReport.Check] {
    try Row.fetchAll(
      db,
      sql: """
        WITH counted AS MATERIALIZED (
          SELECT f."check", count(DISTINCT f.dataset_id) AS datasets, count(*) AS findings
          FROM findings f
          JOIN all_datasets d ON d.id = f.dataset_id
          LEFT JOIN terms t ON t.key = d.owner_term
          WHERE ?1 IS NULL OR t.value = ?1
          GROUP BY f."check"
        )
        SELECT c."check", c.dimension, c.points, c.title_\(language.rawValue), c.why,
          coalesce(n.datasets, 0), coalesce(n.findings, 0)
        FROM checks c LEFT JOIN counted n ON n."check" = c."check"
        """, arguments: [owner]
    ).map { row in
      QualityReport.Check(
        check: row[0], dimension: row[1], points: row[2], title: row[3], why: row[4],
        datasets: row[5], findings: row[6])
    }
  }

  static func ownerURI(_ text: String, in db: Database) throws -> String {
    let uri = try String.fetchOne(
      db,
      sql: """
        SELECT t.value FROM terms t
        WHERE (t.value = ?1 OR t.label_nl = ?1 COLLATE NOCASE OR t.label_en = ?1 COLLATE NOCASE)
          AND EXISTS (SELECT 1 FROM all_datasets d WHERE d.owner_term = t.key AND d.deleted_at IS NULL)
        ORDER BY t.value = ?1 DESC LIMIT 1
        """, arguments: [text])
    guard let uri else {
      throw Failure(
        .noDatabase, reason: "no_owner",
        "No live dataset has the data owner \(text); donl-mirror report lists them.")
    }
    return uri
  }

  static func refuseUnknown(check: String, in db: Database) throws {
    let names = try String.fetchAll(db, sql: #"SELECT "check" FROM checks"#)
    guard !names.contains(check) else { return }
    let hint = nearestName(to: check, among: names).map { " Did you mean \($0)?" } ?? ""
    throw Failure(
      .usage, reason: "unknown_check",
      "There is no check \(check).\(hint) donl-mirror report lists them.")
  }
}
