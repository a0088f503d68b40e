import Foundation

/// Where a file is, whatever name it is reached by.
enum FilePlace {
  /// The place behind a path: every link is followed, also one whose end is not there yet. What
  /// cannot be followed stays as it is.
  static func resolved(_ path: String) -> String { resolved(path, linksLeft: 40) }

  private static func resolved(_ path: String, linksLeft: Int) -> String {
    if let real = realPath(path) { return real }
    let place = named(path)
    guard linksLeft > 0,
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place)
    else { return place }
    let folder = URL(fileURLWithPath: place).deletingLastPathComponent().path
    return resolved(
      target.hasPrefix("/") ? target : "\(folder)/\(target)", linksLeft: linksLeft - 1)
  }

  /// The name itself in its folder, without following it.
  static func named(_ path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent()
    guard let real = realPath(folder.path) else { return url.standardizedFileURL.path }
    return real == "/" ? "/" + url.lastPathComponent : "\(real)/\(url.lastPathComponent)"
  }

  /// Device and inode of what is there, by which two names of one file are told.
  static func inode(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }

  /// Refuses a database that may have another name which no link tells: a hard link, or a mount of
  /// the file alone. SQLite keeps its log by the name, so two names have two logs, and damage one
  /// file.
  ///
  /// - Parameter place: resolved.
  /// - Throws: `Failure` 73.
  static func refuseSecondName(of place: String) throws(Failure) {
    var status = stat()
    guard stat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    guard status.st_nlink <= 1 else {
      throw Failure(
        .cannotCreate, reason: "second_name",
        "\(place) has \(status.st_nlink) names (hard links), and SQLite keeps a log for each, which "
          + "damages the database; nothing was changed. Remove the other names "
          + "(find -samefile shows them), or make a copy of it.")
    }
    guard !isMount(place) else {
      throw Failure(
        .cannotCreate, reason: "second_name",
        "\(place) is mounted as a single file, and SQLite's log beside it would not be the one of "
          + "its other name; nothing was changed. Mount its folder.")
    }
  }

  /// The same for readers: one without a log may have many names, as a published copy may.
  static func refuseSecondNameOfLog(of place: String) throws(Failure) {
    do throws(Failure) {
      try refuseSecondName(of: place)
    } catch {
      // The header says so (SQLite's file format, 1.3.3). It is read only now: to close a file that
      // this process has open with SQLite too would give up its locks.
      guard let file = FileHandle(forReadingAtPath: place) else { return }
      defer { try? file.close() }
      let header = [UInt8]((try? file.read(upToCount: 20)) ?? Data())
      guard header.count == 20, header[18] == 2 || header[19] == 2 else { return }
      throw error
    }
  }

  private static func isMount(_ place: String) -> Bool {
    guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else {
      return false
    }
    // proc(5): spaces and the like are written as octal numbers.
    let written = place.replacing("\\", with: "\\134").replacing(" ", with: "\\040")
      .replacing("\t", with: "\\011").replacing("\n", with: "\\012")
    return mounts.split(separator: "\n").contains { line in
      let words = line.split(separator: " ", maxSplits: 5)
      return words.count > 4 && words[4] == written
    }
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
