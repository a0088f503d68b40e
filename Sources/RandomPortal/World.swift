import Foundation
import SamplePortal
import Synchronization

/// The portal of one history and the time it lives in: it answers each question as chance wants it,
/// and knows what is true.
final class World: Sendable {
  struct State: Sendable {
    var now = Date(timeIntervalSince1970: 1_780_000_000)
    var register = Register()
    /// The catalogues before the latest moves, the last one last.
    var past: [Register] = []
    var quirk: Quirk?
    var run = Witness()
    var answerBefore: SamplePortal.Answer?
    /// What chance did, in words.
    var log: [String] = []
    /// The labels of all that chance did, in order.
    var happened: [String] = []
    /// No change has been made that an incremental run could not see, since the mirror was last
    /// found equal; and no answer has lied.
    var isHonest = true
    /// Edited without a new stamp.
    var silentEdits: Set<String> = []
    /// What the mirror held before the run.
    var mirrored: Set<String> = []
  }

  let history: History
  let kept: Kept
  /// Whether each question is written down.
  let isTelling: Bool
  private let state: Mutex<State>
  private let origin = ContinuousClock.now

  init(_ history: History, kept: Kept, isTelling: Bool) {
    self.history = history
    self.kept = kept
    self.isTelling = isTelling
    state = Mutex(State())
  }

  func with<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    try state.withLock { try body(&$0) }
  }

  var now: Date { state.withLock { $0.now } }

  func pass(_ duration: Duration) { state.withLock { $0.now += duration / .seconds(1) } }

  /// A time for deadlines that passes as `now` does.
  var instant: ContinuousClock.Instant {
    let start = State().now
    return origin + .seconds(now.timeIntervalSince(start))
  }

  func tell(_ line: @autoclosure () -> String) {
    guard isTelling else { return }
    let text = line()
    state.withLock { $0.log.append(text) }
  }

  // MARK: - Moves

  func move(_ move: Move, labeled label: String) {
    var chance = Chance(history.seed, label)
    state.withLock { Self.move(move, label, &chance, &$0) }
  }

  private static func move(
    _ move: Move, _ label: String, _ chance: inout Chance, _ state: inout State
  ) {
    let before = state.register
    guard let what = state.register.make(move, &chance, at: state.now) else { return }
    state.past.append(before)
    if state.past.count > 6 { state.past.removeFirst() }
    state.happened.append(label)
    state.log.append("\(label): the catalogue moves: \(move.rawValue) \(what)")
    state.run.see(state.register, after: move)
    let isUnknown = move == .unhide && !state.mirrored.contains(what)
    if move.isSilent || isUnknown { state.isHonest = false }
    if move == .editSilently { state.silentEdits.insert(what) }
  }

  // MARK: - Questions

  /// Answers one question.
  func answer(
    _ request: SamplePortal.Request, of portal: SamplePortal
  ) -> SamplePortal.Intervention {
    state.withLock { state in
      state.now += 0.25
      state.run.requests += 1
      guard state.run.requests <= state.run.requestsMax else {
        state.run.isEndless = true
        return .respond(SamplePortal.Answer.page(503))
      }
      let question = "\(request.action ?? request.path)?\(request.query)"
      let nth = state.run.asked[question, default: 0] + 1
      state.run.asked[question] = nth
      if request.isCensus { state.run.hasAskedForCensus = true }
      if request.isRecordPage, state.run.firstPage == nil {
        state.run.firstPage = request["fq"] == nil ? request.start : .max
      }
      if request.action == "package_list" { state.run.hasAskedForNames = true }
      let hash = Chance.hash("\(state.run.number) \(question) \(nth)")
      let label = "q\(state.run.number)-\(String(hash & 0xFFFFFF, radix: 16))"
      var chance = Chance(history.seed, label)
      let moves = chance.happens(state.run.moveRate)
      let fails = chance.happens(state.run.faultRate)
      if moves, kept.keeps(label + "m") {
        Self.move(.random(&chance), label + "m", &chance, &state)
      }
      let answer: SamplePortal.Answer
      var wire: SamplePortal.Fault?
      var arrives = true
      var told = ""
      if fails, kept.keeps(label) {
        let mishap = Mishap.random(&chance, for: request)
        state.happened.append(label)
        state.run.mishaps += 1
        told = " [\(label): \(mishap)]"
        if case .wire(let fault) = mishap { wire = fault }
        answer = state.answer(request, under: mishap, &chance, from: portal)
        arrives = mishap.delivers(answer.body.readableBytes)
      } else {
        answer = state.sound(request, from: portal)
      }
      if request.action == "package_search" { state.answerBefore = answer }
      if arrives { state.run.hear(answer, to: request) }
      if isTelling || !told.isEmpty {
        state.log.append("  ? \(question.removingPercentEncoding ?? question)")
        state.log.append("    \(Self.describe(answer))\(told)")
      }
      return wire.map { .damage(answer, $0) } ?? .respond(answer)
    }
  }

  private static func describe(_ answer: SamplePortal.Answer) -> String {
    guard let page = SearchPage(answer) else {
      let text = answer.text.replacing(/"help":\ "[^"]*",\ /, with: "")
      return "\(answer.status) \(text.prefix(100).replacing("\n", with: " "))"
    }
    let ids = page.ids.map { $0 ?? "-" }.joined(separator: " ")
    return "\(answer.status) count \(page.count ?? "missing"): \(ids)"
  }
}

extension World.State {
  /// What the portal answers when nothing goes wrong with this question.
  func sound(_ request: SamplePortal.Request, from portal: SamplePortal) -> SamplePortal.Answer {
    answer(request, holding: register, from: portal)
  }

  private func answer(
    _ request: SamplePortal.Request, holding register: Register, from portal: SamplePortal
  ) -> SamplePortal.Answer {
    if let refusal = quirk?.refusal(of: request) { return refusal }
    let understood = quirk?.understood(request) ?? request
    var settings = portal.settings
    settings.now = { [now] in now }
    quirk?.change(&settings)
    if case .cappedList(let most) = quirk, request.action == "package_list",
      request["limit"] == nil
    {
      return portal.answer(
        to: request.with("limit", String(most)), from: register.catalogue, as: settings)
    }
    if request.action == "package_show", run.hasToken, let id = request["id"],
      let dataset = register.datasets[id], dataset.isPrivate
    {
      return .json(200, #"{"success": true, "result": \#(dataset.json)}"#)
    }
    let answer = portal.answer(to: understood, from: register.catalogue, as: settings)
    guard request.action == "package_search", understood["fl"] == nil,
      !register.poisoned.isEmpty, let page = SearchPage(answer)
    else { return answer }
    let ids = Set(page.ids.compactMap(\.self))
    return ids.isDisjoint(with: register.poisoned) ? answer : .page(500)
  }

  /// The answer with something wrong with it, and what that hides or invents.
  mutating func answer(
    _ request: SamplePortal.Request, under mishap: Mishap, _ chance: inout Chance,
    from portal: SamplePortal
  ) -> SamplePortal.Answer {
    let truth = sound(request, from: portal)
    let told = mishap.answer(to: request, truth, &chance, before: answerBefore) { request, ago in
      let held = ago.flatMap { past.suffix($0).first } ?? register
      return answer(request, holding: held, from: portal)
    }
    if mishap.isLie { run.note(told, inPlaceOf: truth, mishap) }
    return told
  }
}
