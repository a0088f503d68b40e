import GRDB

/// A value list as the mirror has it.
public struct ListOverview: Sendable, Encodable {
  public var list: String
  public var url: String
  /// How many entries are on it.
  public var entries: Int
  /// How many were on it once.
  public var removed: Int
  /// When its present content came; nil when none ever did.
  public var fetchedAt: String?
  /// When that was last found to be the present content.
  public var checkedAt: String?
  /// When the last reading failed; nil when it did not.
  public var failedAt: String?
  public var failureReason: String?
  public var failure: String?
  /// How many display names of the portal differ from this list's labels.
  public var staleDisplayNames: Int
}

/// A value list with what is on it.
public struct ListDetail: Sendable, Encodable {
  public struct Entry: Sendable, Encodable {
    public var uri: String
    public var labelNl: String?
    public var labelEn: String?
    public var parent: String?
    public var type: String?
    public var slug: String?
    public var firstSeen: String
    public var lastSeen: String
    public var removedAt: String?
    /// What it was called before, the oldest first.
    public var earlier: [Label]
  }

  public struct Label: Sendable, Encodable {
    public var labelNl: String?
    public var labelEn: String?
    public var parent: String?
    public var observedAt: String
  }

  /// A display name of the portal that is not the list's label of now.
  public struct StaleName: Sendable, Encodable {
    public var uri: String
    public var portalLabel: String
    public var listLabel: String
    public var datasets: Int
  }

  public var overview: ListOverview
  /// In the order of their URIs.
  public var entries: [Entry]
  /// The most frequent first.
  public var staleDisplayNames: [StaleName]
}

extension MirrorReader {
  /// Every list that was ever asked for, by name.
  public func lists() throws -> [ListOverview] { try read { db in try Self.overviews(db) } }

  /// - Parameter name: in any case.
  /// - Throws: `Failure` 66 when there is no list of that name.
  public func list(_ name: String) throws -> ListDetail {
    try read { db in
      let all = try Self.overviews(db)
      guard let list = all.first(where: { $0.list.lowercased() == name.lowercased() }) else {
        let nearest = nearestName(to: name, among: all.map(\.list))
        throw Failure(
          .noDatabase, reason: "unknown_list",
          "There is no value list \(name) in \(path)" + (nearest.map { "; is it \($0)?" } ?? "."))
      }
      return ListDetail(
        overview: list, entries: try Self.entries(of: list.list, db),
        staleDisplayNames: try Self.staleNames(of: list.list, db))
    }
  }

  private static func overviews(_ db: Database) throws -> [ListOverview] {
    let sql = """
      SELECT l.*,
        (SELECT count(*) FROM concepts c WHERE c.list = l.name AND c.removed_at IS NOT NULL) AS gone,
        coalesce(s.stale, 0) AS stale
      FROM value_lists l
      LEFT JOIN (
        SELECT value_list, count(*) AS stale FROM stale_display_names GROUP BY value_list
      ) s ON s.value_list = l.name
      ORDER BY l.name
      """
    return try Row.fetchAll(db, sql: sql).map { row in
      ListOverview(
        list: row["name"], url: row["url"], entries: row["entries"], removed: row["gone"],
        fetchedAt: row["fetched_at"], checkedAt: row["checked_at"], failedAt: row["failed_at"],
        failureReason: row["failure_reason"], failure: row["failure"],
        staleDisplayNames: row["stale"])
    }
  }

  private static func entries(of list: String, _ db: Database) throws -> [ListDetail.Entry] {
    var earlier: [[UInt8]: [ListDetail.Label]] = [:]
    let labels = try Row.fetchAll(
      db, sql: "SELECT * FROM concept_labels WHERE list = ? ORDER BY uri, observed_at",
      arguments: [list])
    for row in labels {
      let label = ListDetail.Label(
        labelNl: row["label_nl"], labelEn: row["label_en"], parent: row["parent"],
        observedAt: row["observed_at"])
      earlier[Array((row["uri"] as String).utf8), default: []].append(label)
    }
    return try Row.fetchAll(
      db, sql: "SELECT * FROM concepts WHERE list = ? ORDER BY uri", arguments: [list]
    ).map { row in
      let uri: String = row["uri"]
      return ListDetail.Entry(
        uri: uri, labelNl: row["label_nl"], labelEn: row["label_en"], parent: row["parent"],
        type: row["type"], slug: row["slug"], firstSeen: row["first_seen"],
        lastSeen: row["last_seen"], removedAt: row["removed_at"],
        earlier: (earlier[Array(uri.utf8)] ?? []).dropLast())
    }
  }

  private static func staleNames(
    of list: String, _ db: Database
  ) throws -> [ListDetail.StaleName] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT uri, portal_label, list_label, count(DISTINCT dataset_id) AS datasets
        FROM stale_display_names WHERE value_list = ?
        GROUP BY uri, portal_label, list_label ORDER BY datasets DESC, uri, portal_label
        """, arguments: [list]
    ).map { row in
      ListDetail.StaleName(
        uri: row["uri"] ?? "", portalLabel: row["portal_label"], listLabel: row["list_label"],
        datasets: row["datasets"])
    }
  }
}
