import Foundation
import SamplePortal

@testable import DONLMirror

/// A portal with its lists, a mirror of it, and one clock for both.
struct ListStory {
  let mirror: Mirror
  let portal: SamplePortal

  /// Tells a story of a portal that publishes the lists of the sample, unless told otherwise.
  static func tell(
    _ catalogue: Catalogue = .sample(day: 1),
    _ tell: nonisolated(nonsending) (ListStory) async throws -> Void
  ) async throws {
    let mirror = try Mirror()
    var settings = SamplePortal.Settings()
    settings.now = { mirror.now }
    try await SamplePortal.run(catalogue, settings: settings) { portal in
      try await tell(ListStory(mirror: mirror, portal: portal))
    }
  }

  @discardableResult
  func harvest(_ change: (inout HarvestJob) -> Void = { _ in }) async throws -> RunSummary {
    try await mirror.harvest(portal) { job in
      job.settings.lists.url = portal.listsURL
      change(&job)
    }
  }

  @discardableResult
  func refresh(
    _ names: String..., change: (inout ListsJob) -> Void = { _ in }
  ) async throws -> [ListOutcome] {
    var settings = Settings()
    settings.database.path = mirror.path
    settings.lists.url = portal.listsURL
    var job = ListsJob(settings: settings, logger: mirror.log.logger)
    job.clock.sleep = { _ in try Task.checkCancellation() }
    job.clock.now = { mirror.now }
    job.names = names
    change(&job)
    return try await job.run(of: portal.url)
  }

  /// The requests for lists, in the order of arrival.
  var asked: [SamplePortal.Request] { portal.requests.filter(\.isList) }

  /// All that is stored of the lists, without the time at which each was confirmed.
  func stored() throws -> [String] {
    try [
      "SELECT json_array(name, url, fetched_at, entries, etag, last_modified) FROM value_lists",
      "SELECT json_array(list, uri, label_nl, label_en, parent, type, slug, first_seen, last_seen, "
        + "removed_at) FROM concepts",
      "SELECT json_array(list, uri, observed_at, label_nl, label_en, parent) FROM concept_labels",
    ].flatMap { try mirror.strings($0 + " ORDER BY 1").compactMap(\.self) }
  }

  /// `frequency/DAILY` of a list, as `Dutch / English`.
  func label(_ uri: String, of list: String) throws -> String? {
    try mirror.strings(
      "SELECT label_nl || ' / ' || label_en FROM concepts WHERE list = ? AND uri = ?", [list, uri]
    ).first ?? nil
  }

  func status() throws -> MirrorStatus.Lists {
    try MirrorReader(path: mirror.path)
      .status(fullEvery: .seconds(1), censusEvery: .seconds(1)).valueLists
  }
}

extension Catalogue {
  /// A few datasets, and the lists of the sample.
  static func few() throws -> Catalogue {
    var catalogue = try Catalogue(Entry.row(3))
    catalogue.valueLists = Catalogue.sample(day: 1).valueLists
    return catalogue
  }

  /// Publishes the lists that were captured in 2023 under the names that the portal gives them, in
  /// place of all others.
  mutating func publishCapturedLists() throws {
    valueLists = [:]
    for (file, name) in Self.captured {
      let bytes = try SharedData.bytes("valuelists/\(file).json")
      self[list: name + ".json"] = PublishedList(String(decoding: bytes, as: UTF8.self))
    }
  }

  private static let captured = [
    "donl_language": "donl_language", "donl_organization": "donl_organization",
    "donl_spatial_scheme": "overheid_spatial_scheme",
    "donl_spatial_value_gemeente": "overheid_spatial_gemeente",
    "donl_spatial_value_koninkrijksdeel": "overheid_spatial_koninkrijksdeel",
    "donl_spatial_value_provincie": "overheid_spatial_provincie",
    "donl_spatial_value_waterschap": "overheid_spatial_waterschap",
    "overheid_taxonomiebeleidsagenda": "overheid_taxonomiebeleidsagenda",
  ]
}

extension SamplePortal.Request {
  var isList: Bool { path.contains("/waardelijsten/") }
}

extension PublishedList {
  /// A list of this many entries in the standard shape, `urn:0` and so on.
  static func standard(_ labels: [String], lastModified: String? = nil) -> PublishedList {
    let entries = labels.enumerated().map { number, label in
      #""urn:\#(number)": {"labels": {"nl-NL": "\#(label)", "en-US": "\#(label)"}}"#
    }
    return PublishedList("{\(entries.joined(separator: ", "))}", lastModified: lastModified)
  }
}
