import Foundation

/// One run at a time: an advisory lock on a file beside the database.
///
/// The kernel lets go of it when the process ends, however it ends, so there is no stale lock. The
/// file is never removed: a lock on a name that is gone protects nothing. What stands in it is for
/// people only.
public enum HarvestLock {
  /// Runs the body while holding the lock.
  ///
  /// - Parameters:
  ///   - patience: how long to wait for another run; zero fails at once.
  ///   - waiting: is told once, before the wait, who holds the lock.
  /// - Throws: `Failure` 75 that says who holds it; 73 or 77 when the file cannot be made.
  public static func hold<Result>(
    beside database: String, patience: Duration = .zero,
    sleep: (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    waiting: (String) -> Void = { _ in },
    isolation: isolated (any Actor)? = #isolation,
    body: () async throws -> Result
  ) async throws -> Result {
    // Two names for one database (a link, another mount) must meet at one lock.
    let path = realPath(of: database) + ".lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw unopened(path, errno) }
    defer { close(descriptor) }
    let pause = Duration.milliseconds(200)
    var waited = Duration.zero
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
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
    write("pid \(getpid()) since \(Timestamp.text(Date()))", mark(in: descriptor), to: descriptor)
    return try await body()
  }

  /// How far the feed had come at the end of the last run here. It stands in the file of the lock,
  /// and not in the database, so that it stays when an older database is put back.
  static func mark(beside database: String) -> FeedMark? {
    let descriptor = open(realPath(of: database) + ".lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return mark(in: descriptor)
  }

  /// Leaves the mark for the next run. The caller holds the lock.
  static func leave(_ mark: FeedMark, beside database: String) {
    let descriptor = open(realPath(of: database) + ".lock", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    write(lines(of: descriptor).first ?? "", mark, to: descriptor)
  }

  private static func mark(in descriptor: Int32) -> FeedMark? {
    for line in lines(of: descriptor) {
      let words = line.split(separator: " ")
      if words.count == 4, words[0] == "epoch", words[2] == "seq", let seq = Int(words[3]) {
        return FeedMark(epoch: String(words[1]), seq: seq)
      }
    }
    return nil
  }

  private static func write(_ holder: String, _ mark: FeedMark?, to descriptor: Int32) {
    let text =
      holder + "\n" + (mark.map { "epoch \($0.epoch) seq \($0.seq)\n" } ?? "")
    // First the new text, then the end: who is killed in between leaves too much, not too little.
    let written = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    // A full disk leaves what was there.
    guard written == text.utf8.count else { return }
    ftruncate(descriptor, off_t(written))
  }

  private static func lines(of descriptor: Int32) -> [String] {
    var buffer = [UInt8](repeating: 0, count: 200)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  private static func holder(_ descriptor: Int32) -> String {
    lines(of: descriptor).first.map { " (\($0))" } ?? ""
  }

  private static func unopened(_ path: String, _ code: Int32) -> Failure {
    let why = String(cString: strerror(code))
    return switch code {
    case EACCES, EPERM, EROFS:
      Failure(
        .noPermission, reason: "permission",
        "\(path) cannot be made by this user (\(why)); check the owner and mode of its folder.")
    case ENOSPC, EDQUOT:
      Failure(.inputOutput, reason: "disk_full", "\(path) cannot be made: \(why).")
    case ENOENT, ENOTDIR:
      Failure(
        .cannotCreate, reason: "no_folder",
        "The folder of \(path) does not exist; make it, or choose another --db.")
    default:
      Failure(.cannotCreate, reason: "no_folder", "\(path) cannot be made: \(why).")
    }
  }

  private static func realPath(of database: String) -> String {
    if let resolved = realpath(database, nil) {
      defer { free(resolved) }
      return String(cString: resolved)
    }
    let url = URL(fileURLWithPath: database)
    let folder = url.deletingLastPathComponent().path
    guard let resolved = realpath(folder, nil) else { return url.path }
    defer { free(resolved) }
    return String(cString: resolved) + "/" + url.lastPathComponent
  }
}
