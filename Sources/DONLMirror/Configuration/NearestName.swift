/// The name that was probably meant: least edits away, the last part of a dotted name counting
/// nearly as much as the whole (`rows` means `portal.rows`).
func nearestName(to name: String, among names: [String]) -> String? {
  let wanted = name.lowercased()
  return names.min { distance(wanted, $0) < distance(wanted, $1) }
}

private func distance(_ wanted: String, _ name: String) -> Int {
  let name = name.lowercased()
  let last = name.split(separator: ".").last.map(String.init) ?? name
  return min(edits(from: wanted, to: name), edits(from: wanted, to: last) + 1)
}

/// Levenshtein's distance.
private func edits(from source: String, to target: String) -> Int {
  let target = Array(target)
  var row = Array(0...target.count)
  for (index, character) in source.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in target.indices {
      let replaced = diagonal + (character == target[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
    }
  }
  return row[target.count]
}
