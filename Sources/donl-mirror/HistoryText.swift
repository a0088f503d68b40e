import DONLMirror

/// The history of a dataset for a person: of each field what went, behind a `-`, and what came, behind a `+`.
enum HistoryText {
  static func text(_ changes: [DatasetChange]) -> String {
    var lines: [String] = []
    for change in changes {
      if !lines.isEmpty { lines.append("") }
      lines.append("\(change.seq)  \(change.recordedAt)  \(change.kind)  \(change.name ?? "")")
      guard change.isRemembered else {
        lines.append(
          "  what these had is not known any more: "
            + change.fields.map(\.field).joined(separator: ", "))
        continue
      }
      for field in change.fields {
        lines.append("  \(field.field)")
        lines += difference(textLines(field.shownBefore), textLines(field.shownAfter)).map {
          "    " + $0
        }
      }
    }
    return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
  }

  /// Lines that stayed are left out but for the one before and the one behind what changed.
  private static func difference(_ old: [String], _ new: [String]) -> [String] {
    let changes = new.difference(from: old)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in changes {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var all: [(mark: Character, text: String)] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, removed.contains(left) {
        all.append(("-", old[left]))
        left += 1
      } else if right < new.count, inserted.contains(right) {
        all.append(("+", new[right]))
        right += 1
      } else {
        all.append((" ", old[left]))
        left += 1
        right += 1
      }
    }
    var lines: [String] = []
    for index in all.indices {
      let near = all[max(0, index - 1)...min(all.count - 1, index + 1)]
      if near.contains(where: { $0.mark != " " }) {
        lines.append("\(all[index].mark) \(all[index].text)")
      } else if lines.last != "  …" {
        lines.append("  …")
      }
    }
    return lines
  }

  private static func textLines(_ text: String?) -> [String] {
    text?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) ?? []
  }
}
