import Foundation
import SamplePortal
import Testing

@Suite("The sample portal with a script of faults")
struct FaultTests {
  @Test("fails where the script says, and nowhere else")
  func counting() async throws {
    try await SamplePortal.run(Catalogue()) { portal in
      let client = Client(portal: portal)
      portal.fail(
        .init([
          .init(when: .init(action: "package_search", nth: 2), .refuses(status: 409, type: "A")),
          .init(when: .init(start: 10), .refuses(status: 410, type: "B")),
          .init(when: .init(has: ["fl"], lacks: ["q"]), .refuses(status: 411, type: "C")),
          .init(when: .init(action: "site_read", every: 2), .refuses(status: 412, type: "D")),
          .init(when: .init(action: "tag_list", from: 2), .refuses(status: 413, type: "E")),
        ]))

      var statuses: [Int] = []
      for query in [[:], [:], ["start": "10"], ["fl": "id"], ["fl": "id", "q": "a"]]
        as [KeyValuePairs<String, String>]
      {
        statuses.append(try await client.search(query).status)
      }
      for action in ["site_read", "tag_list"] {
        for _ in 1...4 { statuses.append(try await client.get(action).status) }
      }

      #expect(statuses == [200, 409, 410, 411, 200, 200, 412, 200, 412, 200, 413, 413, 413])
    }
  }

  @Test("behaves otherwise for one request")
  func behavior() async throws {
    let records = ["b", "a", "c"].map { record($0) }
    let faults: [SamplePortal.Fault] = [
      .rowsCap(1), .ignoresSort, .ignoresFilter, .filterMatchesNothing, .indexHolds(datasets: 2),
      .deletes(ids: ["b"]), .puts(records: [record("a0")]), .repeatsPrevious,
    ]
    var answers: [[String]] = []
    for fault in faults {
      try await SamplePortal.run(Catalogue(records: records)) { portal async throws in
        let client = Client(portal: portal)
        portal.fail(.init(fault, when: .init(nth: 2)))
        _ = try await client.search(["rows": "0"])

        let reply = try await client.search(["sort": "id asc", "fq": "-id:a"])
        answers.append(reply.ids)
        let after = portal.catalogue.count == 3
        #expect(after || [.deletes(ids: ["b"]), .puts(records: [record("a0")])].contains(fault))
      }
    }

    #expect(
      answers == [
        ["b"], ["b", "c"], ["a", "b", "c"], [], ["b"], ["c"], ["a0", "b", "c"], [],
      ])
  }

  @Test("chokes on one record, alone or among others")
  func poison() async throws {
    try await SamplePortal.run(Catalogue(records: ["a", "b", "c"].map { record($0) })) {
      portal async throws in
      let client = Client(portal: portal)
      portal.fail(.init(.chokesOn(id: "b")))

      for (query, status) in [("0", 500), ("1", 500), ("2", 200)] {
        #expect(try await client.search(["sort": "id asc", "start": query]).status == status)
      }
      let reply = try await client.search(["sort": "id asc", "start": "1", "rows": "1"])
      #expect(reply.status == 500)
    }
  }

  @Test("redirects to the same question elsewhere")
  func redirect() async throws {
    try await SamplePortal.run(Catalogue()) { portal async throws in
      portal.fail(.init(.redirects(base: "http://127.0.0.1:\(portal.port)"), when: .init(nth: 1)))

      // The client follows it, so the second request is the redirected one.
      let reply = try await Client(portal: portal).search(["fq": "+id:(\"a\" OR \"b\")"])

      #expect(reply.status == 200)
      #expect(portal.requests.count == 2)
      #expect(portal.requests[0].items == portal.requests[1].items)
    }
  }

  @Test(
    "breaks off, and serves the next request whole",
    arguments: [
      SamplePortal.Fault.hangsUp, .cut(after: 20), .cutChunk(after: 20), .badChunk(after: 20),
      .resets(after: 20), .notHTTP,
    ])
  func wire(_ fault: SamplePortal.Fault) async throws {
    try await SamplePortal.run(Catalogue()) { portal async throws in
      let client = Client(portal: portal)
      portal.fail(.init(fault, when: .init(nth: 1)))

      await #expect(throws: (any Error).self) { try await client.search() }
      #expect(try await client.search().count == 0)
    }
  }

  @Test("is told what goes wrong by another process, in JSON")
  func control() async throws {
    try await SamplePortal.run(Catalogue()) { portal async throws in
      let client = Client(portal: portal)
      portal.settings.offersControl = true
      let script = """
        {"rules": [{"when": {"action": "package_search", "every": 2},
                    "fault": {"answers": {"status": 503, "headers": {"Retry-After": "7"}}}}]}
        """
      let reply = try await client.send(.POST, path: "/_control/faults", body: script)
      #expect(reply.text == #"{"rules": 1}"#)
      #expect(try await client.search().status == 200)
      #expect(try await client.search().headers["Retry-After"] == ["7"])
      #expect(try await client.send(.POST, path: "/_control/faults", body: "{}").status == 400)
      let none = try await client.send(.POST, path: "/_control/faults", body: #"{"rules": []}"#)
      #expect(none.status == 200)
      for _ in 1...2 { #expect(try await client.search().status == 200) }
    }
  }

  @Test("reads back the script that it writes", arguments: FaultTests.all)
  func codable(_ fault: SamplePortal.Fault) throws {
    let script = SamplePortal.FaultScript(fault, when: .init(action: "a", start: 1, from: 3))
    let read = try JSONDecoder().decode(
      SamplePortal.FaultScript.self, from: JSONEncoder().encode(script))

    #expect(read.rules.map(\.fault) == [fault])
    #expect(read.rules.first?.when.action == "a")
    #expect(read.rules.first?.when.from == 3)
  }

  static let all: [SamplePortal.Fault] = [
    .answers(status: 500, headers: nil, body: nil), .redirects(base: "file://"), .rowsCap(5),
    .ignoresSort, .surplus("x"), .deletes(ids: ["a"]), .drips(everyMilliseconds: 3),
  ]
}
