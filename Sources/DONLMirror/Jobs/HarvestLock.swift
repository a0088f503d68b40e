import Foundation

/// One run at a time: an advisory lock on a file beside the database.
///
/// The kernel lets go of it when the process ends, however it ends, so there is no stale lock. The
/// file is never removed: a lock on a name that is gone protects nothing. What stands in it is for
/// people only. Only its owner may open it, because whoever may open it can hold it.
public enum HarvestLock {
  /// Runs the body while holding the lock.
  ///
  /// - Parameters:
  ///   - patience: how long to wait for another run; zero fails at once.
  ///   - waiting: is told once, before the wait, who holds the lock.
  /// - Throws: `Failure` 75 that says who holds it; 73 or 77 when the file cannot be made, 73 also
  ///   when what stands there is no lock of ours, or the database has a second name.
  public static func hold<Result>(
    beside database: String, patience: Duration = .zero,
    sleep: (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    waiting: (String) -> Void = { _ in },
    isolation: isolated (any Actor)? = #isolation,
    body: () async throws -> Result
  ) async throws -> Result {
    // Two names for one database (a link, another mount) must meet at one lock.
    let place = FilePlace.resolved(database)
    try FilePlace.refuseSecondName(of: place)
    let path = place + ".lock"
    var descriptor = try opened(path)
    defer {
      // A program that was just being started has the descriptor too, for a moment: closing alone would leave
      // the lock with it.
      flock(descriptor, LOCK_UN)
      close(descriptor)
    }
    let pause = Duration.milliseconds(200)
    var waited = Duration.zero
    var attempts = 0
    while true {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        if isStill(descriptor, at: path) { break }
        // Somebody took the file away between our opening and our locking it.
        attempts += 1
        guard attempts < 100 else {
          throw Failure(
            .temporary, reason: "locked", "\(path) is removed again and again; leave it there.")
        }
        let next = try opened(path)
        close(descriptor)
        descriptor = next
        continue
      }
      let code = errno
      guard code == EWOULDBLOCK || code == EINTR else {
        let why = String(cString: strerror(code))
        throw Failure(.inputOutput, reason: "lock", "\(path) cannot be locked: \(why).")
      }
      guard waited < patience else {
        throw Failure(
          .temporary, reason: "locked",
          "Another run holds \(path)\(holder(descriptor)); wait for it, or use --wait-lock 10m.")
      }
      if waited == .zero { waiting("another run holds \(path)\(holder(descriptor))") }
      try await sleep(pause)
      waited += pause
    }
    // The place in the feed that an earlier version kept here stays until a mark has taken it over.
    let kept = FeedMark.exists(beside: database) ? nil : legacyMark(beside: database)
    write(
      "pid \(getpid()) since \(Timestamp.text(Date()))\n"
        + (kept.map { "epoch \($0.epoch) seq \($0.seq)\n" } ?? ""), to: descriptor)
    return try await body()
  }

  /// Whether a run holds the lock now, asked without taking it: whoever wants it must not be told
  /// that we have it.
  static func isHeld(beside database: String) -> Bool {
    let path = FilePlace.resolved(database) + ".lock"
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    // proc_locks(5): `1: FLOCK  ADVISORY  WRITE 712 08:01:131 0 EOF`. It can be read by those who may
    // not open the file.
    let locks = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) ?? ""
    let isListed = locks.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.contains("FLOCK")
        && words.contains { $0.split(separator: ":").dropFirst(2).first == "\(status.st_ino)" }
    }
    guard !isListed else { return true }
    // A process in another container is not listed there.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// How far the feed had come, as earlier versions wrote it below the holder.
  static func legacyMark(beside database: String) -> (epoch: String, seq: Int)? {
    let path = FilePlace.resolved(database) + ".lock"
    guard let bytes = try? DurableFile.beginning(of: path, bytes: bytesMax) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 4, words[0] == "epoch", words[2] == "seq", let seq = Int(words[3]) {
        return (String(words[1]), seq)
      }
    }
    return nil
  }

  /// A longer file is no lock of ours.
  private static let bytesMax = 400

  /// Opens the file of the lock, or makes it: never through a link, and only what is ours.
  private static func opened(_ path: String) throws(Failure) -> Int32 {
    let descriptor = open(
      path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600)
    guard descriptor >= 0 else { throw unopened(path, errno) }
    do throws(Failure) {
      var status = stat()
      try Failure.check(fstat(descriptor, &status), "\(path) cannot be looked at")
      let user = geteuid()
      guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink <= 1 else { throw foreign(path) }
      // The administrator may run it for another user.
      guard status.st_uid == user || user == 0 else { throw foreign(path) }
      guard status.st_size <= bytesMax, isOurs(text(of: descriptor)) else { throw foreign(path) }
      if status.st_mode & 0o077 != 0 {
        try Failure.check(fchmod(descriptor, 0o600), "The mode of \(path) cannot be set")
      }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Nothing, or `pid 712 since …`.
  private static func isOurs(_ text: String) -> Bool {
    guard !text.isEmpty else { return true }
    let words = text.prefix { $0 != "\n" }.split(separator: " ")
    return words.count == 4 && words[0] == "pid" && Int(words[1]) != nil && words[2] == "since"
  }

  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var held = stat()
    var named = stat()
    return fstat(descriptor, &held) == 0 && lstat(path, &named) == 0
      && held.st_dev == named.st_dev && held.st_ino == named.st_ino
  }

  private static func write(_ text: String, to descriptor: Int32) {
    // First the new text, then the end: who is killed in between leaves too much, not too little.
    let written = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    // A full disk leaves what was there.
    guard written == text.utf8.count else { return }
    ftruncate(descriptor, off_t(written))
  }

  private static func text(of descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: bytesMax)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  private static func holder(_ descriptor: Int32) -> String {
    let line = text(of: descriptor).prefix { $0 != "\n" }
    return line.isEmpty ? "" : " (\(line))"
  }

  private static func foreign(_ path: String) -> Failure {
    Failure(
      .cannotCreate, reason: "not_ours",
      "\(path) is there and is no lock that this user made; it was left as it is. Move it away, or "
        + "choose another --db.")
  }

  private static func unopened(_ path: String, _ code: Int32) -> Failure {
    let why = String(cString: strerror(code))
    return switch code {
    case EACCES, EPERM, EROFS:
      Failure(
        .noPermission, reason: "permission",
        "\(path) cannot be opened by this user (\(why)); check its owner, and that of its folder.")
    case ENOSPC, EDQUOT:
      Failure(.inputOutput, reason: "disk_full", "\(path) cannot be made: \(why).")
    case ENOENT, ENOTDIR:
      Failure(
        .cannotCreate, reason: "no_folder",
        "The folder of \(path) does not exist; make it, or choose another --db.")
    case ELOOP, ENXIO, EISDIR: foreign(path)
    default:
      Failure(.cannotCreate, reason: "no_folder", "\(path) cannot be made: \(why).")
    }
  }
}
