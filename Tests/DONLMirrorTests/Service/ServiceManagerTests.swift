import Foundation
import Synchronization
import Testing

@testable import DONLMirror

@Suite("The service manager")
struct ServiceManagerTests {
  @Test("is told in one datagram", arguments: ["/", "@"])
  func datagrams(kind: String) async throws {
    let listener = try Self.listener(kind)
    let manager = ServiceManager(environment: ["NOTIFY_SOCKET": listener.name])

    manager.tell(.ready, .status("page 12/82\nREADY=1"))
    manager.tell(.reloading)
    manager.tell(.stopping, .extendTimeout(.seconds(12)))
    let heard = await listener.wait(for: "STOPPING")

    #expect(heard.count == 3)
    #expect(heard.first == "READY=1\nSTATUS=page 12/82READY=1")
    #expect(heard[1].wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil)
    #expect(heard.last == "STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000")
  }

  @Test(
    "that is not there, or not for us, is told nothing",
    arguments: [
      [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"],
      ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)],
    ])
  func absence(environment: [String: String]) {
    let manager = ServiceManager(environment: environment)

    manager.tell(.ready)

    #expect(!manager.isThere)
  }

  @Test("watches us only when it names no other process")
  func watchdog() {
    func watchdog(_ environment: [String: String]) -> Duration? {
      let socket = ["NOTIFY_SOCKET": "/run/nobody"]
      return ServiceManager(environment: socket.merging(environment) { $1 }).watchdog
    }

    #expect(watchdog(["WATCHDOG_USEC": "2000000"]) == .seconds(2))
    #expect(watchdog(["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(2))
    #expect(watchdog(["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"]) == nil)
    #expect(watchdog(["WATCHDOG_USEC": "0"]) == nil)
    #expect(watchdog([:]) == nil)
  }

  @Test("hears of work whenever it asks the time or waits, and once a second at most")
  func heartbeat() async throws {
    let listener = try Self.listener("@")
    let manager = ServiceManager(
      environment: ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "20000000"])
    let time = Mutex(ContinuousClock.now)
    let slept = Mutex([Duration]())
    let heartbeat = Heartbeat(manager, instant: { time.withLock(\.self) })
    let clock = heartbeat.clock(
      PortalClock(sleep: { duration in
        slept.withLock { $0.append(duration) }
        time.withLock { $0 += duration }
      }))

    _ = clock.now()
    _ = clock.instant()
    time.withLock { $0 += .seconds(1) }
    _ = clock.now()
    // 10 + 10 + 5 seconds: the first piece follows too soon, the end of each is told.
    try await clock.sleep(.seconds(25))
    manager.tell(.stopping)
    let heard = await listener.wait(for: "STOPPING")

    #expect(slept.withLock(\.self) == [.seconds(10), .seconds(10), .seconds(5)])
    #expect(heard.count { $0 == "WATCHDOG=1" } == 5)
  }

  private static func listener(_ kind: String) throws -> NotifyListener {
    let mark = UUID().uuidString
    return try NotifyListener(
      kind == "@" ? "@donl-mirror-\(mark)" : NSTemporaryDirectory() + "n-\(mark)")
  }
}
