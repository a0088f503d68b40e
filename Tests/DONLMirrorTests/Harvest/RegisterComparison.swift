import Foundation
import GRDB
import Testing

@testable import DONLMirror

/// Holds every row of a mirror against the file it came from, read by Foundation and by rules of
/// our own, so that a mistake of the normalizer cannot hide in the test of it.
struct RegisterComparison {
  private typealias Object = [String: Any]
  /// A row as texts: column by column, NULL as nil.
  private typealias Row = [String: String]

  private let datasets: [String: [Row]]
  private let resources: [String: [Row]]
  private let uriValues: [String: [Row]]
  private let tags: [String: [Row]]
  private let extras: [String: [Row]]
  private let records: [String: [Row]]
  private let uriFields: [String: Set<String>]
  private let displayNames: [String: Set<String>]

  init(_ mirror: Mirror) throws {
    datasets = try Self.read("datasets", by: "id", mirror)
    resources = try Self.read("resources", by: "dataset_id", mirror)
    uriValues = try Self.read("uri_values", by: "dataset_id", mirror)
    tags = try Self.read("tags", by: "dataset_id", mirror)
    extras = try Self.read("extras", by: "dataset_id", mirror)
    records = try Self.read("records", by: "dataset_id", mirror)
    let fields = try Self.read("fields", by: "entity", mirror)
    uriFields = fields.mapValues { rows in
      Set(rows.filter { $0["kind"]?.hasPrefix("uri") == true }.compactMap { $0["field"] })
    }
    displayNames = fields.mapValues { rows in
      Set(rows.filter { $0["kind"] == "display name" }.compactMap { $0["field"] })
    }
  }

  private static func read(
    _ table: String, by key: String, _ mirror: Mirror
  ) throws -> [String: [Row]] {
    try mirror.query { db in
      var rows: [String: [Row]] = [:]
      let cursor = try GRDB.Row.fetchCursor(db, sql: "SELECT * FROM \(table)")
      while let row = try cursor.next() {
        var texts: Row = [:]
        for (column, value) in row {
          // Read as SQLite would show it.
          switch value.storage {
          case .int64(let number): texts[column] = "\(number)"
          case .string(let text): texts[column] = text
          default: break
          }
        }
        rows[texts[key] ?? "", default: []].append(texts)
      }
      return rows
    }
  }

  /// Compares everything, and stops when there is enough to read.
  func differences(from lines: [ArraySlice<UInt8>]) throws -> [String] {
    var differences: [String] = []
    if datasets.count != lines.count { differences.append("\(datasets.count) datasets") }
    for line in lines {
      guard let sent = try JSONSerialization.jsonObject(with: Data(line)) as? Object,
        case let record = Self.lifting(sent),
        let id = record["id"] as? String, let row = datasets[id]?.first
      else {
        differences.append("no dataset for \(String(decoding: line.prefix(80), as: UTF8.self))")
        continue
      }
      let found = [
        records[id]?.first?["json"]?.utf8.elementsEqual(line) == true ? [] : ["raw json"],
        columns(of: record, against: row),
        resources(of: record, against: resources[id] ?? []),
        tags(of: record, against: tags[id] ?? []),
        uris(of: record, against: uriValues[id] ?? []),
        rest(of: record, id),
      ].flatMap(\.self)
      differences += found.map { "\(id): \($0)" }
      if differences.count > 20 { break }
    }
    return differences
  }

  /// The record with what its `extras` say where it would stand at the top: DONL 1.0 never lifted
  /// `subtheme_facet`.
  private static func lifting(_ record: Object) -> Object {
    let pairs = (record["extras"] as? [Object] ?? []).compactMap { extra in
      (extra["key"] as? String).flatMap { key in extra["value"].map { (key, $0) } }
    }
    return record.merging(pairs) { top, _ in top }
  }

  // MARK: Columns

  private func columns(of record: Object, against row: Row) -> [String] {
    let organization = record["organization"] as? Object
    return DatasetColumn.names.compactMap { column in
      let expected: String? =
        switch column {
        case "organization_title": text(organization?["title"])
        case "private": (record[column] as? Bool).map { $0 ? "1" : "0" }
        case "metadata_created", "metadata_modified": stamp(record[column])
        case "issued", "modified": date(record[column])
        default: text(record[column])
        }
      return expected == row[column]
        ? nil : "\(column) is \(row[column] ?? "NULL"), not \(expected ?? "NULL")"
    }
  }

