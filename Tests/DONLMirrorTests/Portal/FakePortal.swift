import Foundation
import Logging
import Synchronization

@testable import DONLMirror

/// A portal without a network, and a clock without waiting: its time passes only in `sleep`.
final class FakePortal: Sendable {
  enum Answer: Sendable {
    case page(String)
    case status(Int, [String: String] = [:])
    case failure(PortalError.Reason)

    static let ok = Answer.page(Answers.page)
  }

  private struct State {
    var answers: [Answer]
    var requests: [PortalRequest] = []
    var waits: [Duration] = []
    var instant = ContinuousClock.now
  }

  let tally = PortalTally()
  private let state: Mutex<State>

  /// The last answer serves all further requests.
  init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

  var requests: [PortalRequest] { state.withLock { $0.requests } }
  var waits: [Duration] { state.withLock { $0.waits } }

  var fetch: Fetch {
    { (request: PortalRequest) async throws(PortalError) -> PortalResponse in
      self.tally.add(to: \.requests)
      let answer = self.state.withLock {
        $0.requests.append(request)
        return $0.answers.count > 1 ? $0.answers.removeFirst() : $0.answers[0]
      }
      switch answer {
      case .page(let body): return PortalResponse(status: 200, body: Array(body.utf8))
      case .status(let status, let headers):
        return PortalResponse(status: status, headers: headers, body: [])
      case .failure(let reason):
        throw PortalError(reason: reason, nature: .temporary, message: "The test says so.")
      }
    }
  }

  private var clock: PortalClock {
    PortalClock(
      now: { Date(timeIntervalSince1970: 784_111_777) },
      instant: { self.state.withLock { $0.instant } },
      sleep: { duration in
        self.state.withLock {
          $0.waits.append(duration)
          $0.instant += duration
        }
      },
      random: { 0.5 })
  }

  /// - Parameter deadline: from now, by the fake's clock.
  func portal(
    logger: Logger = silent, deadline: Duration? = nil,
    _ change: (inout PortalSettings) -> Void = { _ in }
  ) throws -> Portal {
    let now = state.withLock { $0.instant }
    return Portal(
      settings: try .to("https://data.nl", change), fetch: fetch, clock: clock, tally: tally,
      logger: logger, deadline: deadline.map { now + $0 })
  }
}
