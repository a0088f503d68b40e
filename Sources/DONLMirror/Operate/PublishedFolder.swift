import Foundation

/// The names of a publication: a link that readers open, and the generations that it has pointed
/// to. `public/catalog.db` is the link, `public/catalog-000020044.db` the copy at seq 20044.
///
/// A generation never changes under its name. A second copy at the same seq (a label changed, and
/// no dataset did) is `catalog-000020044-2.db`.
struct PublishedFolder: Sendable {
  /// As the operator wrote it.
  let path: String
  let folder: String
  private let name: String
  private let stem: String
  private let ending: String

  init(_ path: String) {
    self.path = path
    let url = URL(fileURLWithPath: path)
    folder = url.deletingLastPathComponent().path
    name = url.lastPathComponent
    ending = url.pathExtension.isEmpty ? "" : "." + url.pathExtension
    stem = String(name.dropLast(ending.count))
  }

  var temporary: String { "\(folder)/.\(name).tmp" }
  private var temporaryLink: String { temporary + "-link" }
  var temporaryJournal: String { temporary + "-journal" }

  /// What is swept away.
  var temporaryNames: [String] { [temporary, temporaryJournal, temporaryLink] }

  /// Whether a path is, or may become, the name of a generation.
  func isGeneration(_ path: String) -> Bool {
    let place = FilePlace.named(path)
    let url = URL(fileURLWithPath: place)
    return url.deletingLastPathComponent().path
      == URL(fileURLWithPath: FilePlace.named(self.path)).deletingLastPathComponent().path
      && seq(of: url.lastPathComponent) != nil
  }

  /// The file name that the link points to; nil when there is no link yet.
  ///
  /// - Throws: `Failure` 73 when something else stands there: it is not ours to replace.
  func target() throws(Failure) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw Failure(errno: errno, "\(path) cannot be looked at") }
      return nil
    }
    // A reader that came too early may have made an empty file.
    if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { return nil }
    guard status.st_mode & S_IFMT == S_IFLNK else {
      throw Failure(
        .cannotCreate, reason: "publish",
        "\(path) is there and is no publication; it was left as it is. Move it away, or publish "
          + "under another name.")
    }
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    guard let target, seq(of: target) != nil else {
      throw Failure(
        .cannotCreate, reason: "publish",
        "\(path) is a link to \(target ?? "an unknown place"), which is no publication; it was "
          + "left as it is. Remove the link, or publish under another name.")
    }
    return target
  }

  /// A name that no generation has had while one of its seq is there.
  func newGeneration(seq: Int) -> String {
    let digits = String(seq)
    let base = stem + "-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    let taken = names().compactMap { number(of: $0, base: base) }.max() ?? 0
    return base + (taken == 0 ? "" : "-\(taken + 1)") + ending
  }

  /// Lets the link point to a generation, for all readers at once.
  func point(to generation: String) throws(Failure) {
    unlink(temporaryLink)
    try Failure.check(symlink(generation, temporaryLink), "\(temporaryLink) cannot be made")
    try Failure.check(rename(temporaryLink, path), "\(path) cannot be replaced")
  }

  /// Removes what a killed or failed publication left behind.
  func sweep() {
    for path in temporaryNames { unlink(path) }
  }

  /// Removes the oldest generations; the one that the link points to always stays.
  func prune(keep: Int) {
    let current = try? target()
    let old = names().filter { seq(of: $0) != nil && $0 != current }
      .map { (name: $0, modified: modified($0)) }
      .sorted { ($0.modified, $0.name) > ($1.modified, $1.name) }
    for generation in old.dropFirst(max(0, keep - 1)) { unlink("\(folder)/\(generation.name)") }
  }

  private func names() -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  private func modified(_ name: String) -> Date {
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
    return attributes?[.modificationDate] as? Date ?? .distantPast
  }

  /// The seq of a generation; nil for any other name.
  private func seq(of name: String) -> Int? {
    guard name.hasPrefix(stem + "-"), name.hasSuffix(ending) else { return nil }
    let parts = name.dropFirst(stem.count + 1).dropLast(ending.count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts[0].count >= 9,
      // No copy has a number so long; it could not be counted on from either.
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } && $0.count < 19 })
    else { return nil }
    return Int(parts[0])
  }

  /// 1 for `base.db`, 2 for `base-2.db`; nil for any other name.
  private func number(of name: String, base: String) -> Int? {
    guard seq(of: name) != nil, name.hasPrefix(base) else { return nil }
    let rest = name.dropFirst(base.count).dropLast(ending.count)
    return rest.isEmpty ? 1 : rest.hasPrefix("-") ? Int(rest.dropFirst()) : nil
  }
}
