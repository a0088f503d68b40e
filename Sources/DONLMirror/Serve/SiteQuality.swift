/// The quality of a state: asked once, kept until there is another.
struct SiteQuality: Sendable {
  struct Check: Sendable {
    var name: String
    var titleNl: String
    var titleEn: String
    var why: String

    func title(_ language: LabelLanguage) -> String { language == .dutch ? titleNl : titleEn }
  }

  struct Owner: Sendable {
    /// Nil where records name none.
    var uri: String?
    var labelNl: String?
    var labelEn: String?
    var datasets: Int
    var points: Double
    /// How many datasets fail which check.
    var failing: [String: Int]

    func label(_ language: LabelLanguage) -> String {
      (language == .dutch ? labelNl : labelEn ?? labelNl) ?? uri ?? "–"
    }
  }

  var checks: [Check] = []
  var owners: [Owner] = []

  init(_ state: SiteState) throws {
    try state.snapshot.eachRow(#"SELECT "check", title_nl, title_en, why FROM checks"#) { row in
      checks.append(
        Check(
          name: row.text(0) ?? "", titleNl: row.text(1) ?? "", titleEn: row.text(2) ?? "",
          why: row.text(3) ?? ""))
    }
    let names = checks.map(\.name)
    let columns = names.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ", ")
    try state.snapshot.eachRow(
      """
      SELECT owner, owner_nl, owner_en, datasets, CAST(points AS TEXT), \(columns)
      FROM quality_by_owner ORDER BY points, owner
      """
    ) { row in
      var failing: [String: Int] = [:]
      for (index, name) in names.enumerated() {
        let count = Int(row.integer(Int32(5 + index)))
        if count > 0 { failing[name] = count }
      }
      owners.append(
        Owner(
          uri: row.text(0), labelNl: row.text(1), labelEn: row.text(2),
          datasets: Int(row.integer(3)), points: Double(row.text(4) ?? "") ?? 0,
          failing: failing))
    }
  }
}
