import Foundation

extension Normalizer {
  /// Knows the fields of `config/fields.csv`, which `FUZZ_FIELDS` names.
  static let standard: Normalizer = {
    guard let path = ProcessInfo.processInfo.environment["FUZZ_FIELDS"],
      let csv = try? String(contentsOfFile: path, encoding: .utf8),
      let fields = try? FieldTable(csv: csv)
    else { broken("FUZZ_FIELDS names no field table") }
    return Normalizer(fields: fields)
  }()
}

extension Dataset {
  /// The tables are strict and their keys unique: a row that does not fit would cost the page.
  func demandStorable() {
    demand(Dataset.isID(id) && self[.id] == .text(id), "the id is the id")
    let integers: Set<DatasetColumn> = [.isPrivate, .numResources, .numTags]
    for column in DatasetColumn.allCases {
      demandFit(self[column], asInteger: integers.contains(column), column.name)
    }
    demand([.null, .integer(0), .integer(1)].contains(self[.isPrivate]), "private is 0 or 1")
    for resource in resources {
      for column in ResourceColumn.allCases {
        demandFit(resource[column], asInteger: column == .size, column.name)
      }
    }
    demandUnique(tags.map { [$0] }, "tags")
    demandUnique(groups.map { [$0.id] }, "groups")
    demandUnique(extras.map { ["\($0.resourcePosition ?? -1)", $0.key] }, "extras")
    demandUnique(
      uriValues.map { ["\($0.resourcePosition ?? -1)", $0.field, "\($0.position)"] }, "uri_values")
    for text in extras.flatMap({ [$0.key, $0.value] }) + uriValues.map(\.value)
      + uriValues.compactMap(\.portalLabel) + uriValues.compactMap(\.scheme)
    {
      demand(!text.utf8.contains(0), "no U+0000 in extras and uri_values")
    }
    for group in groups + [organization].compactMap(\.self) {
      let texts = [group.name, group.title, group.description, group.imageURL, group.state]
      for text in [group.id] + texts.compactMap(\.self) {
        demand(!text.utf8.contains(0) && !group.id.isEmpty, "no U+0000 in \(group.id)")
      }
    }
    demand(contentHash.utf8.count == 64, "a hash")
  }

  private func demandFit(_ cell: Cell, asInteger: Bool, _ column: String) {
    switch cell {
    case .null: return
    case .integer: demand(asInteger, "\(column) is text or NULL")
    case .text(let text):
      demand(!asInteger, "\(column) is an integer or NULL, not \(text)")
      demand(!text.utf8.contains(0), "no U+0000 in \(column)")
    }
  }

  /// By their bytes, as SQLite compares.
  private func demandUnique(_ keys: [[String]], _ table: String) {
    let bytes = keys.map { $0.map { Array($0.utf8) } }
    demand(Set(bytes).count == bytes.count, "\(table): each key once")
  }
}
