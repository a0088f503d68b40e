import Foundation
import SamplePortal

/// Something that happens to the catalogue.
enum Move: String, Sendable, CaseIterable {
  case add, edit, rename, delete, purge, hide, unhide, makePrivate, makePublic, restore
  case reorganize, editInFuture
  /// Other content under the same stamp: only a full walk can see it.
  case editSilently
  case editBackwards
  /// A new dataset with an old stamp.
  case addBackdated
  /// Another dataset takes the name of one that goes.
  case replace
  case deleteMany
  /// Counted and not served.
  case unserve
  /// 500 wherever its record would be served.
  case poison
  /// Served whole again.
  case heal
  case double
  case undouble

  static func random(_ chance: inout Chance) -> Move {
    chance.one(
      of: [
        (12, .add), (12, .edit), (3, .rename), (8, .delete), (5, .purge), (6, .hide), (7, .unhide),
        (4, .makePrivate), (3, .makePublic), (4, .restore), (2, .reorganize), (2, .editInFuture),
        (4, .editSilently), (1, .editBackwards), (1, .addBackdated), (2, .replace),
        (1, .deleteMany), (2, .unserve), (2, .poison), (4, .heal), (1, .double), (2, .undouble),
      ], else: .add)
  }

  /// It changes what a portal never changes behind its own stamps and counts: an incremental run
  /// cannot see it before a census or a full walk is due.
  var isSilent: Bool {
    switch self {
    case .editSilently, .editBackwards, .addBackdated, .unserve, .poison, .heal, .double,
      .undouble:
      true
    default: false
    }
  }
}

/// What the portal knows of a dataset.
struct Dataset: Sendable, Equatable {
  var id: String
  var name: String
  var title: String
  var stamp: String
  var organization: String
  var isPrivate = false

  var json: String {
    """
    {"id": "\(id)", "name": "\(name)", "title": "\(title)", "state": "active", \
    "private": \(isPrivate), "type": "dataset", "metadata_modified": "\(stamp)", \
    "organization": {"id": "o-\(organization)", "name": "\(organization)", \
    "title": "\(organization)"}, "tags": [{"name": "water"}], \
    "resources": [{"id": "r-\(id)", "name": "csv", "url": "http://example.nl/\(id).csv"}]}
    """
  }
}

/// A catalogue that moves, and what is true of it.
struct Register: Sendable {
  private(set) var catalogue = Catalogue()
  private(set) var datasets: [String: Dataset] = [:]
  private(set) var poisoned: Set<String> = []
  /// What was deleted or purged, as it was.
  private var graves: [String: Dataset] = [:]

  /// Every id that ever was.
  var allIDs: Set<String> { Set(datasets.keys).union(graves.keys) }
  /// Public and active: `package_show` shows it.
  var listed: Set<String> { Set(datasets.values.lazy.filter { !$0.isPrivate }.map(\.id)) }
  var indexed: Set<String> { listed.subtracting(catalogue.hidden) }
  var served: Set<String> { indexed.subtracting(catalogue.unserved).subtracting(poisoned) }
  /// What the index counts.
  var count: Int { indexed.count + catalogue.doubled.intersection(indexed).count }
  /// It serves what it counts, each once.
  var isSound: Bool {
    catalogue.unserved.isEmpty && poisoned.isEmpty && catalogue.doubled.isEmpty
      && catalogue.hidden.isEmpty
  }

  /// As CKAN writes `metadata_modified`: microseconds, no zone.
  static func stamp(_ date: Date) -> String {
    let microseconds = Int((date.timeIntervalSince1970 * 1_000_000).rounded())
    var seconds = time_t(microseconds / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ number: some BinaryInteger, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let day = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits($0, 2) }
    return "\(day)T\(time.joined(separator: ":")).\(digits(microseconds % 1_000_000, 6))"
  }

  mutating func addOne(_ chance: inout Chance, at now: Date) -> String? {
    let number = chance.next()
    let id = String(String(number | 1 << 63, radix: 16).prefix(6))
    guard datasets[id] == nil, graves[id] == nil else { return nil }
    put(
      Dataset(
        id: id, name: "n-\(id)", title: "Water", stamp: Self.stamp(now),
        organization: chance.one(of: ["rws", "kadaster", "cbs"], else: "rws")))
    return id
  }

  /// Serves everything that it has, once.
  mutating func recover() {
    poisoned = []
    catalogue.unserved = []
    catalogue.doubled = []
    catalogue.hidden = []
  }

