/// Drawings, each with its figures in words beside it.
extension SitePages {
  /// Bars: what each of the last runs brought. The table of runs has the same in figures.
  func runChart() throws -> String {
    var bars: [(label: String, counts: [(String, Int)])] = []
    try state.snapshot.eachRow(
      "SELECT id, created, updated, deleted FROM runs ORDER BY id DESC LIMIT 30"
    ) { row in
      let counts = zip(["created", "updated", "deleted"], Int32(1)...).map {
        ($0, Int(row.integer($1)))
      }
      bars.append(("\(row.integer(0))", counts))
    }
    let (width, height) = (600, 120)
    let most = max(1, bars.map { $0.counts.reduce(0) { $0 + $1.1 } }.max() ?? 1)
    let step = width / 30
    var drawing = ""
    for (index, bar) in bars.reversed().enumerated() {
      var y = height
      for (name, count) in bar.counts where count > 0 {
        let tall = max(1, count * (height - 16) / most)
        y -= tall
        drawing +=
          "<rect class=\"\(name)\" x=\"\(index * step + 1)\" y=\"\(y)\" "
          + "width=\"\(step - 2)\" height=\"\(tall)\"/>"
      }
    }
    let title =
      "\(text("last_runs")): \(text("created")), \(text("updated")), \(text("deleted"))"
    return """
      <svg viewBox="0 0 \(width) \(height + 18)" width="\(width)" height="\(height + 18)" role="img" \
      aria-label="\(title.xmlEscaped)"><line class="axis" x1="0" y1="\(height)" x2="\(width)" \
      y2="\(height)"/>\(drawing)<text x="0" y="11">\(number(most).xmlEscaped)</text>\
      <text x="0" y="\(height + 14)">\(title.xmlEscaped)</text></svg>
      """
  }

  func trendChart(_ trend: [(day: String, points: Double)]) -> String {
    let days = trend.suffix(90)
    guard let first = days.first, let last = days.last, days.count > 1 else { return "" }
    let (width, height) = (600.0, 120.0)
    let most = max(1, days.map(\.points).max() ?? 1)
    let places = days.enumerated().map { index, day in
      let x = Double(index) * width / Double(days.count - 1)
      let y = height - day.points / most * (height - 16)
      return "\(Int(x)),\(Int(y))"
    }
    let title =
      "\(text("points")): \(first.day) \(number(first.points)), \(last.day) \(number(last.points))"
    return """
      <svg viewBox="0 0 600 138" width="600" height="138" role="img" \
      aria-label="\(title.xmlEscaped)"><line class="axis" x1="0" y1="120" x2="600" y2="120"/>\
      <polyline class="trend" points="\(places.joined(separator: " "))"/>\
      <text x="0" y="134">\(title.xmlEscaped)</text></svg>
      """
  }
}
