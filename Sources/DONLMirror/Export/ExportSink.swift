import Foundation

/// Where an export goes: a stream, or a file that appears when it is whole.
public final class ExportSink {
  /// What is to be written next.
  let buffer = ByteWriter(capacity: bufferBytes * 2)
  private let file: Int32
  private let path: String?
  private let name: String
  public private(set) var bytes = 0

  private static let bufferBytes = 256 << 10
  /// How every SQLite file begins.
  private static let database = "SQLite format 3\0"
  /// What a person sees is JSON in lines: then no character in it may turn the terminal.
  var isJSON = false

  /// A stream that is open, such as standard output.
  public init(stream: Int32, name: String) {
    file = stream
    path = nil
    self.name = name
  }

  /// Memory: all of it stays in `buffer`.
  init() {
    file = -1
    path = nil
    name = "memory"
  }

  /// A file that gets its name with `commit`; until then it has a hidden one beside it. What has the name
  /// by then is replaced.
  ///
  /// - Throws: `Failure` 73 where it cannot be made, or something else than a file stands there.
  public init(path: String) throws(Failure) {
    let temporary = DurableFile.temporaryName(of: path)
    let there = try DurableFile.beginning(of: path, bytes: Self.database.utf8.count)
    guard there != Array(Self.database.utf8) else {
      throw Failure(
        .cannotCreate, reason: "not_ours",
        "\(path) is a database; it was left as it is. Choose another --output.")
    }
    // Of a process that was killed.
    unlink(temporary)
    file = try DurableFile.create(temporary)
    self.path = path
    name = path
  }

  deinit {
    guard let path else { return }
    close(file)
    unlink(DurableFile.temporaryName(of: path))
  }

  /// Writes what has gathered, once it is worth it.
  func drain() throws(Failure) {
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// - Throws: `Failure` 74 where nobody reads any more, or the disk is full; 130 where the task was
  ///   cancelled.
  public func flush() throws(Failure) {
    guard !Task.isCancelled else {
      throw Failure(
        .interrupted, reason: "interrupted", "Stopped before all of \(name) was written.")
    }
    guard file >= 0 else { return }
    if isJSON, isatty(file) == 1 {
      let escaped = JSONOutput.escaped(buffer.view.string)
      buffer.removeAll()
      escaped.withView { buffer.append(contentsOf: $0.buffer) }
    }
    var rest = buffer.bytes
    while !rest.isEmpty {
      let count = Foundation.write(file, rest.baseAddress, rest.count)
      guard count >= 0 else {
        if errno == EINTR { continue }
        if errno == EPIPE {
          throw Failure(
            .inputOutput, reason: "broken_pipe",
            "Whoever read \(name) has gone; not all was written.")
        }
        throw Failure(errno: errno, "\(name) cannot be written")
      }
      bytes += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    buffer.letGo()
  }

  /// Gives a file its name; of a stream, writes what is left.
  public func commit() throws(Failure) {
    try flush()
    guard let path else { return }
    try DurableFile.seal(file, path: path, mode: 0o644)
    try Failure.check(
      rename(DurableFile.temporaryName(of: path), path), "\(path) cannot be replaced")
    try DurableFile.sync(URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }
}
