import Foundation

/// Steps of writing a file so that a reader, and a power cut, find the old one or the new one.
enum DurableFile {
  /// Writes the text beside the file, and gives it its name when it is whole.
  ///
  /// The temporary name is hidden and ends in `.tmp`, so that nobody who collects files takes it.
  static func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    let temporary = "\(folder)/.\(url.lastPathComponent).tmp"
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
      try seal(file, path: path, mode: mode)
      try Failure.check(rename(temporary, path), "\(path) cannot be replaced")
    } catch {
      unlink(temporary)
      throw error
    }
    try sync(folder)
  }

  /// Makes a file that is not there yet. The caller closes it.
  static func create(_ path: String) throws(Failure) -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try Failure.check(file, "\(path) cannot be made")
    return file
  }

  /// Gives it its mode, whatever the umask is, and waits until the disk has it.
  static func seal(_ file: Int32, path: String, mode: mode_t) throws(Failure) {
    try Failure.check(fchmod(file, mode), "The mode of \(path) cannot be set")
    try Failure.check(fsync(file), "\(path) cannot be written")
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
