/// The ledger.
extension SitePages {
  func runs() throws -> Context {
    var runs: [Context] = []
    try state.snapshot.eachRow(
      """
      SELECT id, started_at, mode, outcome, created, updated, touched, deleted, held, rejected,
        coalesce(message, '')
      FROM runs ORDER BY id DESC LIMIT 200
      """
    ) { row in
      runs.append([
        "id": "\(row.integer(0))", "at": row.text(1) ?? "",
        "at_text": Self.day(row.text(1), withTime: true), "mode": row.text(2) ?? "",
        "outcome": row.text(3) ?? "", "created": number(Int(row.integer(4))),
        "updated": number(Int(row.integer(5))), "touched": number(Int(row.integer(6))),
        "deleted": number(Int(row.integer(7))), "held": number(Int(row.integer(8))),
        "rejected": number(Int(row.integer(9))), "message": row.text(10) ?? "",
      ])
    }
    return ["runs": runs, "chart": try runChart()]
  }
}