  /// - Returns: what happened; nil when there was nothing that it could happen to.
  mutating func make(_ move: Move, _ chance: inout Chance, at now: Date) -> String? {
    let pick = chance.next()
    // Of each set always the same one, whatever else is in it: a history that is cut short stays
    // like itself.
    func chosen(_ ids: some Sequence<String>) -> String? {
      ids.min { Chance.hash("\(pick) \($0)") < Chance.hash("\(pick) \($1)") }
    }
    let visible = datasets.keys.filter { !(datasets[$0]?.isPrivate ?? true) }
    let word = String(pick % 1_000)
    switch move {
    case .add: return addOne(&chance, at: now)
    case .addBackdated:
      guard let id = addOne(&chance, at: now - Double(chance.within(86_400...8_640_000))) else {
        return nil
      }
      return id
    case .edit: return change(chosen(visible), at: now) { $0.title = "Golven \(word)" }
    case .rename: return change(chosen(visible), at: now) { $0.name = "n-\($0.id)-\(word)" }
    case .reorganize:
      return change(chosen(visible), at: now) {
        $0.organization = $0.organization == "rws" ? "cbs" : "rws"
      }
    case .editInFuture:
      let ahead = Double(chance.within(3_600...864_000))
      return change(chosen(visible), at: now + ahead) { $0.title = "Later \(word)" }
    case .editBackwards:
      let behind = Double(chance.within(86_400...8_640_000))
      return change(chosen(visible), at: now - behind) { $0.title = "Eerder \(word)" }
    case .editSilently: return change(chosen(visible), at: nil) { $0.title = "Stil \(word)" }
    case .makePrivate: return change(chosen(visible), at: now) { $0.isPrivate = true }
    case .makePublic:
      let secret = datasets.keys.filter { datasets[$0]?.isPrivate ?? false }
      return change(chosen(secret), at: now) { $0.isPrivate = false }
    case .delete, .purge:
      guard let id = chosen(visible) else { return nil }
      remove(id, purging: move == .purge)
      return id
    case .deleteMany:
      let ids = visible.filter { Chance.hash("\(pick) \($0)") % 3 == 0 }
      for id in ids { remove(id, purging: false) }
      return ids.isEmpty ? nil : ids.sorted().joined(separator: " ")
    case .replace:
      guard let id = chosen(visible), let name = datasets[id]?.name else { return nil }
      remove(id, purging: true)
      guard let successor = addOne(&chance, at: now) else { return id }
      _ = change(successor, at: now) { $0.name = name }
      return "\(id) by \(successor)"
    case .restore:
      guard let id = chosen(graves.keys), var dataset = graves.removeValue(forKey: id) else {
        return nil
      }
      dataset.stamp = Self.stamp(now)
      dataset.title = "Terug \(word)"
      dataset.isPrivate = false
      // No two datasets of CKAN have one name.
      if datasets.values.contains(where: { $0.name == dataset.name }) {
        dataset.name = "n-\(id)-\(word)"
      }
      put(dataset)
      return id
    case .hide: return chosen(indexed).map { insert($0, \.catalogue.hidden) }
    case .unhide:
      return chosen(catalogue.hidden).map { id in
        catalogue.hidden.remove(id)
        return id
      }
    case .unserve: return chosen(served).map { insert($0, \.catalogue.unserved) }
    case .poison: return chosen(served).map { insert($0, \.poisoned) }
    case .heal:
      guard !catalogue.unserved.isEmpty || !poisoned.isEmpty else { return nil }
      catalogue.unserved = []
      poisoned = []
      return "all"
    case .double: return chosen(served).map { insert($0, \.catalogue.doubled) }
    case .undouble:
      guard !catalogue.doubled.isEmpty else { return nil }
      catalogue.doubled = []
      return "all"
    }
  }

  private mutating func insert(
    _ id: String, _ path: WritableKeyPath<Register, Set<String>>
  ) -> String {
    self[keyPath: path].insert(id)
    return id
  }

  /// - Parameter now: of the new stamp; nil leaves the old one.
  private mutating func change(
    _ id: String?, at now: Date?, _ body: (inout Dataset) -> Void
  ) -> String? {
    guard let id, var dataset = datasets[id] else { return nil }
    body(&dataset)
    if let now { dataset.stamp = Self.stamp(now) }
    put(dataset)
    return id
  }

  private mutating func put(_ dataset: Dataset) {
    datasets[dataset.id] = dataset
    // It is a JSON object with an id.
    try? catalogue.put(dataset.json)
  }

  private mutating func remove(_ id: String, purging isPurge: Bool) {
    guard let dataset = datasets.removeValue(forKey: id) else { return }
    graves[id] = dataset
    isPurge ? catalogue.purge(id) : catalogue.delete(id)
    poisoned.remove(id)
    catalogue.unserved.remove(id)
    catalogue.hidden.remove(id)
    catalogue.doubled.remove(id)
  }
}
