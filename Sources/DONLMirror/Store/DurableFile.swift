import Foundation

/// Steps of writing a file so that a reader, and a power cut, find the old one or the new one.
enum DurableFile {
  /// Writes the text beside the file, and gives it its name when it is whole.
  ///
  /// The temporary name is hidden and ends in `.tmp`, so that nobody who collects files takes it.
  ///
  /// - Parameters:
  ///   - head: how each file of this kind begins. What stands there and begins otherwise is
  ///     somebody else's.
  ///   - isDurable: false leaves it to the system when the disk has it.
  /// - Throws: `Failure`: 73 for what is not ours, which stays as it is, and others as the disk says.
  static func write(
    _ text: String, to path: String, mode: mode_t, head: String, isDurable: Bool = true
  ) throws(Failure) {
    let temporary = temporaryName(of: path)
    for path in [path, temporary] { try refuseForeign(path, head: head) }
    // Of a process that was killed.
    unlink(temporary)
    do throws(Failure) {
      let file = try create(temporary)
      defer { close(file) }
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        try Failure.check(Int32(clamping: count), "\(path) cannot be written")
        bytes = bytes.dropFirst(count)
      }
      try seal(file, path: path, mode: mode, isDurable: isDurable)
      try Failure.check(rename(temporary, path), "\(path) cannot be replaced")
    } catch {
      unlink(temporary)
      throw error
    }
    if isDurable { try sync(URL(fileURLWithPath: path).deletingLastPathComponent().path) }
  }

  static func temporaryName(of path: String) -> String {
    let url = URL(fileURLWithPath: path)
    return "\(url.deletingLastPathComponent().path)/.\(url.lastPathComponent).tmp"
  }

  /// Throws 73 unless the name is free, or an empty file or one that begins with `head` stands there.
  static func refuseForeign(_ path: String, head: String) throws(Failure) {
    guard let found = try beginning(of: path, bytes: head.utf8.count) else { return }
    guard found.isEmpty || found == Array(head.utf8) else {
      throw Failure(
        .cannotCreate, reason: "not_ours",
        "\(path) is there and was not written by donl-mirror; it was left as it is. Move it away, "
          + "or choose another name.")
    }
  }

  /// The first bytes of a regular file; nil when nothing is there.
  ///
  /// - Throws: `Failure` 73 for a link, a folder and the like, which are not followed or opened.
  static func beginning(of path: String, bytes: Int) throws(Failure) -> [UInt8]? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw Failure(errno: errno, "\(path) cannot be looked at") }
      return nil
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(
        .cannotCreate, reason: "not_ours",
        "\(path) is no regular file, but a link, a folder or the like; it was left as it is. Move it "
          + "away, or choose another name.")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      // It may have gone meanwhile.
      guard errno == ENOENT else { throw Failure(errno: errno, "\(path) cannot be read") }
      return nil
    }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: bytes)
    let count = pread(file, &buffer, bytes, 0)
    try Failure.check(Int32(clamping: count), "\(path) cannot be read")
    return Array(buffer.prefix(count))
  }

  /// Makes a file that is not there yet. The caller closes it.
  static func create(_ path: String) throws(Failure) -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try Failure.check(file, "\(path) cannot be made")
    return file
  }

  /// Gives it its mode, whatever the umask is, and waits until the disk has it.
  static func seal(
    _ file: Int32, path: String, mode: mode_t, isDurable: Bool = true
  ) throws(Failure) {
    try Failure.check(fchmod(file, mode), "The mode of \(path) cannot be set")
    if isDurable { try Failure.check(fsync(file), "\(path) cannot be written") }
  }

  /// Waits until the disk has the names of a folder.
  static func sync(_ folder: String) throws(Failure) {
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try Failure.check(directory, "\(folder) cannot be opened")
    defer { close(directory) }
    // Some file systems know no fsync of a folder.
    guard fsync(directory) == 0 || errno == EINVAL else {
      throw Failure(errno: errno, "\(folder) cannot be written")
    }
  }
}
