import Foundation
import GRDB
import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("Harvest as a process")
  struct Interruption {
    private static let rows = 50
    private static let command = [
      "harvest", "--db", "mirror.db", "--rows", "\(rows)", "--json", "--portal",
    ]

    @Test(
      "killed without warning goes on within one page and ends as if nothing had been",
      arguments: [2, 4, 7])
    func killed(atPage page: Int) async throws {
      let (bench, undisturbed) = (try Workbench(), try Workbench())
      try await SamplePortal.run(try .withUnreadable()) { portal in
        let dead = try await Self.harvest(from: portal, on: bench, page: page, signal: SIGKILL)

        #expect(dead.code == nil)
        let start = try Self.openPosition(bench)
        let asked = (page - 1) * (Self.rows - 1)
        #expect(start == asked || start == asked - (Self.rows - 1))
        #expect(try bench.rows("SELECT outcome FROM runs") == ["\"running\""])

        portal.resetRequests()
        let second = try await bench.start(Self.command + [portal.url]).ended
        let starts = portal.requests.filter(Self.isPage).compactMap { $0["start"] }

        #expect(second.code == 3)
        #expect(starts.first == "\(start)")
        #expect(starts.count == 7 - start / (Self.rows - 1))
        #expect(
          try bench.rows("SELECT outcome FROM runs ORDER BY id")
            == ["\"interrupted\"", "\"complete\""])

        _ = try await undisturbed.start(Self.command + [portal.url]).ended
        for (table, contents) in try Contents.of(undisturbed) {
          #expect(!contents.isEmpty || Contents.empty.contains(table), "\(table)")
          #expect(try Contents.rows(of: table, on: bench) == contents, "\(table)")
        }
      }
    }

    @Test(
      "asked to stop says so, and the next run goes on",
      arguments: zip([SIGTERM, SIGINT], [143, 130]))
    func asked(signal: Int32, code: Int32) async throws {
      let bench = try Workbench()
      try await SamplePortal.run(try .withUnreadable()) { portal in
        let stopped = try await Self.harvest(from: portal, on: bench, page: 4, signal: signal)

        #expect(stopped.code == code)
        #expect(try stopped.json()["outcome"] as? String == "interrupted")
        #expect(try stopped.json()["exit_code"] as? Int32 == code)
        #expect(
          try bench.rows("SELECT outcome, exit_code, reason FROM runs")
            == ["\"interrupted\" \(code) \"interrupted\""])
        #expect(try bench.rows("PRAGMA integrity_check") == ["\"ok\""])

        let start = try Self.openPosition(bench)
        portal.resetRequests()
        let second = try await bench.start(Self.command + [portal.url]).ended

        #expect(second.code == 3)
        #expect(portal.requests.first(where: Self.isPage)?["start"] == "\(start)")
        #expect(try bench.rows("SELECT count(*) FROM datasets") == ["303"])
      }
    }

    @Test("asked to stop while it waits for another run answers with the signal too")
    func waiting() async throws {
      let bench = try Workbench()
      try await SamplePortal.run(try .withUnreadable()) { portal in
        let (stopped, stop) = AsyncStream.makeStream(of: Ended.self)
        portal.intercept { _, ordinal in
          guard ordinal == 1 else { return nil }
          return .delay {
            defer { stop.finish() }
            // It has said that it waits before it is stopped.
            guard
              let ended = try? await bench.shell(
                """
                : >waits
                "$donl_mirror" harvest --db mirror.db --wait-lock 1h 2>waits & pid=$!
                until grep -q Waiting waits; do kill -0 $pid || break; done
                kill -TERM $pid; wait $pid
                """)
            else { return }
            stop.yield(ended)
          }
        }
        _ = try await bench.start(Self.command + [portal.url]).ended

        #expect(await stopped.first { _ in true }?.code == 143)
      }
    }

    /// Starts a harvest that gets the signal when it asks for a page, counted from 1.
    private static func harvest(
      from portal: SamplePortal, on bench: Workbench, page: Int, signal: Int32
    ) async throws -> Ended {
      let (victims, victim) = AsyncStream.makeStream(of: Started.self)
      portal.intercept { request, _ in
        guard isPage(request), request["start"] == "\((page - 1) * (rows - 1))" else { return nil }
        return .delay {
          guard let process = await victims.first(where: { _ in true }) else { return }
          process.signal(signal)
          _ = try? await process.ended
        }
      }
      let process = try bench.start(command + [portal.url])
      victim.yield(process)
      let ended = try await process.ended
      portal.intercept(nil)
      return ended
    }

    private static func isPage(_ request: SamplePortal.Request) -> Bool {
      request.action == "package_search" && request["rows"] == "\(rows)"
    }

    private static func openPosition(_ bench: Workbench) throws -> Int {
      try bench.query("mirror.db") { db in
        try #require(
          try Int.fetchOne(db, sql: "SELECT next_start FROM walks WHERE state = 'open'"))
      }
    }
  }
}

/// What docs/contract.md promises, without the times, which differ between two harvests.
private enum Contents {
  static let tables: KeyValuePairs = [
    "datasets": """
    id, name, title, notes, url, identifier, state, type, private, owner_org,
    organization_title, authority, publisher, maintainer, license_id, license_title,
    access_rights, dataset_status, frequency, source_catalog, metadata_language, issued,
    modified, metadata_created, metadata_modified, num_resources, num_tags, content_hash
    """,
    "deleted_datasets": "id, name, title, reason, replaced_by",
    "resources": """
    dataset_id, position, id, name, description, url, format, mimetype, license_id, size,
    created, last_modified
    """,
    "uri_values": """
    dataset_id, resource_position, resource_id, field, position, value, uri, portal_label,
    label_nl, label_en, value_list
    """,
    "tags": "dataset_id, name",
    "organizations": "id, name, title, description",
    "groups": "id, name, title, description",
    "dataset_groups": "dataset_id, group_id",
    "extras": "dataset_id, resource_position, key, value",
    "records": "dataset_id, json",
    "value_lists": "name, url, entries",
    "concepts": "list, uri, label_nl, label_en, parent",
    "fields": "entity, field, kind, value_list, dcat, iso19115, label_nl, label_en",
    "stale_display_names": "dataset_id, name, field, uri, portal_label, list_label, value_list",
    "unlisted_uris": "dataset_id, resource_id, field, value, value_list",
    "malformed_uris": "dataset_id, resource_id, field, value, value_list",
    "field_census": "entity, field, json_type, datasets, example",
    "changes": """
    seq, kind, dataset_id, name, metadata_modified, changed_fields, content_hash, replaced_by
    """,
    "rejections": "dataset_id, reason, record",
    "datasets_fts": "name, title, notes, tags, organization, resources",
  ]

  /// Tables that have nothing to hold yet after one harvest of the sample.
  static let empty = [
    "deleted_datasets", "dataset_groups", "groups", "value_lists", "concepts",
    "stale_display_names", "unlisted_uris",
  ]

  static func of(_ bench: Workbench) throws -> [(table: String, rows: Set<[DatabaseValue]>)] {
    try tables.map { ($0.key, try rows(of: $0.key, on: bench)) }
  }

  static func rows(of table: String, on bench: Workbench) throws -> Set<[DatabaseValue]> {
    let columns = try #require(tables.first { $0.key == table }).value
    return try bench.query("mirror.db") { db in
      let rows = try Row.fetchAll(db, sql: "SELECT \(columns) FROM \(table)")
      return Set(rows.map { Array($0.databaseValues) })
    }
  }
}
