import CKANServer
import Foundation
import NIOCore

/// The value lists as the mirror has them, where a client of the portal looks for them: so a mirror
/// of the mirror has the same labels.
struct SiteLists {
  let state: SiteState

  /// - Parameter file: the last part of the address that the list was fetched from.
  /// - Throws: `Failure` 66, `unknown_list`.
  func answer(_ file: String) throws -> SiteAnswer {
    var list: String?
    try state.snapshot.eachRow(
      "SELECT name, url FROM value_lists WHERE fetched_at IS NOT NULL ORDER BY name"
    ) { row in
      if row.text(1)?.split(separator: "/").last.map(String.init) == file { list = row.text(0) }
    }
    guard let list else {
      throw Failure(.noDatabase, reason: "unknown_list", "The mirror has no such value list.")
    }
    var entries: [(key: String, value: JSON)] = []
    try state.snapshot.eachRow(
      """
      SELECT uri, label_nl, label_en, parent, type, slug FROM concepts
      WHERE list = ? AND removed_at IS NULL ORDER BY uri
      """, [.text(list)]
    ) { row in
      func members(_ columns: [(String, Int32)]) -> [(key: String, value: JSON)] {
        columns.compactMap { name, place in row.text(place).map { (name, JSON.string($0)) } }
      }
      let labels = JSON.object(members([("nl-NL", 1), ("en-US", 2)]))
      entries.append(
        (
          row.text(0) ?? "",
          .object([("labels", labels)] + members([("parent", 3), ("type", 4), ("slug", 5)]))
        ))
    }
    return SiteAnswer(200, "application/json", JSON.object(entries).bytes)
  }
}
