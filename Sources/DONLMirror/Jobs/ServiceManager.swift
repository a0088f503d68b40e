import Foundation
import Synchronization

/// The service manager that started this process, told how things stand in the protocol of
/// sd_notify(3). Where there is none, nothing is said.
public struct ServiceManager: Sendable {
  public enum Notice: Sendable, Equatable {
    case ready
    /// The configuration is being read again; `ready` ends that.
    case reloading
    case stopping
    /// One line for people.
    case status(String)
    /// The work goes on.
    case watchdog
    /// Start or stop may take this much longer from now.
    case extendTimeout(Duration)
  }

  /// How long the watchdog waits for the next notice; nil when nobody watches.
  public let watchdog: Duration?
  private let address: sockaddr_un?

  /// - Parameter environment: of the process: `NOTIFY_SOCKET` (a path, or `@` and an abstract name),
  ///   `WATCHDOG_USEC` and `WATCHDOG_PID`.
  public init(environment: [String: String]) {
    address = environment["NOTIFY_SOCKET"].flatMap(sockaddr_un.init(notifySocket:))
    let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
    watchdog =
      address != nil && isForUs && microseconds > 0 ? .microseconds(microseconds) : nil
  }

  public var isThere: Bool { address != nil }

  /// Sends the notices in one datagram. What cannot be delivered is dropped: nobody is listening.
  public func tell(_ notices: Notice...) {
    guard var address else { return }
    let socket = socket(AF_UNIX, Self.datagram, 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    // A manager that does not read its socket must not stop the work.
    var patience = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(
      socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let text = notices.map(\.text).joined(separator: "\n")
    let length = address.length
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = sendto(socket, text, text.utf8.count, 0, address, length)
      }
    }
  }

  #if canImport(Glibc)
    private static let datagram = Int32(SOCK_DGRAM.rawValue)
  #else
    private static let datagram = SOCK_DGRAM
  #endif
}

extension ServiceManager.Notice {
  var text: String {
    switch self {
    case .ready: "READY=1"
    case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
    case .stopping: "STOPPING=1"
    case .status(let line): "STATUS=" + line.filter { !$0.isNewline }
    case .watchdog: "WATCHDOG=1"
    case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(Int64(time / .microseconds(1)))"
    }
  }

  private static var monotonicMicroseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}

extension sockaddr_un {
  /// Nil for what is neither a path nor an abstract name, or is too long.
  fileprivate init?(notifySocket name: String) {
    guard name.hasPrefix("/") || (name.hasPrefix("@") && name.utf8.count > 1) else { return nil }
    self.init()
    sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(name.utf8)
    let capacity = MemoryLayout.size(ofValue: sun_path)
    guard bytes.count < capacity else { return nil }
    withUnsafeMutableBytes(of: &sun_path) { path in
      path.copyBytes(from: bytes)
      // The kernel marks an abstract name by a NUL where we write `@`.
      if bytes[0] == UInt8(ascii: "@") { path[0] = 0 }
    }
  }

  /// An abstract name ends where the address ends, so no NUL may follow it.
  fileprivate var length: socklen_t {
    let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    let used = withUnsafeBytes(of: sun_path) { path in
      path.dropFirst().firstIndex(of: 0) ?? path.count
    }
    return socklen_t(header + used)
  }
}

/// Feeds the watchdog of the service manager from the work itself: whatever asks the time or waits
/// does something, and a run that hangs asks for neither.
///
/// There is no timer behind it that would go on when the work does not.
public final class Heartbeat: Sendable {
  private let manager: ServiceManager
  private let instant: @Sendable () -> ContinuousClock.Instant
  private let last: Mutex<ContinuousClock.Instant?> = Mutex(nil)

  public init(
    _ manager: ServiceManager,
    instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.manager = manager
    self.instant = instant
  }

  /// Half of what the watchdog allows, as systemd advises; nil when nobody watches.
  public var interval: Duration? { manager.watchdog.map { $0 / 2 } }

  /// The work goes on. Told at most once a second, so that a long request may follow at once.
  public func beat() {
    guard let interval else { return }
    let now = instant()
    let isDue = last.withLock { last in
      if let told = last, told.duration(to: now) < min(.seconds(1), interval / 2) { return false }
      last = now
      return true
    }
    if isDue { manager.tell(.watchdog) }
  }

  /// A clock that beats whenever it is used. A wait is work too: it is cut into pieces.
  public func clock(_ clock: PortalClock = PortalClock()) -> PortalClock {
    PortalClock(
      now: {
        self.beat()
        return clock.now()
      },
      instant: {
        self.beat()
        return clock.instant()
      },
      sleep: { try await self.sleep($0, by: clock) },
      random: clock.random)
  }

  private func sleep(_ duration: Duration, by clock: PortalClock) async throws {
    var left = duration
    repeat {
      beat()
      let piece = min(left, interval ?? left)
      try await clock.sleep(piece)
      left -= piece
    } while left > .zero
    beat()
  }
}

/// How far a run is, in words. What a portal counts may be any number, so nothing here can overflow.
extension Harvest.Progress {
  /// `page 12/82 of a full run, 2988 of 20432 datasets`
  public var status: String {
    "page \(pages)/\(pagesExpected) of \(mode == .full ? "a full" : "an incremental") run, "
      + "\(done) of \(counted(total, "dataset"))"
  }

  /// Pages of this run if the rest is like what has come.
  private var pagesExpected: Int {
    guard total > done, tally.received > 0 else { return pages }
    let left = (Double(total) - Double(done)) * Double(pages) / Double(tally.received)
    return Int(clamping: Double(pages) + left.rounded(.up))
  }

  /// `full [######..................] 5000 of 20000, 250 a second, 1:00 left`
  ///
  /// - Parameter rate: datasets a second.
  public func bar(rate: Double) -> String {
    let total = Double(max(total, done, 1))
    let width = 24
    let filled = max(0, min(width, Int(clamping: Double(done) / total * Double(width))))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let left = rate > 0 ? Int(clamping: max(0, total - Double(done)) / rate) : 0
    let clock = "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
    return "\(mode.rawValue) [\(bar)] \(done) of \(Int(clamping: total)), "
      + "\(Int(clamping: rate)) a second, \(clock) left"
  }
}

extension Int {
  /// The nearest whole number towards zero that there is, and 0 for what is no number, where
  /// `Int(_:)` ends the process.
  public init(clamping number: Double) {
    guard !number.isNaN else {
      self = 0
      return
    }
    self = Int(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
  }
}