  private func resources(of record: Object, against rows: [Row]) -> [String] {
    let sent = record["resources"] as? [Object] ?? []
    guard sent.count == rows.count else { return ["\(rows.count) resources, not \(sent.count)"] }
    return sent.enumerated().flatMap { position, resource -> [String] in
      guard let row = rows.first(where: { $0["position"] == "\(position)" }) else {
        return ["no resource \(position)"]
      }
      return ResourceColumn.names.compactMap { column in
        let expected =
          ["created", "last_modified"].contains(column)
          ? stamp(resource[column]) : text(resource[column])
        return expected == row[column]
          ? nil
          : "resource \(position) \(column) is \(row[column] ?? "NULL"), not \(expected ?? "NULL")"
      }
    }
  }

  private func tags(of record: Object, against rows: [Row]) -> [String] {
    let sent = Set((record["tags"] as? [Object] ?? []).compactMap { $0["name"] as? String })
    let stored = rows.compactMap { $0["name"] }
    return stored.count == sent.count && Set(stored) == sent ? [] : ["tags \(stored)"]
  }

  // MARK: URI values

  private func uris(of record: Object, against rows: [Row]) -> [String] {
    var expected = uris(of: record, "dataset", position: nil)
    for (position, resource) in (record["resources"] as? [Object] ?? []).enumerated() {
      expected.formUnion(uris(of: resource, "resource", position: position))
    }
    let stored = Set(
      rows.map { row in
        [
          row["resource_position"] ?? "-", row["field"] ?? "", row["position"] ?? "",
          row["value"] ?? "",
        ]
      })
    let difference = expected.symmetricDifference(stored)
    return stored.count == rows.count ? difference.map { "URI value \($0)" } : ["URI values twice"]
  }

  private func uris(of object: Object, _ entity: String, position: Int?) -> Set<[String]> {
    var values: Set<[String]> = []
    for field in uriFields[entity] ?? [] {
      for (index, value) in strings(object[field]).enumerated() where !value.isEmpty {
        values.insert([position.map { "\($0)" } ?? "-", field, "\(index)", value])
      }
    }
    return values
  }

  // MARK: The rest

  /// Every key that says something stands in a column, a URI value, beside one, or in the extras.
  private func rest(of record: Object, _ id: String) -> [String] {
    let extras = extras[id] ?? []
    let structure: Set = ["resources", "tags", "groups", "organization", "extras"]
    var missing = rest(
      of: record, "dataset", among: extras.filter { $0["resource_position"] == nil },
      placed: structure.union(DatasetColumn.names))
    for (position, resource) in (record["resources"] as? [Object] ?? []).enumerated() {
      missing += rest(
        of: resource, "resource", among: extras.filter { $0["resource_position"] == "\(position)" },
        placed: Set(ResourceColumn.names).union(["position", "package_id"]))
    }
    return missing
  }

  private func rest(
    of object: Object, _ entity: String, among extras: [Row], placed: Set<String>
  ) -> [String] {
    var missing: [String] = []
    for (key, value) in object where !isEmpty(value) && !placed.contains(key) {
      if uriFields[entity]?.contains(key) == true { continue }
      guard let extra = extras.first(where: { $0["key"] == key }) else {
        if displayNames[entity]?.contains(key) != true { missing.append("nothing of \(key)") }
        continue
      }
      if !isEqual(extra, to: value) { missing.append("extra \(key) is \(extra["value"] ?? "")") }
    }
    return missing
  }

  private func isEqual(_ extra: Row, to value: Any) -> Bool {
    guard let stored = extra["value"] else { return false }
    if let text = value as? String { return stored == text && extra["json_type"] == "string" }
    let json = try? JSONSerialization.jsonObject(
      with: Data(stored.utf8), options: .fragmentsAllowed)
    return (json as? NSObject)?.isEqual(value) == true
  }

  // MARK: Values

  private func isEmpty(_ value: Any?) -> Bool {
    guard let value else { return true }
    return value is NSNull || (value as? String)?.isEmpty == true
      || (value as? [Any])?.isEmpty == true
  }

  private func text(_ value: Any?) -> String? {
    if let list = value as? [Any] { return list.lazy.compactMap(text).first }
    if value is Object || isEmpty(value) { return nil }
    if let text = value as? String { return text }
    return (value as? NSNumber)?.stringValue
  }

  private func strings(_ value: Any?) -> [String] {
    if let list = value as? [Any] { return list.map { text($0) ?? "" } }
    guard let text = text(value) else { return [] }
    if text.hasPrefix("{"), text.hasSuffix("}"), !text.contains("\"") {
      return text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        .map { $0 == "NULL" ? "" : String($0) }
    }
    return [text]
  }

  private func stamp(_ value: Any?) -> String? {
    guard let text = value as? String, text.count >= 19 else { return nil }
    return text.count == 19 ? text + ".000000Z" : text + "Z"
  }

  private func date(_ value: Any?) -> String? {
    guard let text = value as? String else { return nil }
    if text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil { return text }
    guard text.prefixMatch(of: /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/) != nil else { return nil }
    return text.prefix(10) + "T" + text.dropFirst(11).prefix(8)
  }
}
