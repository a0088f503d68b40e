/// The findings of the checks as one table of CSV, to be worked off.
public struct FindingsExport: Sendable {
  public var path: String
  /// URI or label of a data owner; nil: all.
  public var owner: String?
  /// The name of a check; nil: all.
  public var check: String?

  public init(path: String) { self.path = path }

  /// - Throws: `Failure` 66 when no dataset has that owner, 64 when there is no such check, 74 where nobody
  ///   reads any more.
  public func write(into sink: ExportSink) throws {
    try MirrorReader(path: path).readConnected { db, connection in
      if let check { try MirrorReader.refuseUnknown(check: check, in: db) }
      let uri = try owner.map { try MirrorReader.ownerURI($0, in: db) }
      let statement = try Statement(Self.sql, on: connection)
      try statement.bind([Cell(uri), Cell(check)])
      sink.buffer.append(Self.head)
      let writer = CSVWriter()
      try statement.eachRow { row in
        writer.write(row, columns: Self.columns, into: sink.buffer)
        try sink.drain()
      }
    }
    try sink.flush()
  }

  private static let columns = 8
  private static let head: StaticString =
    "owner,dataset_id,name,title,check,resource_position,field,value\r\n"
  private static let sql = """
    SELECT t.value, f.dataset_id, d.name, d.title, f."check", f.resource_position, f.field, f.value
    FROM findings f
    JOIN all_datasets d ON d.id = f.dataset_id
    LEFT JOIN terms t ON t.key = d.owner_term
    WHERE (?1 IS NULL OR t.value = ?1) AND (?2 IS NULL OR f."check" = ?2)
    ORDER BY t.value, d.name, f.dataset_id, f."check", f.resource_position
    """
}
