import Foundation
import SamplePortal

/// What was true while one run lasted, and what the portal said.
struct Witness: Sendable {
  var number = 0
  var faultRate = 0.0
  var moveRate = 0.0
  var hasToken = false
  var requestsMax = Int.max

  var requests = 0
  var isEndless = false
  /// How often each question was asked.
  var asked: [String: Int] = [:]
  var hasAskedForCensus = false
  var hasAskedForNames = false
  /// Where the first page of whole records began; nil when none was asked.
  var firstPage: Int?
  var mishaps = 0

  // The truth.

  private(set) var hasMoved = false
  private(set) var indexedEver: Set<String> = []
  private(set) var servedThroughout: Set<String> = []
  private(set) var listedThroughout: Set<String> = []
  /// The records that were the same all the time.
  private(set) var constant: [String: String] = [:]
  private(set) var countMin = 0
  private(set) var countMax = 0
  /// Counted, and not served as it should be, at some moment.
  private(set) var oddEver: Set<String> = []
  private(set) var isSoundThroughout = true
  private(set) var hasDoubles = false
  /// The names that a list of names may have held.
  private(set) var namesEver: Set<String> = []

  // What was said.

  /// Ids on pages of whole records, those that were asked by id not among them.
  private(set) var read: Set<String> = []
  /// Ids of which CKAN itself said that they are gone or not to be seen.
  private(set) var evidence: Set<String> = []
  /// Ids of which it said that they are there for all to see.
  private(set) var confirmed: Set<String> = []
  /// Answers that looked sound and were not.
  private(set) var lies = 0
  private(set) var hasConsistentLie = false
  private(set) var hiddenByLies: Set<String> = []
  private(set) var inventedByLies: Set<String> = []

  mutating func begin(_ register: Register) {
    indexedEver = register.indexed
    servedThroughout = register.served
    listedThroughout = register.listed
    constant = register.datasets.mapValues(\.json)
    countMin = register.count
    countMax = register.count
    oddEver = register.indexed.subtracting(register.served)
    isSoundThroughout = register.isSound
    hasDoubles = !register.catalogue.doubled.isEmpty
    namesEver = Set(register.datasets.values.map(\.name))
  }

  mutating func see(_ register: Register, after move: Move) {
    hasMoved = true
    indexedEver.formUnion(register.indexed)
    servedThroughout.formIntersection(register.served)
    listedThroughout.formIntersection(register.listed)
    constant = constant.filter { register.datasets[$0.key]?.json == $0.value }
    countMin = min(countMin, register.count)
    countMax = max(countMax, register.count)
    oddEver.formUnion(register.indexed.subtracting(register.served))
    isSoundThroughout = isSoundThroughout && register.isSound
    namesEver.formUnion(register.datasets.values.map(\.name))
  }

  /// An answer that goes out whole.
  mutating func hear(_ answer: SamplePortal.Answer, to request: SamplePortal.Request) {
    if request.asksForPage, let page = SearchPage(answer) {
      read.formUnion(page.ids.compactMap(\.self))
    }
    guard request.action == "package_show", let id = request["id"] else { return }
    let text = answer.text
    let isRefusal =
      text.contains(#""success": false"#)
      && (text.contains("Authorization Error") || text.contains("Not Found Error"))
    let isPrivate = text.contains(#""success": true"#) && text.contains(#""private": true"#)
    if isRefusal || isPrivate {
      evidence.insert(id)
    } else if text.contains(#""id": "\#(id)""#) {
      confirmed.insert(id)
    }
  }

  mutating func note(
    _ lie: SamplePortal.Answer, inPlaceOf truth: SamplePortal.Answer, _ mishap: Mishap
  ) {
    guard let told = SearchPage(lie), let right = SearchPage(truth), told != right else { return }
    lies += 1
    let ids = Set(told.ids.compactMap(\.self))
    hiddenByLies.formUnion(Set(right.ids.compactMap(\.self)).subtracting(ids))
    inventedByLies.formUnion(ids.subtracting(indexedEver))
    hasConsistentLie = hasConsistentLie || mishap.isConsistent
  }
}

extension SamplePortal.Request {
  /// A page of a walk through whole records, by offset or by key.
  fileprivate var asksForPage: Bool {
    action == "package_search" && self["fl"] == nil && self["rows"] != "0"
      && self["fq"]?.contains("id:(") != true
  }
}
