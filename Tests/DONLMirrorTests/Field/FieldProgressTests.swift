import Foundation
import SamplePortal
import Testing

@testable import DONLMirror

/// `Scripts/fault-table`, section B of the field: a mirror that stops, or never gets done.
@Suite("Progress in the field")
struct FieldProgressTests {
  typealias Request = SamplePortal.Request

  @Test(
    "B1 any number of records that cannot be served, at any distance",
    arguments: [
      [5, 6], [5, 7], [0, 1], [0, 2], [29, 30], [58, 59], [0, 59], [3, 4, 5, 7, 9, 30],
    ])
  func poisoned(numbers: [Int]) async throws {
    try await story(Entry.row(60)) { mirror, portal in
      portal.poison(numbers.map(Entry.id))

      let run = try await mirror.harvest(portal) { $0.rows = 10 }

      #expect(run.outcome == .complete)
      #expect(run.exitStatus == .heldBack)
      #expect(run.reason == "unserved")
      #expect(run.tally == Tally(created: 60 - numbers.count))
      let unserved = try mirror.strings("SELECT dataset_id FROM unserved_records ORDER BY 1")
      #expect(unserved == numbers.map(Entry.id))
      portal.recover()
      let next = try await mirror.harvest(portal)
      #expect(next.exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("B3 a count that is too high, with the hole at the end", arguments: [1, 3])
  func holeAtEnd(missing: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.update { $0.unserved = Set((20 - missing..<20).map(Entry.id)) }
      for isFull in [true, true, false] {
        let run = try await mirror.harvest(portal) {
          $0.isFull = isFull
          $0.rows = 6
        }

        #expect(run.outcome == .complete)
        #expect(run.exitStatus == .heldBack)
        #expect(run.reason == "unserved")
      }
      #expect(try mirror.count("SELECT count(*) FROM unserved_records") == missing)
      portal.update { $0.delete("0004") }
      let run = try await mirror.harvest(portal)

      #expect(run.tally.deleted == 1)
      #expect(try mirror.count("SELECT count(*) FROM unserved_records") == missing)
    }
  }

  /// Refuses what asks for more than so many rows.
  private static func refuse(
    rowsBeyond most: Int, status: Int, at portal: SamplePortal,
    _ isMeant: @escaping @Sendable (Request) -> Bool = { _ in true }
  ) {
    portal.intercept { request, _ in
      guard request.action == "package_search", isMeant(request),
        Int(request["rows"] ?? "") ?? 10 > most
      else { return nil }
      return .respond(status: status, body: "<html>Gateway</html>")
    }
  }

  @Test(
    "B4 B7 pages beyond a size are refused, in the walk and in the census",
    arguments: [400, 403, 409, 413, 500, 502, 504])
  func refusedSize(status: Int) async throws {
    try await story(Entry.row(200)) { mirror, portal in
      Self.refuse(rowsBeyond: 31, status: status, at: portal)
      let run = try await mirror.harvest(portal) { $0.rows = 100 }

      #expect(run.exitStatus == .done)
      #expect(run.tally == Tally(created: 200))
      // What works is remembered: the next run fails at nothing.
      portal.resetRequests()
      let next = try await mirror.harvest(portal) {
        $0.rows = 100
        $0.isFull = true
      }
      #expect(next.exitStatus == .done)
      #expect(next.retries == 0)
      let refused = portal.requests.count { Int($0["rows"] ?? "") ?? 10 > 31 }
      #expect(refused <= 2)
    }
  }

  @Test("B4 a census that fails is made up for, and the walk is not read again")
  func censusFails() async throws {
    try await story(Entry.row(40)) { mirror, portal in
      portal.intercept { request, _ in
        request.isCensus ? .respond(status: 503, body: "<html>Down</html>") : nil
      }
      let failed = try await mirror.harvest(portal) { $0.rows = 10 }

      #expect(failed.exitStatus == .temporary)
      #expect(failed.tally == Tally(created: 40))
      portal.recover()
      portal.resetRequests()
      let run = try await mirror.harvest(portal) { $0.rows = 10 }

      #expect(run.exitStatus == .done)
      #expect(run.mode == .full)
      #expect(portal.pageStarts.isEmpty)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("B4 slim rows that come as whole records, too large for a page")
  func fieldsIgnored() async throws {
    let rest = #", "rest": "\#(String(repeating: "x", count: 5000))""#
    try await story((0..<40).map { Entry(Entry.id($0), hour: $0, rest: rest) }) { mirror, portal in
      portal.settings.ignoresFields = true
      let run = try await mirror.harvest(portal) {
        $0.rows = 10
        $0.settings.portal.maxPageBytes = 100_000
      }

      #expect(run.exitStatus == .done)
      #expect(run.tally == Tally(created: 40))
    }
  }

  @Test(
    "B5 the question by date is refused: everything is read, with a warning",
    arguments: [400, 403, 405, 409, 414, 500, 200])
  func dateRefused(status: Int) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("0003", hour: 40, title: "Edited")) }
      portal.intercept { request, _ in
        guard request["fq"]?.contains("metadata_modified") == true else { return nil }
        return .respond(status: status, body: "<html>Blocked</html>")
      }
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .full)
      #expect(run.exitStatus == .done)
      #expect(run.tally.updated == 1)
      #expect(mirror.log.lines.first { $0.reason == "filter_not_honored" }?.level == .warning)
    }
  }

  @Test("B5 rows=0, fl or the order by date is refused", arguments: ["rows", "fl", "sort", "all"])
  func plainOnly(what: String) async throws {
    try await story(Entry.row(20)) { mirror, portal in
      portal.intercept { request, _ in
        let isRefused =
          (what == "rows" || what == "all") && request["rows"] == "0"
          || (what == "fl" || what == "all") && request["fl"] != nil
          || (what == "sort" || what == "all")
            && request["sort"]?.hasPrefix("metadata_modified") == true
        return isRefused ? .fail(.refuses(status: 409, type: "Validation Error")) : nil
      }
      try await mirror.harvest(portal)
      portal.update {
        $0.put(Entry("0003", hour: 40, title: "Edited"))
        $0.delete("0004")
      }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test(
    "B6 ids are refused in numbers, by their bytes, or altogether",
    arguments: ["OR", "bytes", "all"], [403, 409, 414, 200])
  func idsRefused(what: String, status: Int) async throws {
    try await story(Entry.row(60)) { mirror, portal in
      try await mirror.harvest(portal)
      // Their stamps are old: only a census finds them.
      portal.update { catalogue in
        for number in 10..<50 {
          catalogue.put(Entry(Entry.id(number), hour: number - 5, title: "Edited"))
        }
      }
      portal.intercept { request, _ in
        guard let filter = request["fq"], filter.hasPrefix("+id:(") else { return nil }
        let isRefused =
          switch what {
          case "OR": filter.contains(" OR ")
          case "bytes": request.query.utf8.count > 300
          default: true
          }
        return isRefused ? .respond(status: status, body: "<html>Blocked</html>") : nil
      }
      mirror.advance(by: .seconds(86_401))
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("B7 another number of rows counts at once, in an open walk too")
  func rowsOfOpenWalk() async throws {
    try await story(Entry.row(60)) { mirror, portal in
      portal.failAfterPage(2)
      try await mirror.harvest(portal) { $0.rows = 20 }
      portal.recover()
      portal.resetRequests()
      let run = try await mirror.harvest(portal) { $0.rows = 7 }

      #expect(run.exitStatus == .done)
      #expect(mirror.log.reasons.contains("resumed"))
      #expect(portal.requests.filter(\.isPage).allSatisfy { $0["rows"] == "7" })
    }
  }

  @Test("B8 an open walk that another version left is dropped, and said", arguments: [true, false])
  func foreignWalk(isFull: Bool) async throws {
    try await story(Entry.row(40)) { mirror, portal in
      portal.failAfterPage(2)
      try await mirror.harvest(portal) { $0.rows = 10 }
      portal.recover()
      try mirror.tamper("UPDATE walks SET facts = json_remove(facts, '$.nameless')")
      let run = try await mirror.harvest(portal) {
        $0.rows = 10
        $0.isFull = isFull
      }

      #expect(run.exitStatus == .done)
      #expect(mirror.log.reasons.contains("walk_dropped"))
      #expect(try mirror.records() == portal.catalogue.recordsByID)
      #expect(try mirror.count("SELECT count(*) FROM walks WHERE state = 'open'") == 0)
    }
  }

  @Test("B10 counts that no catalogue has", arguments: ["1000000000000000", "9223372036854775807"])
  func absurdCount(count: String) async throws {
    try await story(Entry.row(30)) { mirror, portal in
      portal.rewriteSearches { $0 = $0.replacing(#""count": 30"#, with: #""count": \#(count)"#) }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .notCKAN)
      #expect(portal.requests.count < 30)
    }
  }

  @Test("B10 a count of 90 million: not for long", arguments: [true, false])
  func hugeCount(isOnce: Bool) async throws {
    try await story(Entry.row(30)) { mirror, portal in
      portal.intercept { request, ordinal in
        guard request.action == "package_search", !isOnce || ordinal == 3 else { return nil }
        return .rewrite {
          $0.text = $0.text.replacing(#""count": 30"#, with: #""count": 90000000"#)
        }
      }
      let run = try await mirror.harvest(portal) { $0.rows = 10 }

      #expect(portal.requests.count < 300)
      if isOnce { #expect(run.exitStatus == .done) }
      portal.recover()
      #expect(try await mirror.harvest(portal).exitStatus == .done)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }

  @Test("B11 a record known to be unserved is asked once in a run, and not waited for")
  func knownUnserved() async throws {
    try await story(Entry.row(30)) { mirror, portal in
      portal.poison(["0005"])
      try await mirror.harvest(portal)
      mirror.advance(by: .seconds(3600))
      portal.resetRequests()
      let quiet = try await mirror.harvest(portal)
      let asked = portal.requests.count { $0["fq"]?.contains("0005") == true }

      #expect(quiet.exitStatus == .heldBack)
      #expect(quiet.retries == 0)
      #expect(asked == 1)

      // Also when a census is due.
      mirror.advance(by: .seconds(86_401))
      portal.resetRequests()
      let run = try await mirror.harvest(portal)
      #expect(run.exitStatus == .heldBack)
      #expect(run.retries == 0)
      #expect(portal.requests.count { $0["fq"]?.contains("0005") == true } == 1)
      #expect(try mirror.strings("SELECT dataset_id FROM unserved_records") == ["0005"])
    }
  }

  @Test("B12 what is too slow for a page is found out, and not tried again and again")
  func slowPages() async throws {
    try await story(Entry.row(1000)) { mirror, portal in
      Self.refuse(rowsBeyond: 62, status: 504, at: portal) { $0["fl"] == nil }
      let run = try await mirror.harvest(portal)

      #expect(run.exitStatus == .done)
      let failed = portal.requests.count { $0.isPage && Int($0["rows"] ?? "") ?? 0 > 62 }
      #expect(failed <= 12, "of \(portal.pageStarts.count)")
      #expect(try mirror.count("SELECT count(*) FROM datasets") == 1000)
    }
  }

  @Test("C5 a dataset that is served twice over the edge of two pages", arguments: [9, 8, 10])
  func duplicateOverSeam(number: Int) async throws {
    try await story(Entry.row(30)) { mirror, portal in
      let id = Entry.id(number)
      let older = Entry(id, hour: number - 1, title: "Older").json
      // The older of the two stands before the newer one, in whichever page they come.
      portal.settings.twins = [id: older]
      for attempt in 1...3 {
        let last = attempt > 1 ? try mirror.lastChange() : 0
        let run = try await mirror.harvest(portal) {
          $0.rows = 10
          $0.isFull = true
        }

        #expect(run.exitStatus == .done)
        if attempt > 1 { #expect(try mirror.feed(after: last) == []) }
      }
      #expect(
        try mirror.strings("SELECT title FROM datasets WHERE id = ?", [id]) == ["Title of \(id)"])
    }
  }

  @Test("E5 a catalogue that moves between the three questions is not distrusted")
  func movingQuestions() async throws {
    try await story(Entry.row(20)) { mirror, portal in
      try await mirror.harvest(portal)
      // One comes with each of the first six questions.
      portal.intercept { request, ordinal in
        ordinal <= 12 && request.action == "package_search"
          ? .before { $0.put(Entry("1\(Entry.id(ordinal))", hour: 60 + ordinal)) } : nil
      }
      portal.resetRequests()
      let run = try await mirror.harvest(portal)

      #expect(run.mode == .incremental)
      #expect(!mirror.log.reasons.contains("filter_not_honored"))
      #expect(run.exitStatus == .done)
      portal.recover()
      try await mirror.harvest(portal)
      #expect(try mirror.records() == portal.catalogue.recordsByID)
    }
  }
}
