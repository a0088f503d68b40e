import Foundation
import GRDB
import SamplePortal
import Testing

@testable import DONLMirror

@Suite("The memory")
struct MemoryTests {
  @Test("keeps what the changed fields had, without what churns")
  func before() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update {
        $0.put(Entry("a", hour: 9, title: "Other", resources: ["r7"], rest: #", "version": "2""#))
      }
      try await mirror.harvest(portal)

      let before = try mirror.strings("SELECT before FROM changes WHERE kind = 'update'")
      let resource = #"{"format":"CSV","name":"File 0","url":"https://example.org/a/0"}"#
      let other = #"{"format":"CSV","name":"File 1","url":"https://example.org/a/1"}"#
      #expect(
        before == [
          #"{"resources":[\#(resource),\#(other)],"title":"Title of a","version":null}"#
        ])
      #expect(
        try mirror.strings("SELECT before FROM changes WHERE kind <> 'update'") == [nil, nil])
      // What came is told as what went is: what churns is no change.
      let told = try MirrorReader(path: mirror.path).history(of: "a")[0].fields
      #expect(told.map(\.field) == ["resources", "title", "version"])
      #expect(told[0].before == "[\(resource),\(other)]")
      #expect(told[0].after == "[\(resource)]")
      let history = try mirror.rows(
        "SELECT field, before, after FROM dataset_history WHERE seq = 3 ORDER BY field")
      #expect(history.count == 3)
      #expect(history[1].map { String.fromDatabaseValue($0) } == ["title", "Title of a", "Other"])
      #expect(history[2].map { String.fromDatabaseValue($0) } == ["version", nil, "2"])
    }
  }

  @Test("shows a dataset as it was, also one that went and came back, with the labels of then")
  func past() async throws {
    try await story([Entry("a", title: "First"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal)
      let first = mirror.now
      mirror.advance(by: .seconds(3600))
      portal.update { $0.put(Entry("a", hour: 9, title: "Second")) }
      try await mirror.harvest(portal)
      mirror.advance(by: .seconds(3600))
      portal.update { $0.delete("a") }
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("a", hour: 12, title: "Third", name: "other")) }
      try await mirror.harvest(portal)

      #expect(try mirror.feed() == ["create a", "create b", "update a", "delete a", "create a"])
      let reader = try MirrorReader(path: mirror.path)
      func title(_ point: HistoryPoint?) throws -> String? {
        try reader.dataset("a", at: #require(point))["title"]
      }
      #expect(try title(HistoryPoint("1")) == "First")
      #expect(try title(HistoryPoint(Timestamp.text(first))) == "First")
      #expect(try title(HistoryPoint("3")) == "Second")
      #expect(try title(HistoryPoint("5")) == "Third")
      #expect(
        try reader.dataset("name-a", at: .seq(3))["metadata_modified"]
          == "2026-05-01T09:00:00.000000Z")
      let gone = #expect(throws: Failure.self) { try title(.seq(4)) }
      #expect(gone?.status == .noDatabase)
      #expect(gone?.message.contains("It came with change 5") == true)
      let never = #expect(throws: Failure.self) {
        try title(.moment("2020-01-01T00:00:00.000000Z"))
      }
      #expect(never?.status == .noDatabase)

      let history = try reader.history(of: "other")
      #expect(history.map(\.kind) == ["create", "delete", "update", "create"])
      #expect(history[2].fields.map(\.field) == ["title"])
      #expect(history[2].fields.map(\.before) == [#""First""#])
      #expect(history[2].fields.map(\.after) == [#""Second""#])
    }
  }

  @Test("goes back and forth between any two states, whatever was done")
  func random() async throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      try await tell(seed: seed)
    }
  }

  /// Harvests a catalogue that changes at random, and holds what every state was against what the feed
  /// and the memory make of it.
  private func tell(seed: UInt64) async throws {
    var chance = SplitMix(state: seed)
    var entries = Entry.row(12)
    try await story(entries) { mirror, portal in
      var states: [(seq: Int, hashes: [String: String])] = []
      for hour in 20..<30 {
        try await mirror.harvest(portal) { $0.acceptsDeletions = true }
        states.append((try mirror.lastChange(), try mirror.hashes()))
        for _ in 0..<Int.random(in: 0...5, using: &chance) {
          let place = Int.random(in: entries.indices, using: &chance)
          entries[place].hour = hour
          switch Int.random(in: 0..<6, using: &chance) {
          case 0: portal.update { [entry = entries[place]] in $0.delete(entry.id) }
          case 1:
            entries[place].tags =
              [["water"], ["b", "a"], [], ["a", "b"]].randomElement(using: &chance) ?? []
          case 2: entries[place].rest = Self.oddities.randomElement(using: &chance) ?? ""
          case 3:
            entries[place].resourceIDs =
              [["r0"], [], ["x", "y"]].randomElement(using: &chance) ?? []
          default: entries[place].title = "Title \(Int.random(in: 0..<4, using: &chance))"
          }
          portal.update { [entry = entries[place]] in
            if entry.hour % 3 != 0 || $0.recordsByID[entry.id] != nil { $0.put(entry) }
          }
        }
      }
      #expect(try mirror.count("SELECT count(*) FROM changes WHERE kind = 'update'") > 0)

      for (seq, hashes) in states {
        #expect(try mirror.state(after: seq) == hashes, "seed \(seed), back to \(seq)")
        #expect(
          try mirror.replay(from: seq, hashes) == states.last?.hashes, "seed \(seed), from \(seq)")
      }
      #expect(try mirror.replay(from: 0, [:]) == states.last?.hashes)
      for entry in try MirrorReader(path: mirror.path).feed(after: FeedCursor(seq: 0), limit: .max)
        .entries
      {
        let hash = try entry.record.map { try ContentHash.hash(of: $0) }
        #expect(
          hash == (entry.kind == .delete ? nil : entry.contentHash), "seed \(seed), \(entry.seq)")
      }
      #expect(try MirrorReader(path: mirror.path).check().flatMap(\.examples) == [])
      try mirror.tamper(
        "UPDATE changes SET before = '{\"title\":\"forged\"}' WHERE before IS NOT NULL")
      let broken = try MirrorReader(path: mirror.path).check().filter { !$0.isPassed }.map(\.name)
      #expect(broken == ["memory"])
    }
  }

  private static let oddities = [
    "", #", "n": 123456789012345678901234567890"#, #", "half": "\ud800 \u0000 ok""#,
    #", "n": 1, "n": 2"#, #", "null": null, "empty": "", "deep": {"a": [null, "", {"b": ""}]}"#,
    #", "extras": [{"key": "k", "value": "=1+1"}, {"key": "a", "value": "\u202e"}]"#,
    #", "e\u0301": 1"#, #", "\u00e9": 1"#,
  ]

  @Test(
    "remembers six days of the real register in less than 245 kB, byte for byte",
    .enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func register() async throws {
    let mirror = try Mirror()
    let before = try Catalogue(contentsOf: SharedData.registerPath("2015-04-11"))
    let after = try Catalogue(contentsOf: SharedData.registerPath("2015-04-17"))
    try await SamplePortal.run(before) { portal in
      try await mirror.harvest(portal)
      let seq = try mirror.lastChange()
      let first = try mirror.hashes()
      portal.publish(after)
      try await mirror.harvest(portal) { $0.isFull = true }
      let second = try mirror.hashes()

      #expect(try mirror.state(after: seq) == first)
      #expect(try mirror.replay(from: 0, [:]) == second)
      #expect(try mirror.replay(from: seq, first) == second)
      let bytes = try mirror.count("SELECT sum(length(CAST(before AS BLOB))) FROM changes")
      #expect(try mirror.count("SELECT count(before) FROM changes") == 949)
      #expect((150_000..<245_000).contains(bytes), "\(bytes) bytes")
    }
  }

  @Test("lets go what is older than history.keep, and says so to who asks for it")
  func keep() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      func harvest(_ hour: Int, _ title: String) async throws {
        portal.update { $0.put(Entry("a", hour: hour, title: title)) }
        try await mirror.harvest(portal) { $0.settings.history.keep = .seconds(7 * 86400) }
        mirror.advance(by: .seconds(5 * 86400))
      }
      try await harvest(2, "One")
      try await harvest(3, "Two")
      #expect(try mirror.meta("floor_seq") == nil)
      try await harvest(4, "Three")
      #expect(try mirror.meta("floor_seq") == "2")
      try await harvest(5, "Four")

      #expect(try mirror.meta("floor_seq") == "3")
      #expect(
        try mirror.strings("SELECT before FROM changes WHERE kind = 'update'") == [
          nil, #"{"title":"Two"}"#, #"{"title":"Three"}"#,
        ])
      let reader = try MirrorReader(path: mirror.path)
      #expect(try reader.dataset("a", at: .seq(3))["title"] == "Two")
      let lost = #expect(throws: Failure.self) { try reader.dataset("a", at: .seq(1)) }
      #expect(lost?.reason == "no_history")
      #expect(try reader.history(of: "a").map(\.isRemembered) == [true, true, false, true])
      let refused = #expect(throws: Failure.self) {
        try reader.feed(after: FeedCursor(seq: 2), limit: 9)
      }
      #expect(refused?.status == .heldBack)
      #expect(refused?.reason == "reset_required")
      #expect(try reader.feed(after: FeedCursor(seq: 3), limit: 9).entries.map(\.seq) == [4, 5])
    }
  }

  @Test("of a file of version 5 begins with version 7, which says where it does")
  func migration() async throws {
    try await story([Entry("a"), Entry("b", hour: 1)]) { mirror, portal in
      try await mirror.harvest(portal)
      portal.update { $0.put(Entry("a", hour: 2, title: "Second")) }
      try await mirror.harvest(portal)
      try mirror.tamper(
        """
        DROP VIEW dataset_history;
        ALTER TABLE changes DROP COLUMN before;
        DROP TABLE revivals;
        DROP TABLE quality_over_time;
        PRAGMA user_version = 5;
        UPDATE meta SET value = '5' WHERE key = 'schema_version'
        """)
      portal.update { $0.put(Entry("a", hour: 3, title: "Third")) }
      try await mirror.harvest(portal)

      #expect(try mirror.count("PRAGMA user_version") == Schema.current.version)
      // What is brought up is what a new file is, column by column.
      let fresh = try Mirror()
      try Store(path: fresh.path).close()
      let columns = """
        SELECT s.name || '.' || c.name || ' ' || c.type FROM sqlite_schema s, pragma_table_info(s.name) c
        WHERE s.type IN ('table', 'view') ORDER BY 1
        """
      #expect(
        try Set(mirror.strings(columns)).filter { $0?.contains("sqlite_stat") == false }
          == Set(fresh.strings(columns)))
      let reader = try MirrorReader(path: mirror.path)
      #expect(try reader.dataset("a", at: .seq(3))["title"] == "Second")
      #expect(throws: Failure.self) { try reader.dataset("a", at: .seq(1)) }
      // A reader of the feed gets the first state that is known.
      let records = try reader.feed(after: FeedCursor(seq: 0), limit: 9).entries.map { entry in
        entry.record.map { String(decoding: $0, as: UTF8.self).contains(#""title":"Second""#) }
          ?? false
      }
      #expect(records == [true, false, true, false])
    }
  }
}

/// Numbers that a seed makes.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension Mirror {
  /// The content hashes of the live datasets, by id.
  func hashes() throws -> [String: String] {
    let pairs = try rows("SELECT id, content_hash FROM datasets").map { row in
      (String.fromDatabaseValue(row[0]) ?? "", String.fromDatabaseValue(row[1]) ?? "")
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// The same, hashed anew from what the memory says of a state.
  func state(after seq: Int) throws -> [String: String] {
    try MirrorReader(path: path).contentHashes(after: seq)
  }

  /// The same, as a reader of the feed has it who was at some state.
  func replay(from seq: Int, _ hashes: [String: String]) throws -> [String: String] {
    var hashes = hashes
    for entry in try MirrorReader(path: path).feed(after: FeedCursor(seq: seq), limit: .max).entries
    {
      hashes[entry.datasetID] = try entry.record.map { try ContentHash.hash(of: $0) }
    }
    return hashes
  }
}
